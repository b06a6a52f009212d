import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { instant } from '../../engine/time.ts';
import { readEvent } from './cloud-event.ts';

const INSTANCE = 'i-0123456789abcdef0';
const AT = instant(Date.UTC(2026, 0, 5, 8));

function event(type: string, detail: unknown = { 'instance-id': INSTANCE }, over: object = {}): string {
  return JSON.stringify({
    version: '0',
    id: '12345678-1234-1234-1234-123456789012',
    'detail-type': type,
    source: 'aws.ec2',
    account: '123456789012',
    time: '2026-01-05T08:00:00Z',
    region: 'eu-central-1',
    resources: [`arn:aws:ec2:eu-central-1:123456789012:instance/${INSTANCE}`],
    detail,
    ...over,
  });
}

describe('an event of EC2', () => {
  it.each([
    ['EC2 Spot Instance Interruption Warning', { 'instance-action': 'terminate' }, 'interruption'],
    ['EC2 Spot Instance Interruption Warning', { 'instance-action': 'hibernate' }, 'interruption'],
    ['EC2 Instance Rebalance Recommendation', {}, 'rebalance'],
    ['EC2 Instance State-change Notification', { state: 'shutting-down' }, 'end'],
    ['EC2 Instance State-change Notification', { state: 'terminated' }, 'end'],
    ['EC2 Instance State-change Notification', { state: 'stopped' }, 'end'],
  ])('%s %o is a notice of kind %3$s', (type, detail, kind) => {
    expect(readEvent(event(type, { 'instance-id': INSTANCE, ...detail }))).toEqual({
      notice: { instance: INSTANCE, kind, at: AT },
    });
  });

  it('that a group waits at a termination hook is a notice', () => {
    const detail = { EC2InstanceId: INSTANCE, LifecycleHookName: 'runtide-terminate' };
    const text = event('EC2 Instance-terminate Lifecycle Action', detail, { source: 'aws.autoscaling' });
    expect(readEvent(text)).toEqual({ notice: { instance: INSTANCE, kind: 'hook', at: AT } });
  });

  it('that a group waits at a launch hook says nothing that matters', () => {
    const text = event(
      'EC2 Instance-launch Lifecycle Action',
      { EC2InstanceId: INSTANCE },
      { source: 'aws.autoscaling' },
    );
    expect(readEvent(text)).toEqual({ nothing: true });
  });

  it.each(['pending', 'running'])('that an instance is %s says nothing that matters', (state) => {
    const text = event('EC2 Instance State-change Notification', { 'instance-id': INSTANCE, state });
    expect(readEvent(text)).toEqual({ nothing: true });
  });
});

describe('what is no such event', () => {
  const INTERRUPTION = 'EC2 Spot Instance Interruption Warning';
  it.each([
    ['', 'it is no event of EventBridge'],
    ['{', 'it is no event of EventBridge'],
    ['null', 'it is no event of EventBridge'],
    ['[]', 'it is no event of EventBridge'],
    ['{"detail-type":1}', 'it is no event of EventBridge'],
    [event(INTERRUPTION, {}, { time: 'yesterday' }), 'it is no event of EventBridge'],
    [event(INTERRUPTION, {}, { time: undefined }), 'it is no event of EventBridge'],
    [event(INTERRUPTION, undefined, { source: 'acme.app' }), `it is "${INTERRUPTION}" of "acme.app"`],
    [
      event('EC2 Spot Instance Request Fulfillment'),
      'it is "EC2 Spot Instance Request Fulfillment" of "aws.ec2"',
    ],
    [event(INTERRUPTION, {}), `it is "${INTERRUPTION}" and names no instance`],
    [event(INTERRUPTION, 'i-1'), `it is "${INTERRUPTION}" and names no instance`],
    [event(INTERRUPTION, { 'instance-id': 'i-1 or 1=1' }), `it is "${INTERRUPTION}" and names no instance`],
    [
      event(INTERRUPTION, { 'instance-id': ['i-0123456789abcdef0'] }),
      `it is "${INTERRUPTION}" and names no instance`,
    ],
    [event('constructor'), 'it is "constructor" of "aws.ec2"'],
  ])('%s cannot be read', (text, why) => {
    expect(readEvent(text)).toEqual({ unreadable: why });
  });

  it('is quoted shortly and on one line', () => {
    const read = readEvent(event(`a\n${'b'.repeat(1000)}`));
    expect('unreadable' in read && read.unreadable).toMatch(/^it is "a\\nb{78}" of "aws\.ec2"$/);
  });

  it('never makes the reader fail', () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    expect(readEvent(deep)).toEqual({ unreadable: 'it is no event of EventBridge' });
  });
});

const OPERATING = fileURLToPath(new URL('../../../docs/operating.md', import.meta.url));

const pattern = z.object({
  source: z.tuple([z.enum(['aws.ec2', 'aws.autoscaling'])]),
  'detail-type': z.array(z.string()).min(1),
  detail: z.object({ state: z.array(z.string()) }).optional(),
});

it('the rules that docs/operating.md tells to make let through what is read here, and nothing else', () => {
  const blocks = [...readFileSync(OPERATING, 'utf8').matchAll(/```json\n(.*?)```/gs)].map(([, text = '']) =>
    pattern.safeParse(JSON.parse(text)),
  );
  const rules = blocks.flatMap(({ data }) => data ?? []);
  const read = rules.flatMap(({ source: [source], 'detail-type': types, detail }) =>
    types.flatMap((type) =>
      (detail?.state ?? ['']).map((state) => {
        const named = source === 'aws.ec2' ? { 'instance-id': INSTANCE, state } : { EC2InstanceId: INSTANCE };
        return readEvent(event(type, named, { source }));
      }),
    ),
  );
  const kinds = read.map((one) => ('notice' in one ? one.notice.kind : one));
  expect(kinds).toEqual(['interruption', 'rebalance', 'end', 'end', 'end', 'end', 'hook']);
});
