import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../engine/time.ts';
import { VirtualClock } from '../clock.ts';
import { Ec2 } from './ec2.ts';
import { type CloudEvent, handOnEvents } from './event-bridge.ts';

async function world() {
  const clock = new VirtualClock();
  const ec2 = new Ec2({ timers: clock, seed: 7, pendingFor: seconds(5), shutdownFor: seconds(5) });
  const handed: CloudEvent[] = [];
  const end = handOnEvents(ec2, { timers: clock, seed: 1 }, (event) => handed.push(event));
  const { id } = ec2.createLaunchTemplate({ name: 'pool', data: { imageId: 'ami-0a000000000000001' } });
  const { instances } = ec2.createFleet({
    configs: [{ template: { id, version: '1' }, overrides: [{ instanceType: 'm7i.large' }] }],
    count: 1,
    market: 'spot',
  });
  const [instance = ''] = instances.flatMap(({ ids }) => ids);
  await clock.advance(seconds(10));
  return { clock, ec2, handed, end, instance };
}

describe('what EventBridge hands on', () => {
  it('is every step of an instance and every notice, each an event of its own', async () => {
    const { clock, ec2, handed, instance } = await world();
    ec2.recommendRebalance(instance);
    ec2.interrupt(instance);
    await clock.advance(minutes(3));
    expect(handed.map(({ 'detail-type': type, detail }) => [type, detail])).toEqual([
      ['EC2 Instance State-change Notification', { 'instance-id': instance, state: 'pending' }],
      ['EC2 Instance State-change Notification', { 'instance-id': instance, state: 'running' }],
      ['EC2 Instance Rebalance Recommendation', { 'instance-id': instance }],
      ['EC2 Spot Instance Interruption Warning', { 'instance-id': instance, 'instance-action': 'terminate' }],
      ['EC2 Instance State-change Notification', { 'instance-id': instance, state: 'shutting-down' }],
      ['EC2 Instance State-change Notification', { 'instance-id': instance, state: 'terminated' }],
    ]);
    expect(handed[0]).toMatchObject({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      source: 'aws.ec2',
      account: '123456789012',
      time: '2026-01-05T08:00:00Z',
      region: 'eu-central-1',
      resources: [`arn:aws:ec2:eu-central-1:123456789012:instance/${instance}`],
    });
    expect(new Set(handed.map(({ id }) => id)).size).toBe(6);
  });

  it('ends when it is told to', async () => {
    const { ec2, handed, end, instance } = await world();
    end();
    ec2.interrupt(instance);
    expect(handed).toHaveLength(2);
  });
});
