import { describe, expect, it } from 'vitest';
import { startAwsDouble } from '../../../test/support/aws-double.ts';
import { until } from '../../../test/support/until.ts';
import { isPortError } from '../../controller/errors.ts';
import { seconds } from '../../engine/time.ts';
import { sqsClient } from './clients.ts';
import { EventQueue, regionOfQueue } from './interruptions.ts';

const NEVER = new AbortController().signal;

function warning(instance: string): string {
  return JSON.stringify({
    'detail-type': 'EC2 Spot Instance Interruption Warning',
    source: 'aws.ec2',
    time: '2026-01-05T08:00:00Z',
    detail: { 'instance-id': instance, 'instance-action': 'terminate' },
  });
}

async function withQueue<T>(
  use: (around: Awaited<ReturnType<typeof opened>>) => Promise<T>,
  name?: string,
): Promise<T> {
  const around = await opened(name);
  try {
    return await use(around);
  } finally {
    around.client.destroy();
    await around.double[Symbol.asyncDispose]();
  }
}

async function opened(name = 'events') {
  const double = await startAwsDouble();
  const client = sqsClient({
    region: 'eu-central-1',
    endpoints: { sqs: double.aws.url },
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
  });
  const notes: string[] = [];
  const events = new EventQueue({
    sqs: client,
    queue: `https://sqs.eu-central-1.amazonaws.com/123456789012/${name}`,
    timeout: () => seconds(10),
    note: (message) => notes.push(message),
  });
  return { double, client, events, notes };
}

describe('the queue of events', () => {
  it('gives what it can read with what it cannot beside it, and tells of each kind once', () =>
    withQueue(async ({ double, events, notes }) => {
      for (const text of ['nonsense', warning('i-0123456789abcdef0'), 'more nonsense', '{"detail-type":"x"}'])
        double.queue.send(text);
      const deliveries = await events.receive(NEVER);
      expect(deliveries.map(({ notice }) => notice?.instance)).toEqual([
        undefined,
        'i-0123456789abcdef0',
        undefined,
        undefined,
      ]);
      expect(notes).toEqual([
        'a message in queue events was deleted unread, and others like it will be: it is no event of EventBridge; let only the rules for EC2 write into the queue',
      ]);
      await events.settle(
        deliveries.map(({ receipt }) => receipt),
        NEVER,
      );
      expect(double.queue.counts()).toEqual({ visible: 0, inFlight: 0 });
    }));

  it('does not fill the log, whatever is written into it', () =>
    withQueue(async ({ double, events, notes }) => {
      for (let kind = 0; kind < 30; kind++) {
        const text = { 'detail-type': `kind ${kind}`, source: 'x', time: '2026-01-05T08:00:00Z', detail: {} };
        double.queue.send(JSON.stringify(text));
      }
      for (let batch = 0; batch < 3; batch++) expect(await events.receive(NEVER)).toHaveLength(10);
      expect(notes).toHaveLength(20);
    }));

  it('deletes what is gone without an error, and fails where the queue is gone', async () => {
    await withQueue(async ({ events }) => {
      await expect(events.settle(['never-given'], NEVER)).resolves.toBeUndefined();
    });
    await withQueue(async ({ events }) => {
      const error: unknown = await events.receive(NEVER).catch((thrown: unknown) => thrown);
      expect(isPortError(error, 'not-found')).toBe(true);
      expect(String(error)).toMatch(
        /waiting for events in queue none: QueueDoesNotExist: .*\(request [0-9a-f-]{36}\); create the queue, or correct aws\.events\.queue$/,
      );
    }, 'none');
  });

  it('stops waiting when it is told to', () =>
    withQueue(async ({ double, events }) => {
      const abort = new AbortController();
      const received = events.receive(abort.signal).catch((error: unknown) => error);
      await until(() => double.queue.waiting === 1);
      abort.abort();
      expect(isPortError(await received, 'unreachable')).toBe(true);
    }));

  it('says in words what it is, and takes nothing out', () =>
    withQueue(async ({ double, events }) => {
      double.queue.send(warning('i-0123456789abcdef0'));
      expect(await events.check(NEVER)).toBe('queue events is there; messages waiting: 1');
      expect(double.queue.counts()).toEqual({ visible: 1, inFlight: 0 });
    }));
});

describe('the region of a queue', () => {
  it.each([
    ['https://sqs.eu-west-1.amazonaws.com/123456789012/events', 'eu-west-1'],
    ['https://sqs.us-gov-west-1.amazonaws.com/123456789012/events', 'us-gov-west-1'],
    ['https://sqs.cn-north-1.amazonaws.com.cn/123456789012/events', 'cn-north-1'],
    ['https://vpce-0a1-b2.sqs.eu-west-1.vpce.amazonaws.com/123456789012/events', 'eu-west-1'],
    ['http://127.0.0.1:4566/123456789012/events', undefined],
    ['https://example.com/sqs.eu-west-1.x/events', undefined],
  ])('%s is in %s', (url, region) => {
    expect(regionOfQueue(url)).toBe(region);
  });
});
