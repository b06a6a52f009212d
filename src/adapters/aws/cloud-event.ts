import { z } from 'zod';
import type { Notice } from '../../controller/ports.ts';
import { instant } from '../../engine/time.ts';

/** What a message says: something about one instance, nothing that matters, or why it cannot be read. */
export type ReadEvent =
  { readonly notice: Notice } | { readonly nothing: true } | { readonly unreadable: string };

const envelope = z.looseObject({
  source: z.string(),
  'detail-type': z.string(),
  time: z.iso.datetime(),
  detail: z.unknown(),
});

const instanceId = z.string().regex(/^i-[0-9a-f]{8,17}$/);

/** What the kinds of events have in common; EC2 and Auto Scaling each name the instance in their own way. */
const aboutInstance = z.union([
  z.looseObject({ 'instance-id': instanceId, state: z.string().optional() }).transform((detail) => ({
    instance: detail['instance-id'],
    state: detail.state,
  })),
  z.looseObject({ EC2InstanceId: instanceId }).transform(({ EC2InstanceId: instance }) => ({
    instance,
    state: undefined,
  })),
]);

type Detail = z.output<typeof aboutInstance>;
type KindOf = (detail: Detail) => Notice['kind'] | undefined;

/** What each kind of event says of its instance, by its source; undefined where that changes no decision. */
const KINDS: ReadonlyMap<string, KindOf> = new Map<string, KindOf>([
  ['aws.ec2 EC2 Spot Instance Interruption Warning', () => 'interruption'],
  ['aws.ec2 EC2 Instance Rebalance Recommendation', () => 'rebalance'],
  [
    'aws.ec2 EC2 Instance State-change Notification',
    // That it begins to run, its manager in GitLab tells.
    ({ state }) => (state === 'pending' || state === 'running' ? undefined : 'end'),
  ],
  ['aws.autoscaling EC2 Instance-terminate Lifecycle Action', () => 'hook'],
  // That it is ready, its manager in GitLab tells.
  ['aws.autoscaling EC2 Instance-launch Lifecycle Action', () => undefined],
]);

const LONGEST_WORD = 80;

/** As it may stand in a log: strangers may write into a queue. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, LONGEST_WORD));
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Reads the body of one message: an event of EC2 or Auto Scaling as a rule of EventBridge hands it on. Never throws. */
export function readEvent(body: string): ReadEvent {
  const event = envelope.safeParse(parsed(body));
  if (!event.success) return { unreadable: 'it is no event of EventBridge' };
  const { source, 'detail-type': type, time } = event.data;
  const kindOf = KINDS.get(`${source} ${type}`);
  if (kindOf === undefined) return { unreadable: `it is ${quoted(type)} of ${quoted(source)}` };
  const detail = aboutInstance.safeParse(event.data.detail);
  if (!detail.success) return { unreadable: `it is ${quoted(type)} and names no instance` };
  const kind = kindOf(detail.data);
  if (kind === undefined) return { nothing: true };
  return { notice: { instance: detail.data.instance, kind, at: instant(Date.parse(time)) } };
}
