import * as sdk from '@aws-sdk/client-auto-scaling';
import { describe, expect, it } from 'vitest';
import { type AwsDouble, startAwsDouble } from '../../../../test/support/aws-double.ts';
import { createGroup, describeGroup, GROUP, launchInGroup } from '../../../../test/support/aws-group.ts';
import { ATTACHED, OURS, POOL, suspend, WHOLE } from '../../../../test/support/pool-group.ts';
import { isPortError } from '../../../controller/errors.ts';
import type { Concern } from '../../../engine/concern.ts';
import { minutes, seconds } from '../../../engine/time.ts';
import { Ec2Error } from '../../memory/ec2/error.ts';
import { defaultPlace } from '../../memory/ec2/place.ts';
import { ec2Fleet } from '../ec2-fleet.ts';
import { GroupFleet } from './group-fleet.ts';
import type { GroupPool } from './group-pool.ts';
import { GroupUpkeep } from './group-upkeep.ts';

const signal = new AbortController().signal;
const note = (): void => undefined;
/** A place of installation acme with one pool, whose group is this one. */
function placeOf(double: AwsDouble, pool: GroupPool = POOL) {
  const { ec2, autoScaling: client, clock } = double;
  const options = { installation: 'acme', tags: () => ({}), timeout: seconds(10) };
  const machines = {
    generation: 'g1',
    imageId: defaultPlace.images[0]?.id ?? '',
    securityGroups: [defaultPlace.securityGroups[0]?.id ?? ''],
    profile: 'runtide-instance',
    userData: '#!/bin/sh\n',
  };
  const fleet = new GroupFleet({
    ...options,
    client,
    ec2,
    fleet: ec2Fleet({ ...options, ec2, pools: () => ({ linux: machines }), note }),
    groups: () => ({ linux: pool }),
    now: () => clock.now(),
    note,
  });
  return { name: 'eu-central-1', client, fleet };
}

type Place = ReturnType<typeof placeOf>;

function upkeepOf(places: readonly Place[], isKnown = true): GroupUpkeep {
  return new GroupUpkeep({ places, installation: 'acme', isKnown: () => isKnown, timeout: seconds(10) });
}

function tend(double: AwsDouble, pool: GroupPool = POOL): Promise<readonly Concern[]> {
  return upkeepOf([placeOf(double, pool)]).tend(signal);
}

describe('a group that Runtide makes', () => {
  it('is left to the first launch while there is none', async () => {
    await using double = await startAwsDouble();
    expect(await tend(double)).toEqual([]);
    expect(await describeGroup(double)).toEqual({});
    expect(double.model.describeLaunchTemplates().items).toEqual([]);
  });

  it('is kept as it must be', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, { MaxSize: 3, CapacityRebalance: true, Tags: [OURS] });
    expect(await tend(double)).toEqual([]);
    expect(await describeGroup(double)).toMatchObject({
      MaxSize: 10,
      CapacityRebalance: false,
      SuspendedProcesses: [{ ProcessName: 'AZRebalance' }],
    });
  });

  it('stays as it is while the runners of its pool are not known', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, { MaxSize: 3, Tags: [OURS] });
    expect(await upkeepOf([placeOf(double)], false).tend(signal)).toEqual([]);
    expect(await describeGroup(double)).toMatchObject({ MaxSize: 3 });
  });

  it.each([
    [{ ...OURS, Value: 'beta' }, 'using group linux for pool linux: installation beta has it'],
    [{ ...OURS, Key: 'team' }, 'using group linux for pool linux: somebody else has made it'],
  ])('is a concern where it is not its own: %o', async (tag, why) => {
    await using double = await startAwsDouble();
    await createGroup(double, { MaxSize: 3, Tags: [tag] });
    expect(await tend(double)).toEqual([
      { about: 'group linux in eu-central-1', why, next: expect.any(String) },
    ]);
    expect(await describeGroup(double)).toMatchObject({ MaxSize: 3 });
  });

  it('is a concern while Launch or Terminate are suspended', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, { Tags: [OURS] });
    await suspend(double, 'Launch', 'Terminate', 'HealthCheck');
    expect(await tend(double)).toEqual([
      {
        about: 'processes of group linux in eu-central-1',
        why: 'somebody has suspended Launch and Terminate: it launches nothing and ends nothing',
        next: 'aws autoscaling resume-processes --auto-scaling-group-name linux --scaling-processes Launch Terminate',
      },
    ]);
  });

  it('is a concern while somebody has its instances replaced, which goes on', async () => {
    await using double = await startAwsDouble();
    await launchInGroup(double, 1, { Tags: [OURS] });
    await double.autoScaling.send(new sdk.StartInstanceRefreshCommand({ AutoScalingGroupName: GROUP }));
    const [concern, ...more] = await tend(double);
    expect(more).toEqual([]);
    expect(concern).toMatchObject({
      about: 'instance refresh of group linux in eu-central-1',
      why: expect.stringMatching(/^somebody has begun instance refresh \S+ \((Pending|InProgress), 0 %\)/),
      next: 'let it end, or aws autoscaling cancel-instance-refresh --auto-scaling-group-name linux',
    });
    await double.autoScaling.send(new sdk.CancelInstanceRefreshCommand({ AutoScalingGroupName: GROUP }));
    await double.clock.advance(minutes(30));
    expect(await tend(double)).toEqual([]);
  });

  it('is a concern while it has members that carry no tags of Runtide', async () => {
    await using double = await startAwsDouble();
    const [id] = await launchInGroup(double, 1, { Tags: [{ ...OURS, PropagateAtLaunch: false }] });
    const place = placeOf(double);
    await place.fleet.list(signal);
    expect(await upkeepOf([place]).tend(signal)).toEqual([
      {
        about: 'members of group linux in eu-central-1',
        why: `members without tags of Runtide, which are left alone: ${id}; they count in the group and serve no pool`,
        next: `once their work is done: aws autoscaling detach-instances --auto-scaling-group-name linux --should-decrement-desired-capacity --instance-ids ${id}`,
      },
    ]);
  });
});

describe('a group of the operator', () => {
  it('is a concern where there is none', async () => {
    await using double = await startAwsDouble();
    expect(await tend(double, ATTACHED)).toEqual([
      {
        about: 'group linux in eu-central-1',
        why: 'there is none',
        next: 'check instances.group.name of the pool, and its region',
      },
    ]);
  });

  it('is not used before it has been given to the installation', async () => {
    await using double = await startAwsDouble();
    await createGroup(double);
    expect(await tend(double, ATTACHED)).toEqual([
      {
        about: 'group linux in eu-central-1',
        why: 'using group linux for pool linux: no installation has been given it',
        next: 'aws autoscaling create-or-update-tags --tags ResourceId=linux,ResourceType=auto-scaling-group,Key=runtide:installation,Value=acme,PropagateAtLaunch=true',
      },
    ]);
    expect((await describeGroup(double)).Tags).toEqual([]);
  });

  it('is one concern with all that it lacks, and gets nothing but tags', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, { ...WHOLE, MaxSize: 3, CapacityRebalance: true });
    const before = await describeGroup(double);
    expect(await tend(double, ATTACHED)).toEqual([
      {
        about: 'settings of group linux in eu-central-1',
        why: [
          'it must have no capacity rebalancing: it ends instances that have jobs (aws autoscaling update-auto-scaling-group --auto-scaling-group-name linux --no-capacity-rebalance)',
          'process AZRebalance suspended: it ends instances that have jobs (aws autoscaling suspend-processes --auto-scaling-group-name linux --scaling-processes AZRebalance)',
          "room for 10 instances, the pool's max and surge: its maximum is 3 (aws autoscaling update-auto-scaling-group --auto-scaling-group-name linux --max-size 10)",
        ].join('; '),
      },
    ]);
    const { Tags, ...after } = await describeGroup(double);
    expect({ ...after, Tags: before.Tags }).toEqual(before);
    expect(Tags?.map(({ Key }) => Key).toSorted()).toEqual([
      'runtide:generation',
      'runtide:group',
      'runtide:installation',
      'runtide:pool',
      'runtide:slots',
    ]);
  });

  it('is none when it has everything', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, WHOLE);
    await suspend(double, 'AZRebalance');
    expect(await tend(double, ATTACHED)).toEqual([]);
  });

  it('is a concern when it scales by itself: once, with the command', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, WHOLE);
    await suspend(double, 'AZRebalance');
    await double.autoScaling.send(
      new sdk.PutScalingPolicyCommand({
        AutoScalingGroupName: GROUP,
        PolicyName: 'cpu',
        PolicyType: 'SimpleScaling',
        AdjustmentType: 'ChangeInCapacity',
        ScalingAdjustment: 1,
      }),
    );
    expect(await tend(double, ATTACHED)).toEqual([
      {
        about: 'settings of group linux in eu-central-1',
        why: 'it must have no scaling policy, such as cpu (aws autoscaling delete-policy --auto-scaling-group-name linux --policy-name cpu)',
      },
    ]);
  });
});

describe('a place that does not answer', () => {
  it('fails the round where it is the only one', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, { Tags: [OURS] });
    const upkeep = upkeepOf([placeOf(double)]);
    double.groups.faults.outage = 'unavailable';
    await expect(upkeep.tend(signal)).rejects.toSatisfy((error) => isPortError(error, 'unavailable'));
  });

  it('keeps its concerns, and the other places go on', async () => {
    await using one = await startAwsDouble();
    await using other = await startAwsDouble();
    for (const double of [one, other]) {
      await createGroup(double, { MaxSize: 3, Tags: [OURS] });
      await suspend(double, 'Launch');
    }
    const upkeep = upkeepOf([placeOf(one), { ...placeOf(other), name: 'eu-west-1' }]);
    const abouts = ['eu-central-1', 'eu-west-1'].map((name) => `processes of group linux in ${name}`);
    expect((await upkeep.tend(signal)).map(({ about }) => about)).toEqual(abouts);
    one.groups.faults.outage = 'unavailable';
    await other.autoScaling.send(
      new sdk.UpdateAutoScalingGroupCommand({ AutoScalingGroupName: GROUP, MaxSize: 3 }),
    );
    const concerns = await upkeep.tend(signal);
    expect(concerns.map(({ about }) => about)).toEqual([...abouts, 'groups in eu-central-1']);
    expect(concerns.at(-1)?.why).toMatch(/^describing group linux: /);
    expect(await describeGroup(other)).toMatchObject({ MaxSize: 10 });

    other.groups.faults.outage = 'unavailable';
    await expect(upkeep.tend(signal)).rejects.toSatisfy((error) => isPortError(error, 'unavailable'));
  });

  it('is no place that refuses: what only an operator can mend is a concern of the group', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, { MaxSize: 3, Tags: [OURS] });
    double.groups.faults.refuse(new Ec2Error('AccessDenied', 'not you'), 1, 'UpdateAutoScalingGroup');
    expect(await tend(double)).toEqual([
      {
        about: 'group linux in eu-central-1',
        why: expect.stringMatching(/^setting .*MaxSize, .* of group linux: .*not you.*\(request \S+\)$/),
        next: expect.any(String),
      },
    ]);
  });
});
