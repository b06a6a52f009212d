import { z } from 'zod';
import { minutes, seconds } from '../engine/time.ts';
import { REGION } from './instances-schema.ts';
import { address, duration, text } from './key-kinds.ts';
import { launchLimitsSchema } from './launch-limits-schema.ts';

const SECOND = seconds(1);
/** The path of a queue: its account and its name. One of another kind (`.fifo`) takes no events of rules. */
const QUEUE = /^\/\d{12}\/[\w-]{1,80}$/;
/** A namespace that is not one of AWS's own. */
const NAMESPACE = /^(?!AWS\/)[\w.#/-]{1,255}$/;

/** AWS: where, and how to talk to it. */
export const awsSchema = z
  .strictObject({
    region: text(REGION, 'an AWS region, such as eu-central-1', {
      description: 'The region of all pools that name none.',
      applies: 'restart',
      example: 'eu-central-1',
    }),
    endpoints: z
      .strictObject({
        ec2: address('an http(s) address without credentials', {
          description: 'Where the EC2 API is.',
          example: 'https://vpce-0abc.ec2.eu-central-1.vpce.amazonaws.com',
        }).exactOptional(),
        autoScaling: address('an http(s) address without credentials', {
          description: 'Where the API of Auto Scaling is, which groups are asked by.',
          example: 'https://vpce-0abc.autoscaling.eu-central-1.vpce.amazonaws.com',
        }).exactOptional(),
        ssm: address('an http(s) address without credentials', {
          description: 'Where the SSM API is.',
          example: 'https://vpce-0abc.ssm.eu-central-1.vpce.amazonaws.com',
        }).exactOptional(),
        sts: address('an http(s) address without credentials', {
          description: 'Where the STS API is, which gives the roles of pools.',
          example: 'https://vpce-0abc.sts.eu-central-1.vpce.amazonaws.com',
        }).exactOptional(),
        sqs: address('an http(s) address without credentials', {
          description: 'Where the SQS API is, which gives the events.',
          example: 'https://vpce-0abc.sqs.eu-central-1.vpce.amazonaws.com',
        }).exactOptional(),
        cloudwatch: address('an http(s) address without credentials', {
          description: 'Where the CloudWatch API is, which takes the metrics.',
          example: 'https://vpce-0abc.monitoring.eu-central-1.vpce.amazonaws.com',
        }).exactOptional(),
      })
      .meta({
        description: 'Other endpoints than the public ones, in `aws.region`: VPC endpoints.',
        applies: 'restart',
      })
      .exactOptional(),
    events: z
      .strictObject({
        queue: address(
          'the URL of an SQS queue',
          {
            description:
              'The queue into which rules of EventBridge write interruptions, rebalance recommendations and state changes.',
            example: 'https://sqs.eu-central-1.amazonaws.com/111122223333/runtide-acme-events',
          },
          (url) =>
            QUEUE.test(url.pathname) ? undefined : 'end it with the account and the name of the queue',
        ),
      })
      .meta({
        description:
          'Events of EC2. Without them interruptions are seen at the next poll, and rebalance recommendations by instances with `slots: 1` alone.',
        applies: 'restart',
      })
      .exactOptional(),
    metrics: z
      .strictObject({
        namespace: text(NAMESPACE, 'up to 255 letters, digits and . _ - / #, which do not begin with AWS/', {
          description: 'The namespace in CloudWatch that they are published in.',
          example: 'Runtide',
        }).prefault('Runtide'),
        every: duration(seconds(30), minutes(15), {
          description: 'How often they are published.',
          example: '60s',
        }).prefault('60s'),
      })
      .meta({
        description:
          'Metrics in CloudWatch, in `aws.region`. Without this section none are published there; Prometheus can read them at `/metrics` in any case.',
        applies: 'hot',
      })
      .exactOptional(),
    launchLimits: launchLimitsSchema.exactOptional(),
    timeout: duration(SECOND, minutes(1), {
      description: 'How long one call to AWS may take.',
      applies: 'hot',
      example: '10s',
    }).prefault('10s'),
  })
  .meta({ description: 'AWS: where instances are bought.', applies: 'restart' });
