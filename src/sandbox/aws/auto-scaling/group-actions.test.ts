import * as sdk from '@aws-sdk/client-auto-scaling';
import { describe, expect, it } from 'vitest';
import { refusalOf, startAwsDouble } from '../../../../test/support/aws-double.ts';
import {
  createGroup,
  describeGroup,
  GROUP,
  groupInput,
  launchInGroup,
} from '../../../../test/support/aws-group.ts';
import { defaultPlace } from '../../../adapters/memory/ec2/place.ts';
import { seconds } from '../../../engine/time.ts';

/** AWS promises no order of tags. */
function byKey(a: sdk.TagDescription, b: sdk.TagDescription): number {
  return (a.Key ?? '').localeCompare(b.Key ?? '');
}

describe('a group', () => {
  it('comes back as it was made', async () => {
    await using double = await startAwsDouble();
    const before = new Date(double.clock.now());
    const asked = {
      MaxSize: 4,
      DesiredCapacity: 0,
      DefaultCooldown: 60,
      HealthCheckType: 'EC2',
      HealthCheckGracePeriod: 90,
      TerminationPolicies: ['OldestInstance', 'Default'],
      CapacityRebalance: false,
      MaxInstanceLifetime: 86_400,
      DefaultInstanceWarmup: 30,
      InstanceMaintenancePolicy: { MinHealthyPercentage: 90, MaxHealthyPercentage: 120 },
      InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: 'retain' } },
      Context: 'ci & <cd>',
      Tags: [
        { Key: 'runtide:installation', Value: 'acme', PropagateAtLaunch: true },
        { Key: 'note', Value: 'a & <b>', PropagateAtLaunch: false },
      ],
    } as const;
    const template = await createGroup(double, {
      ...asked,
      TerminationPolicies: [...asked.TerminationPolicies],
      Tags: [...asked.Tags],
      LifecycleHookSpecificationList: [
        { LifecycleHookName: 'h', LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' },
      ],
    });
    const group = await describeGroup(double);
    const resource = { ResourceId: GROUP, ResourceType: 'auto-scaling-group' };
    expect(group.Tags?.toSorted(byKey)).toEqual(
      asked.Tags.map((tag) => ({ ...tag, ...resource })).toSorted(byKey),
    );
    expect(group).toMatchObject({
      ...asked,
      Tags: group.Tags,
      AutoScalingGroupName: GROUP,
      MinSize: 0,
      VPCZoneIdentifier: defaultPlace.subnets.map(({ id }) => id).join(','),
      AvailabilityZones: defaultPlace.subnets.map(({ zone }) => zone),
      NewInstancesProtectedFromScaleIn: true,
      Instances: [],
      SuspendedProcesses: [],
      CreatedTime: before,
    });
    expect(group.AutoScalingGroupARN).toMatch(
      /^arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:[0-9a-f-]{36}:autoScalingGroupName\/linux$/,
    );
    expect(group.LaunchTemplate).toBeUndefined();
    expect(group.MixedInstancesPolicy).toMatchObject({
      LaunchTemplate: {
        LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '1' },
        Overrides: [{ InstanceType: 'm7i.large' }],
      },
      InstancesDistribution: { OnDemandBaseCapacity: 0, OnDemandPercentageAboveBaseCapacity: 0 },
    });
  });

  it('can be made of a template alone, and of weighted types with templates of their own', async () => {
    await using double = await startAwsDouble();
    const { autoScaling } = double;
    const LaunchTemplateId = await createGroup(double);
    const LaunchTemplate = { LaunchTemplateId, Version: '$Latest' };
    const plain = groupInput(LaunchTemplateId, { AutoScalingGroupName: 'plain', LaunchTemplate });
    delete plain.MixedInstancesPolicy;
    await autoScaling.send(new sdk.CreateAutoScalingGroupCommand(plain));
    const Overrides = [
      { InstanceType: 'm7i.large', WeightedCapacity: '2', LaunchTemplateSpecification: LaunchTemplate },
    ];
    await autoScaling.send(
      new sdk.CreateAutoScalingGroupCommand(
        groupInput(LaunchTemplateId, {
          AutoScalingGroupName: 'weighted',
          MixedInstancesPolicy: {
            LaunchTemplate: { LaunchTemplateSpecification: LaunchTemplate, Overrides },
            InstancesDistribution: {
              OnDemandAllocationStrategy: 'prioritized',
              OnDemandBaseCapacity: 1,
              OnDemandPercentageAboveBaseCapacity: 50,
              SpotAllocationStrategy: 'price-capacity-optimized',
              SpotMaxPrice: '0.5',
            },
          },
        }),
      ),
    );
    const { AutoScalingGroups = [] } = await autoScaling.send(
      new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['plain', 'weighted'] }),
    );
    const [first, second] = AutoScalingGroups;
    expect(first?.LaunchTemplate).toMatchObject(LaunchTemplate);
    expect(first?.MixedInstancesPolicy).toBeUndefined();
    expect(second?.MixedInstancesPolicy?.LaunchTemplate?.Overrides).toMatchObject(Overrides);
    expect(second?.MixedInstancesPolicy?.InstancesDistribution).toMatchObject({
      OnDemandBaseCapacity: 1,
      OnDemandPercentageAboveBaseCapacity: 50,
      SpotMaxPrice: '0.5',
    });
  });

  it('keeps what an update does not name', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, { DesiredCapacity: 0 });
    const before = await describeGroup(double);
    await double.autoScaling.send(
      new sdk.UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: GROUP,
        MaxSize: 20,
        MixedInstancesPolicy: { InstancesDistribution: { OnDemandBaseCapacity: 3 } },
      }),
    );
    expect(await describeGroup(double)).toEqual({
      ...before,
      MaxSize: 20,
      MixedInstancesPolicy: {
        ...before.MixedInstancesPolicy,
        InstancesDistribution: {
          ...before.MixedInstancesPolicy?.InstancesDistribution,
          OnDemandBaseCapacity: 3,
        },
      },
    });
    await double.autoScaling.send(
      new sdk.UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: GROUP,
        MixedInstancesPolicy: { LaunchTemplate: { Overrides: [] } },
      }),
    );
    expect((await describeGroup(double)).MixedInstancesPolicy?.LaunchTemplate?.Overrides).toEqual([]);
  });

  it('is deleted empty, or by force', async () => {
    await using double = await startAwsDouble();
    const { autoScaling, clock } = double;
    await launchInGroup(double, 1);
    const remove = (ForceDelete?: boolean) =>
      autoScaling.send(new sdk.DeleteAutoScalingGroupCommand({ AutoScalingGroupName: GROUP, ForceDelete }));
    expect(await refusalOf(remove())).toEqual({ name: 'ResourceInUseFault', status: 400, requestId: true });
    await remove(true);
    await clock.advance(seconds(600));
    expect(await describeGroup(double)).toEqual({});
    expect(await refusalOf(remove())).toMatchObject({ name: 'ValidationError' });
  });

  it('is refused where its name is taken, or something is missing or wrong', async () => {
    await using double = await startAwsDouble();
    const { autoScaling } = double;
    const template = await createGroup(double);
    const names: string[] = [];
    for (const change of [
      {},
      { AutoScalingGroupName: undefined },
      { AutoScalingGroupName: 'b', MinSize: undefined },
      { AutoScalingGroupName: 'b', MinSize: 11 },
      { AutoScalingGroupName: 'b', DesiredCapacity: 11 },
      { AutoScalingGroupName: 'b', VPCZoneIdentifier: 'subnet-0123456789abcdef0' },
      { AutoScalingGroupName: 'b', MixedInstancesPolicy: { InstancesDistribution: { SpotMaxPrice: '1' } } },
      { AutoScalingGroupName: 'b', PlacementGroup: 'p' },
    ]) {
      const input = { ...groupInput(template), ...change };
      names.push((await refusalOf(autoScaling.send(new sdk.CreateAutoScalingGroupCommand(input)))).name);
    }
    expect(names).toEqual([
      'AlreadyExistsFault',
      ...Array.from({ length: 6 }, () => 'ValidationError'),
      'UnknownParameter',
    ]);
  });
});

describe('groups', () => {
  it('are listed in pages, by name and by tag, with their instances or without', async () => {
    await using double = await startAwsDouble();
    const { autoScaling } = double;
    await launchInGroup(double, 1);
    const { MixedInstancesPolicy } = await describeGroup(double);
    for (let number = 1; number <= 6; number++) {
      await autoScaling.send(
        new sdk.CreateAutoScalingGroupCommand({
          ...groupInput('', { MixedInstancesPolicy, AutoScalingGroupName: `other-${number}` }),
          Tags: [{ Key: 'number', Value: String(number) }],
        }),
      );
    }
    const pages: number[] = [];
    for await (const page of sdk.paginateDescribeAutoScalingGroups({ client: autoScaling, pageSize: 3 }, {}))
      pages.push(page.AutoScalingGroups?.length ?? 0);
    expect(pages).toEqual([3, 3, 1]);
    const namesOf = async (input: sdk.DescribeAutoScalingGroupsCommandInput) => {
      const answer = await autoScaling.send(new sdk.DescribeAutoScalingGroupsCommand(input));
      return answer.AutoScalingGroups?.map((one) => one.AutoScalingGroupName);
    };
    expect(await namesOf({ AutoScalingGroupNames: ['other-2', 'nobody', GROUP] })).toEqual([
      GROUP,
      'other-2',
    ]);
    expect(await namesOf({ Filters: [{ Name: 'tag:number', Values: ['4', '5'] }] })).toEqual([
      'other-4',
      'other-5',
    ]);
    const { AutoScalingGroups: bare } = await autoScaling.send(
      new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [GROUP], IncludeInstances: false }),
    );
    expect(bare?.[0]?.Instances).toEqual([]);
    const refusals = [{ NextToken: 'x' }, { MaxRecords: 101 }].map((input) => refusalOf(namesOf(input)));
    expect((await Promise.all(refusals)).map(({ name }) => name)).toEqual([
      'InvalidNextToken',
      'ValidationError',
    ]);
  });
});

describe('the desired capacity', () => {
  it('is followed by instances that EC2 shows too', async () => {
    await using double = await startAwsDouble();
    const { autoScaling, clock, model } = double;
    await createGroup(double, { Tags: [{ Key: 'pool', Value: 'fast', PropagateAtLaunch: true }] });
    await autoScaling.send(
      new sdk.SetDesiredCapacityCommand({
        AutoScalingGroupName: GROUP,
        DesiredCapacity: 2,
        HonorCooldown: false,
      }),
    );
    expect((await describeGroup(double)).DesiredCapacity).toBe(2);
    await clock.advance(seconds(600));
    const { Instances = [] } = await describeGroup(double);
    expect(Instances).toMatchObject([
      { LifecycleState: 'InService', HealthStatus: 'Healthy', ProtectedFromScaleIn: true },
      { LifecycleState: 'InService', InstanceType: 'm7i.large', LaunchTemplate: { Version: '1' } },
    ]);
    const ids = new Set(Instances.map(({ InstanceId }) => InstanceId));
    expect(ids).toEqual(new Set(model.instances().map(({ id }) => id)));
    expect(Object.fromEntries(model.instances()[0]?.tags ?? [])).toMatchObject({
      'aws:autoscaling:groupName': GROUP,
      pool: 'fast',
    });
  });

  it('stays within its limits, and within the cooldown where that is to be honoured', async () => {
    await using double = await startAwsDouble();
    const { autoScaling } = double;
    await launchInGroup(double, 1, { DefaultCooldown: 7200 });
    const set = (DesiredCapacity: number | undefined, HonorCooldown?: boolean, name = GROUP) =>
      refusalOf(
        autoScaling.send(
          new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: name, DesiredCapacity, HonorCooldown }),
        ),
      );
    expect((await set(11)).name).toBe('ValidationError');
    expect((await set(undefined)).name).toBe('ValidationError');
    expect((await set(1, false, 'nobody')).name).toBe('ValidationError');
    expect((await set(2, true)).name).toBe('ScalingActivityInProgressFault');
    expect((await set(2, false)).name).toBe('no error');
  });
});
