import { expect, it } from 'vitest';
import { seconds } from '../../../engine/time.ts';
import { groupWorld } from '../../../../test/support/group-world.ts';
import type { CloudEvent } from '../ec2/event-bridge.ts';
import { handOnLifecycleEvents } from './event-bridge.ts';

it('hands on that instances wait for hooks', async () => {
  const { clock, ec2, groups, actions, desire, member } = groupWorld({
    lifecycleHooks: [
      { name: 'launch', transition: 'autoscaling:EC2_INSTANCE_LAUNCHING', notificationMetadata: 'ready?' },
      { name: 'end', transition: 'autoscaling:EC2_INSTANCE_TERMINATING' },
    ],
  });
  const handed: CloudEvent[] = [];
  const source = { timers: clock, seed: 1, place: ec2.place };
  const end = handOnLifecycleEvents(groups, source, (event) => handed.push(event));
  desire(1);
  await clock.advance(seconds(10));
  const { id } = member();
  groups.completeLifecycleAction({ group: 'pool', hook: 'launch', id, result: 'CONTINUE' });
  groups.terminateInstanceInAutoScalingGroup({ ids: [id], shouldDecrementDesiredCapacity: true });
  expect(handed).toMatchObject([
    {
      version: '0',
      'detail-type': 'EC2 Instance-launch Lifecycle Action',
      source: 'aws.autoscaling',
      account: '123456789012',
      time: '2026-01-05T08:00:10Z',
      region: 'eu-central-1',
      resources: [groups.group('pool')?.arn],
      detail: {
        LifecycleActionToken: actions[0]?.token,
        AutoScalingGroupName: 'pool',
        LifecycleHookName: 'launch',
        EC2InstanceId: id,
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
        NotificationMetadata: 'ready?',
        Origin: 'EC2',
        Destination: 'AutoScalingGroup',
      },
    },
    {
      'detail-type': 'EC2 Instance-terminate Lifecycle Action',
      detail: { LifecycleHookName: 'end', Origin: 'AutoScalingGroup', Destination: 'EC2' },
    },
  ]);
  expect(Object.keys(handed[1]?.detail ?? {})).not.toContain('NotificationMetadata');
  end();
  groups.setDesiredCapacity({ group: 'pool', desiredCapacity: 1 });
  await clock.advance(seconds(10));
  expect(handed).toHaveLength(2);
});
