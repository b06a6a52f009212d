import { sqsClient } from '../adapters/aws/clients.ts';
import { EventQueue, regionOfQueue } from '../adapters/aws/interruptions.ts';
import type { Config } from '../config/schema.ts';
import type { Duration } from '../engine/time.ts';

/** The queue of EC2's events, if the configuration has one. */
export function composeEvents(
  { aws }: Config,
  parts: { readonly timeout: () => Duration; readonly note: (message: string) => void },
): EventQueue | undefined {
  if (aws.events === undefined) return undefined;
  const { queue } = aws.events;
  const endpoints = aws.endpoints?.sqs === undefined ? {} : { sqs: aws.endpoints.sqs };
  const sqs = sqsClient({ region: regionOfQueue(queue) ?? aws.region, endpoints });
  return new EventQueue({ sqs, queue, ...parts });
}
