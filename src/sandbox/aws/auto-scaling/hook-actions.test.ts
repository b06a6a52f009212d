import * as sdk from '@aws-sdk/client-auto-scaling';
import { describe, expect, it } from 'vitest';
import { type AwsDouble, refusalOf, startAwsDouble } from '../../../../test/support/aws-double.ts';
import { createGroup, GROUP, launchInGroup, statesIn } from '../../../../test/support/aws-group.ts';
import { stateOf } from '../../../adapters/memory/ec2/instance-record.ts';
import { minutes, seconds } from '../../../engine/time.ts';

const AutoScalingGroupName = GROUP;
const LAUNCH = 'autoscaling:EC2_INSTANCE_LAUNCHING';
const TERMINATE = 'autoscaling:EC2_INSTANCE_TERMINATING';

async function putHook(
  { autoScaling }: AwsDouble,
  LifecycleHookName: string,
  more: Partial<sdk.PutLifecycleHookCommandInput>,
): Promise<unknown> {
  const input = { AutoScalingGroupName, LifecycleHookName, ...more };
  return autoScaling.send(new sdk.PutLifecycleHookCommand(input));
}

function complete(
  { autoScaling }: AwsDouble,
  LifecycleHookName: string,
  more: Partial<sdk.CompleteLifecycleActionCommandInput>,
): Promise<unknown> {
  const action = { AutoScalingGroupName, LifecycleHookName, LifecycleActionResult: 'CONTINUE', ...more };
  return autoScaling.send(new sdk.CompleteLifecycleActionCommand(action));
}

describe('lifecycle hooks', () => {
  it('come back as they were put, and go', async () => {
    await using double = await startAwsDouble();
    const { autoScaling } = double;
    await createGroup(double);
    await putHook(double, 'in', {
      LifecycleTransition: LAUNCH,
      HeartbeatTimeout: 600,
      DefaultResult: 'CONTINUE',
      NotificationMetadata: 'pool & <size>',
    });
    await putHook(double, 'out', { LifecycleTransition: TERMINATE });
    const list = async (LifecycleHookNames?: string[]) =>
      (
        await autoScaling.send(
          new sdk.DescribeLifecycleHooksCommand({ AutoScalingGroupName, LifecycleHookNames }),
        )
      ).LifecycleHooks;
    expect(await list()).toEqual([
      {
        AutoScalingGroupName,
        LifecycleHookName: 'in',
        LifecycleTransition: LAUNCH,
        HeartbeatTimeout: 600,
        GlobalTimeout: 60_000,
        DefaultResult: 'CONTINUE',
        NotificationMetadata: 'pool & <size>',
      },
      {
        AutoScalingGroupName,
        LifecycleHookName: 'out',
        LifecycleTransition: TERMINATE,
        HeartbeatTimeout: 3600,
        GlobalTimeout: 172_800,
        DefaultResult: 'ABANDON',
      },
    ]);
    expect(await list(['out'])).toMatchObject([{ LifecycleHookName: 'out' }]);
    const remove = () =>
      autoScaling.send(new sdk.DeleteLifecycleHookCommand({ AutoScalingGroupName, LifecycleHookName: 'in' }));
    await remove();
    expect(await list()).toMatchObject([{ LifecycleHookName: 'out' }]);
    expect((await refusalOf(remove())).name).toBe('ValidationError');
  });

  it('are refused with what they cannot be', async () => {
    await using double = await startAwsDouble();
    await createGroup(double);
    const refusals = await Promise.all(
      [
        {},
        { LifecycleTransition: 'autoscaling:EC2_INSTANCE_DREAMING' },
        { LifecycleTransition: LAUNCH, HeartbeatTimeout: 29 },
        { LifecycleTransition: LAUNCH, DefaultResult: 'MAYBE' },
        { LifecycleTransition: LAUNCH, AutoScalingGroupName: 'nobody' },
      ].map((more) => refusalOf(putHook(double, 'h', more))),
    );
    expect(refusals.map(({ name }) => name)).toEqual(Array.from({ length: 5 }, () => 'ValidationError'));
  });

  it('hold an instance at its launch until they are completed', async () => {
    await using double = await startAwsDouble();
    const { autoScaling, clock, groups } = double;
    const tokens = new Map<string, string>();
    groups.onLifecycleAction(({ id, token }) => tokens.set(id, token));
    const [first = '', second = ''] = await launchInGroup(double, 2, {
      LifecycleHookSpecificationList: [
        { LifecycleHookName: 'in', LifecycleTransition: LAUNCH, HeartbeatTimeout: 3600 },
      ],
    });
    expect(await statesIn(double)).toEqual(['Pending:Wait', 'Pending:Wait']);
    await complete(double, 'in', { InstanceId: first });
    await complete(double, 'in', { LifecycleActionToken: tokens.get(second) });
    await clock.advance(seconds(60));
    expect(await statesIn(double)).toEqual(['InService', 'InService']);
    const beat = (InstanceId: string) =>
      autoScaling.send(
        new sdk.RecordLifecycleActionHeartbeatCommand({
          AutoScalingGroupName,
          LifecycleHookName: 'in',
          InstanceId,
        }),
      );
    const refusals = [
      complete(double, 'in', { InstanceId: second }),
      complete(double, 'in', { LifecycleActionResult: 'MAYBE', InstanceId: second }),
      complete(double, 'none', { InstanceId: second }),
      complete(double, 'in', {}),
      beat(second),
    ];
    const names = (await Promise.all(refusals.map(refusalOf))).map(({ name }) => name);
    expect(names).toEqual(Array.from({ length: 5 }, () => 'ValidationError'));
  });

  it('hold the machine of an instance that is to end, for as long as somebody sends heartbeats', async () => {
    await using double = await startAwsDouble();
    const { autoScaling, clock, model } = double;
    const [id = ''] = await launchInGroup(double, 1);
    await putHook(double, 'out', { LifecycleTransition: TERMINATE, HeartbeatTimeout: 600 });
    await autoScaling.send(
      new sdk.TerminateInstanceInAutoScalingGroupCommand({
        InstanceId: id,
        ShouldDecrementDesiredCapacity: true,
      }),
    );
    for (let beat = 0; beat < 6; beat++) {
      await clock.advance(minutes(9));
      expect(await statesIn(double)).toEqual(['Terminating:Wait']);
      expect(model.instances().map(stateOf)).toEqual(['running']);
      await autoScaling.send(
        new sdk.RecordLifecycleActionHeartbeatCommand({
          AutoScalingGroupName,
          LifecycleHookName: 'out',
          InstanceId: id,
        }),
      );
    }
    await complete(double, 'out', { InstanceId: id });
    await clock.advance(minutes(10));
    expect(await statesIn(double)).toEqual([]);
    expect(model.instances().map(stateOf)).toEqual(['terminated']);
  });
});
