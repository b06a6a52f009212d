import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../engine/time.ts';
import { groupWorld, refusalOf } from '../../../../test/support/group-world.ts';
import { stateOf } from '../ec2/instance-record.ts';

async function world(...[change, options]: Parameters<typeof groupWorld>) {
  const made = groupWorld({ desiredCapacity: 2, ...change }, options);
  await made.clock.advance(seconds(15));
  const [one = '', two = ''] = made.group().instances.map(({ id }) => id);
  const end = (ids: readonly string[], shouldDecrementDesiredCapacity: boolean, group?: string) =>
    made.groups.terminateInstanceInAutoScalingGroup({ ids, shouldDecrementDesiredCapacity, group });
  return { ...made, one, two, end };
}

describe('ending a member', () => {
  it('with decrement lowers the desired capacity, protected or not', async () => {
    const { clock, end, one, two, group } = await world({ newInstancesProtectedFromScaleIn: true });
    expect(end([one], true)).toMatchObject([
      {
        group: 'pool',
        description: `Terminating EC2 instance: ${one}`,
        cause: `At 2026-01-05T08:00:15Z instance ${one} was taken out of service in response to a user request, shrinking the capacity from 2 to 1.`,
        status: 'InProgress',
      },
    ]);
    await clock.advance(minutes(1));
    expect(group()).toMatchObject({ desiredCapacity: 1, instances: [{ id: two }] });
  });

  it('without decrement brings another one', async () => {
    const { clock, end, one, group, states } = await world();
    end([one], false);
    await clock.advance(minutes(1));
    expect(group().desiredCapacity).toBe(2);
    expect(states()).toEqual(['InService', 'InService']);
  });

  it('takes several at once, or none', async () => {
    const { clock, end, one, two, states } = await world();
    expect(refusalOf(() => end([one, two], true))).toMatch(
      /^ValidationError: AutoScalingGroupName is required/,
    );
    expect(refusalOf(() => end([one, 'i-0f'], true, 'pool'))).toMatch(
      /^ValidationError: Instance Id not found/,
    );
    expect(states()).toEqual(['InService', 'InService']);
    expect(end([one, two], true, 'pool')).toHaveLength(2);
    await clock.advance(minutes(1));
    expect(states()).toEqual([]);
  });

  it('is refused below the least size', async () => {
    const { end, one, two, states } = await world({ minSize: 2 });
    expect(refusalOf(() => end([one], true))).toBe(
      "ValidationError: Currently, desiredSize equals minSize (2). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.",
    );
    expect(states()).toEqual(['InService', 'InService']);
    expect(refusalOf(() => end([two], false))).toBe('no error');
  });

  it('is refused for what is no member, and for what is leaving already', async () => {
    const { end, one } = await world();
    expect(refusalOf(() => end(['i-0123456789abcdef0'], true))).toBe(
      'ValidationError: Instance Id not found - No managed instance found for instance ID: i-0123456789abcdef0',
    );
    end([one], false);
    expect(refusalOf(() => end([one], false))).toMatch(/^ScalingActivityInProgress/);
  });

  it('works while it is pending, and nothing is ended twice', async () => {
    const { clock, ec2, groups, group, end, states } = await world(
      {},
      { ec2Options: { pendingFor: minutes(2) } },
    );
    const [young = ''] = group().instances.map(({ id }) => id);
    end([young], true);
    await clock.advance(minutes(5));
    expect(states()).toEqual(['InService']);
    expect(ec2.instance(young)?.life.map(({ state }) => state)).toEqual([
      'pending',
      'shutting-down',
      'terminated',
    ]);
    expect(
      groups
        .describeScalingActivities()
        .items.map(({ status }) => status)
        .toSorted(),
    ).toEqual(['Failed', 'Successful', 'Successful']);
  });
});

describe('protection', () => {
  it('is set and taken away for members in service', async () => {
    const { groups, one, group } = await world();
    groups.setInstanceProtection({ group: 'pool', ids: [one], protectedFromScaleIn: true });
    expect(group().instances.map((each) => each.protectedFromScaleIn)).toEqual([true, false]);
    groups.setDesiredCapacity({ group: 'pool', desiredCapacity: 3 });
    groups.setInstanceProtection({ group: 'pool', ids: [one], protectedFromScaleIn: false });
    expect(group().instances.map((each) => each.protectedFromScaleIn)).toEqual([false, false]);
  });

  it('is refused for members that are leaving', async () => {
    const { groups, one, end } = await world();
    end([one], false);
    expect(
      refusalOf(() =>
        groups.setInstanceProtection({ group: 'pool', ids: [one], protectedFromScaleIn: true }),
      ),
    ).toBe(`ValidationError: The instance ${one} is not in InService or EnteringStandby or Standby.`);
  });
});

describe('detaching and attaching', () => {
  it('lets a machine live on outside, and come back', async () => {
    const { clock, ec2, groups, one, group, states } = await world();
    const detached = groups.detachInstances({
      group: 'pool',
      ids: [one],
      shouldDecrementDesiredCapacity: true,
    });
    expect(detached).toMatchObject([{ description: `Detaching EC2 instance: ${one}`, status: 'InProgress' }]);
    expect(states()).toEqual(['Detaching', 'InService']);
    await clock.advance(minutes(5));
    expect(group()).toMatchObject({ desiredCapacity: 1, instances: [{ lifecycleState: 'InService' }] });
    const record = ec2.instance(one);
    expect(record === undefined ? undefined : stateOf(record)).toBe('running');
    expect(record?.tags.has('aws:autoscaling:groupName')).toBe(false);
    groups.attachInstances({ group: 'pool', ids: [one] });
    await clock.advance(minutes(5));
    expect(group()).toMatchObject({
      desiredCapacity: 2,
      instances: [{}, { id: one, lifecycleState: 'InService' }],
    });
    expect(ec2.instance(one)?.tags.get('aws:autoscaling:groupName')).toBe('pool');
  });

  it('without decrement brings another one', async () => {
    const { clock, groups, one, states } = await world();
    groups.detachInstances({ group: 'pool', ids: [one], shouldDecrementDesiredCapacity: false });
    await clock.advance(minutes(5));
    expect(states()).toEqual(['InService', 'InService']);
  });

  it('takes only running machines of nobody, and no more than fit', async () => {
    const { groups, one } = await world({ maxSize: 2 });
    const attach = (id: string): string =>
      refusalOf(() => groups.attachInstances({ group: 'pool', ids: [id] }));
    expect(attach(one)).toMatch(/^ValidationError: Instance .* is already part of AutoScalingGroup:pool/);
    expect(attach('i-0123456789abcdef0')).toMatch(/^ValidationError: Invalid Instance ID/);
  });
});
