import * as sdk from '@aws-sdk/client-auto-scaling';
import { describe, expect, it } from 'vitest';
import { refusalOf, startAwsDouble } from '../../../../test/support/aws-double.ts';
import { describeGroup, GROUP, launchInGroup, statesIn } from '../../../../test/support/aws-group.ts';
import { stateOf } from '../../../adapters/memory/ec2/instance-record.ts';
import { minutes } from '../../../engine/time.ts';

const AutoScalingGroupName = GROUP;

describe('members', () => {
  it('are described by their ids, and in pages', async () => {
    await using double = await startAwsDouble();
    const { autoScaling } = double;
    const [first = ''] = await launchInGroup(double, 3);
    const { AutoScalingInstances } = await autoScaling.send(
      new sdk.DescribeAutoScalingInstancesCommand({ InstanceIds: [first, 'i-0123456789abcdef0'] }),
    );
    expect(AutoScalingInstances).toMatchObject([
      {
        InstanceId: first,
        AutoScalingGroupName,
        InstanceType: 'm7i.large',
        LifecycleState: 'InService',
        HealthStatus: 'HEALTHY',
        ProtectedFromScaleIn: true,
      },
    ]);
    const pages: number[] = [];
    const all = sdk.paginateDescribeAutoScalingInstances({ client: autoScaling, pageSize: 2 }, {});
    for await (const page of all) pages.push(page.AutoScalingInstances?.length ?? 0);
    expect(pages).toEqual([2, 1]);
  });

  it('are terminated one by one or together, with what is desired or without', async () => {
    await using double = await startAwsDouble();
    const { autoScaling, clock, model } = double;
    const [first = '', ...others] = await launchInGroup(double, 4);
    const end = (input: Partial<sdk.TerminateInstanceInAutoScalingGroupCommandInput>) =>
      autoScaling.send(
        new sdk.TerminateInstanceInAutoScalingGroupCommand({
          ShouldDecrementDesiredCapacity: true,
          ...input,
        }),
      );
    const one = await end({ InstanceId: first });
    expect(one.Activity).toMatchObject({ AutoScalingGroupName, StatusCode: 'InProgress' });
    expect(one.Activity?.Description).toContain(first);
    expect(one.Activities).toBeUndefined();
    const several = await end({ InstanceIds: others.slice(0, 2), AutoScalingGroupName });
    expect(several.Activities).toHaveLength(2);
    expect(several.Activity).toBeUndefined();
    expect((await describeGroup(double)).DesiredCapacity).toBe(1);
    await clock.advance(minutes(10));
    expect(await statesIn(double)).toEqual(['InService']);
    const running = model.instances().filter((record) => stateOf(record) === 'running');
    expect(running.map(({ id }) => id)).toEqual(others.slice(2));

    await end({ InstanceId: others[2], ShouldDecrementDesiredCapacity: false });
    await clock.advance(minutes(10));
    const { DesiredCapacity, Instances = [] } = await describeGroup(double);
    expect(DesiredCapacity).toBe(1);
    expect(Instances.map(({ LifecycleState }) => LifecycleState)).toEqual(['InService']);
    expect(Instances[0]?.InstanceId).not.toBe(others[2]);

    const refusals = await Promise.all(
      [
        { InstanceId: 'i-0123456789abcdef0' },
        {},
        { InstanceIds: others },
        { InstanceId: first, InstanceIds: others },
        { InstanceId: others[2], ShouldDecrementDesiredCapacity: undefined },
      ].map((input) => refusalOf(end(input))),
    );
    expect(refusals.map(({ name }) => name)).toEqual(Array.from({ length: 5 }, () => 'ValidationError'));
  });

  it('are protected from scale-in, or not', async () => {
    await using double = await startAwsDouble();
    const { autoScaling } = double;
    const ids = await launchInGroup(double, 2);
    const protect = (InstanceIds: readonly string[], ProtectedFromScaleIn?: boolean) =>
      autoScaling.send(
        new sdk.SetInstanceProtectionCommand({
          AutoScalingGroupName,
          InstanceIds: [...InstanceIds],
          ProtectedFromScaleIn,
        }),
      );
    await protect(ids.slice(1), false);
    const { Instances = [] } = await describeGroup(double);
    expect(Instances.map((one) => one.ProtectedFromScaleIn)).toEqual([true, false]);
    expect((await refusalOf(protect(['i-0123456789abcdef0'], true))).name).toBe('ValidationError');
    expect((await refusalOf(protect(ids))).name).toBe('ValidationError');
  });

  it('are replaced once they are said to be unhealthy', async () => {
    await using double = await startAwsDouble();
    const { autoScaling, clock } = double;
    const [id = ''] = await launchInGroup(double, 1);
    const say = (InstanceId: string, HealthStatus: string) =>
      autoScaling.send(
        new sdk.SetInstanceHealthCommand({ InstanceId, HealthStatus, ShouldRespectGracePeriod: false }),
      );
    await say(id, 'Unhealthy');
    await clock.advance(minutes(15));
    const { Instances = [] } = await describeGroup(double);
    expect(Instances.map(({ LifecycleState }) => LifecycleState)).toEqual(['InService']);
    expect(Instances[0]?.InstanceId).not.toBe(id);
    expect((await refusalOf(say(id, 'Ill'))).name).toBe('ValidationError');
    expect((await refusalOf(say('i-0123456789abcdef0', 'Unhealthy'))).name).toBe('ValidationError');
  });

  it('leave the group, and others come, with their machines running', async () => {
    await using double = await startAwsDouble();
    const { autoScaling, clock, model } = double;
    const [id = ''] = await launchInGroup(double, 1);
    const { Activities } = await autoScaling.send(
      new sdk.DetachInstancesCommand({
        AutoScalingGroupName,
        InstanceIds: [id],
        ShouldDecrementDesiredCapacity: true,
      }),
    );
    expect(Activities).toMatchObject([{ AutoScalingGroupName }]);
    await clock.advance(minutes(10));
    expect(await describeGroup(double)).toMatchObject({ DesiredCapacity: 0, Instances: [] });
    expect(model.instances().map(stateOf)).toEqual(['running']);
    const attach = (InstanceId: string) =>
      autoScaling.send(new sdk.AttachInstancesCommand({ AutoScalingGroupName, InstanceIds: [InstanceId] }));
    await attach(id);
    await clock.advance(minutes(10));
    expect(await describeGroup(double)).toMatchObject({
      DesiredCapacity: 1,
      Instances: [{ InstanceId: id }],
    });
    expect((await refusalOf(attach('i-0123456789abcdef0'))).name).toBe('ValidationError');
  });
});
