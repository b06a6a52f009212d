import { describe, expect, it } from 'vitest';
import { milliseconds, minutes, seconds } from '../../../engine/time.ts';
import { groupWorld, refusalOf } from '../../../../test/support/group-world.ts';
import { Ec2Error, LostAnswer } from '../ec2/error.ts';
import { defaultPlace } from '../ec2/place.ts';
import type { UpdateGroupRequest } from './group-requests.ts';

const subnets = defaultPlace.subnets.map(({ id }) => id);

describe('a new group', () => {
  it('is described with the defaults of AWS', () => {
    const { clock, template, groups } = groupWorld();
    expect(groups.describeAutoScalingGroups({ names: ['pool', 'other'] })).toEqual({
      items: [
        {
          name: 'pool',
          arn: expect.stringMatching(
            /^arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:[0-9a-f-]{36}:autoScalingGroupName\/pool$/,
          ),
          createdAt: clock.now(),
          template: { id: template, version: '$Latest' },
          mixedInstancesPolicy: undefined,
          minSize: 0,
          maxSize: 10,
          desiredCapacity: 0,
          subnets,
          zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
          defaultCooldown: seconds(300),
          healthCheckType: 'EC2',
          healthCheckGracePeriod: seconds(0),
          terminationPolicies: ['Default'],
          newInstancesProtectedFromScaleIn: false,
          capacityRebalance: false,
          maxInstanceLifetime: undefined,
          instances: [],
          suspendedProcesses: [],
          tags: [],
          status: undefined,
          serviceLinkedRoleArn: expect.stringMatching(/AWSServiceRoleForAutoScaling$/),
        },
      ],
    });
  });

  it('is refused where it cannot be', () => {
    const { template, groups } = groupWorld();
    const create = (change: object): string =>
      refusalOf(() =>
        groups.createAutoScalingGroup({
          name: 'other',
          minSize: 0,
          maxSize: 1,
          subnets,
          template: { id: template },
          ...change,
        }),
      );
    expect(create({ name: 'pool' })).toMatch(/^AlreadyExists/);
    expect(create({ template: undefined })).toMatch(/^ValidationError: Valid requests must contain either/);
    expect(create({ template: { name: 'none' } })).toMatch(/^ValidationError: You must use a valid/);
    expect(create({ template: { id: template, version: '9' } })).toMatch(
      /^ValidationError: You must use a valid/,
    );
    expect(create({ subnets: [] })).toMatch(/^ValidationError: At least one/);
    expect(create({ subnets: ['subnet-0f'] })).toMatch(/^ValidationError: The subnet ID 'subnet-0f'/);
    expect(create({ minSize: 2 })).toMatch(/^ValidationError: Max bound, 1, must be/);
    expect(create({ desiredCapacity: 2 })).toMatch(/^ValidationError: Desired capacity:2 must be between/);
    expect(create({ maxInstanceLifetime: minutes(60) })).toMatch(
      /^ValidationError: Maximum instance lifetime/,
    );
  });
});

describe('an update', () => {
  it('moves the desired capacity into the new limits', () => {
    const { groups, group } = groupWorld();
    const update = (change: Omit<UpdateGroupRequest, 'name'>): void =>
      groups.updateAutoScalingGroup({ name: 'pool', ...change });
    update({ minSize: 3 });
    expect(group().desiredCapacity).toBe(3);
    update({ minSize: 0, maxSize: 1 });
    expect(group().desiredCapacity).toBe(1);
    expect(refusalOf(() => update({ desiredCapacity: 2 }))).toMatch(/^ValidationError/);
    expect(group().desiredCapacity).toBe(1);
  });

  it('has either a template or a policy', () => {
    const { template, groups, group } = groupWorld();
    groups.updateAutoScalingGroup({
      name: 'pool',
      mixedInstancesPolicy: { template: { id: template }, overrides: [{ instanceType: 'm7i.large' }] },
    });
    expect(group()).toMatchObject({ template: undefined, mixedInstancesPolicy: { distribution: {} } });
    groups.updateAutoScalingGroup({ name: 'pool', template: { id: template } });
    expect(group()).toMatchObject({ template: { id: template }, mixedInstancesPolicy: undefined });
  });
});

describe('the desired capacity', () => {
  it('keeps to the limits', () => {
    const { groups } = groupWorld({ minSize: 1, maxSize: 2 });
    const set = (desiredCapacity: number): string =>
      refusalOf(() => groups.setDesiredCapacity({ group: 'pool', desiredCapacity }));
    expect(set(3)).toBe(
      'ValidationError: New SetDesiredCapacity value 3 is above max value 2 for the AutoScalingGroup.',
    );
    expect(set(0)).toBe(
      'ValidationError: New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup.',
    );
  });

  it('waits for the cooldown only where that is asked', async () => {
    const { clock, groups, desire } = groupWorld();
    desire(1);
    await clock.advance(seconds(15));
    const set = (): string =>
      refusalOf(() => groups.setDesiredCapacity({ group: 'pool', desiredCapacity: 2, honorCooldown: true }));
    expect(set()).toMatch(/^ScalingActivityInProgress/);
    await clock.advance(minutes(5));
    expect(set()).toBe('no error');
  });
});

describe('deleting a group', () => {
  it('needs one without members', async () => {
    const { clock, groups, desire } = groupWorld();
    desire(1);
    await clock.advance(seconds(6));
    const end = (): string => refusalOf(() => groups.deleteAutoScalingGroup('pool'));
    expect(end()).toMatch(/^ScalingActivityInProgress/);
    await clock.advance(seconds(10));
    expect(end()).toMatch(/^ResourceInUse/);
    desire(0);
    await clock.advance(minutes(1));
    expect(end()).toBe('no error');
    expect(groups.describeAutoScalingGroups().items).toEqual([]);
    expect(end()).toMatch(/^ValidationError: AutoScalingGroup name not found/);
  });

  it('by force takes its machines along, whatever waits', async () => {
    const { clock, ec2, groups, desire } = groupWorld({
      lifecycleHooks: [{ name: 'end', transition: 'autoscaling:EC2_INSTANCE_TERMINATING' }],
    });
    desire(2);
    await clock.advance(seconds(15));
    desire(1);
    await clock.advance(seconds(5));
    groups.deleteAutoScalingGroup('pool', true);
    expect(groups.describeAutoScalingGroups().items).toMatchObject([{ status: 'Delete in progress' }]);
    await clock.advance(minutes(1));
    expect(groups.groups()).toEqual([]);
    expect(ec2.instances().map(({ life }) => life.at(-1)?.state)).toEqual(['terminated', 'terminated']);
  });
});

describe('tags', () => {
  it('select groups', () => {
    const { template, groups } = groupWorld({ tags: [{ key: 'team', value: 'ci' }] });
    groups.createAutoScalingGroup({
      name: 'other',
      minSize: 0,
      maxSize: 1,
      subnets,
      template: { id: template },
    });
    const named = (name: string, ...values: readonly string[]): readonly string[] =>
      groups.describeAutoScalingGroups({ filters: [{ name, values }] }).items.map((one) => one.name);
    expect(named('tag:team', 'ci', 'web')).toEqual(['pool']);
    expect(named('tag-key', 'team')).toEqual(['pool']);
    expect(named('tag-value', 'web')).toEqual([]);
    groups.createOrUpdateTags([{ group: 'other', key: 'team', value: 'web', propagateAtLaunch: true }]);
    expect(named('tag:team', 'ci', 'web')).toEqual(['other', 'pool']);
    groups.deleteTags([
      { group: 'other', key: 'team' },
      { group: 'pool', key: 'team', value: 'web' },
    ]);
    expect(named('tag-key', 'team')).toEqual(['pool']);
    expect(refusalOf(() => groups.createOrUpdateTags([{ group: 'none', key: 'a' }]))).toMatch(
      /^ValidationError/,
    );
  });
});

describe('long answers', () => {
  it('come in pages', async () => {
    const { clock, groups, desire } = groupWorld({ maxSize: 200 });
    desire(120);
    await clock.advance(seconds(15));
    const first = groups.describeAutoScalingInstances();
    const rest = groups.describeAutoScalingInstances({ nextToken: first.nextToken, maxRecords: 100 });
    expect([first.items.length, rest.items.length, rest.nextToken]).toEqual([50, 70, undefined]);
    expect(new Set([...first.items, ...rest.items].map(({ id }) => id)).size).toBe(120);
    expect(groups.describeScalingActivities({ group: 'pool' }).items).toHaveLength(100);
    expect(refusalOf(() => groups.describeAutoScalingGroups({ nextToken: 'none' }))).toMatch(
      /^InvalidNextToken/,
    );
    expect(refusalOf(() => groups.describeAutoScalingGroups({ maxRecords: 101 }))).toMatch(
      /^ValidationError/,
    );
  });
});

describe('listings that lag', () => {
  it('show groups and members as they were', async () => {
    const { clock, groups, desire } = groupWorld({}, { listingLag: seconds(10) });
    const shown = () => groups.describeAutoScalingGroups().items[0];
    expect(shown()).toBeUndefined();
    await clock.advance(seconds(10));
    desire(1);
    await clock.advance(seconds(10));
    expect(shown()).toMatchObject({ desiredCapacity: 1, instances: [] });
    expect(groups.group('pool')?.instances).toMatchObject([{ lifecycleState: 'InService' }]);
    await clock.advance(milliseconds(5000));
    expect(shown()?.instances).toMatchObject([{ lifecycleState: 'Pending' }]);
    expect(groups.describeAutoScalingInstances().items).toMatchObject([{ lifecycleState: 'Pending' }]);
    await clock.advance(seconds(5));
    expect(shown()?.instances).toMatchObject([{ lifecycleState: 'InService' }]);
    groups.deleteAutoScalingGroup('pool', true);
    await clock.advance(seconds(14));
    expect(shown()).toBeDefined();
    await clock.advance(seconds(1));
    expect(shown()).toBeUndefined();
  });
});

describe('calls', () => {
  it('are throttled, and counted', async () => {
    const { clock, groups } = groupWorld();
    const read = (): string => refusalOf(() => groups.describeAutoScalingGroups());
    const answers = Array.from({ length: 51 }, read);
    expect(answers.filter((one) => one === 'no error')).toHaveLength(50);
    expect(answers.at(-1)).toBe('Throttling: Rate exceeded');
    expect(groups.calls()).toEqual({ CreateAutoScalingGroup: 1, DescribeAutoScalingGroups: 51 });
    expect(groups.throttled()).toEqual({ DescribeAutoScalingGroups: 1 });
    await clock.advance(seconds(1));
    expect(read()).toBe('no error');
  });

  it('meet the faults of a script', () => {
    const { groups, desire, group } = groupWorld();
    groups.faults.throttle(1, 'SetDesiredCapacity');
    expect(refusalOf(() => desire(1))).toMatch(/^Throttling/);
    groups.faults.refuse(new Ec2Error('ResourceContention', 'There is a pending update.'), 1);
    expect(refusalOf(() => desire(1))).toBe('ResourceContention: There is a pending update.');
    groups.faults.loseAnswers(1, 'SetDesiredCapacity');
    groups.suspendProcesses({ group: 'pool', processes: ['AZRebalance'] });
    expect(() => desire(2)).toThrow(LostAnswer);
    expect(group().desiredCapacity).toBe(2);
    groups.faults.outage = 'unavailable';
    expect(refusalOf(() => desire(3))).toMatch(/^ServiceUnavailable/);
    groups.faults.clear();
    desire(3);
    expect(group()).toMatchObject({
      desiredCapacity: 3,
      suspendedProcesses: [{ name: 'AZRebalance', reason: expect.stringMatching(/^User suspended at 2026/) }],
    });
  });
});

describe('scaling policies', () => {
  it('are on record', () => {
    const { groups } = groupWorld();
    expect(groups.describePolicies({ group: 'pool' }).items).toEqual([]);
    const { arn } = groups.putScalingPolicy({
      group: 'pool',
      name: 'up',
      policyType: 'TargetTrackingScaling',
    });
    expect(groups.describePolicies({ group: 'pool' }).items).toEqual([
      { group: 'pool', name: 'up', arn, policyType: 'TargetTrackingScaling', enabled: true },
    ]);
    expect(groups.putScalingPolicy({ group: 'pool', name: 'up' }).arn).toBe(arn);
  });
});

/** What a group comes to in which a machine is lost. */
async function story(): Promise<unknown> {
  const { clock, ec2, groups, desire, member } = groupWorld();
  desire(3);
  await clock.advance(seconds(20));
  ec2.terminateInstances([member().id]);
  await clock.advance(minutes(3));
  return [groups.groups(), groups.describeScalingActivities()];
}

it('is the same world for the same seed', async () => {
  expect(await story()).toEqual(await story());
});
