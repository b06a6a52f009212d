import { describe, expect, it } from 'vitest';
import { facts, policiesOf, poolFacts, roleOf, rolesRequest } from '../../test/permissions/sample-facts.ts';
import { type AccessRequest, allows } from '../../test/permissions/simulator.ts';
import { defaultPlace } from '../adapters/memory/ec2/place.ts';
import type { PoolFacts } from './facts.ts';
import type { PolicyDocument } from './policy.ts';
import { rolesOf } from './roles.ts';

const { region, account } = defaultPlace;

const groupNamed = (name: string, where = region): string =>
  `arn:aws:autoscaling:${where}:${account}:autoScalingGroup:0123abcd-uuid:autoScalingGroupName/${name}`;
const OWN = groupNamed('runtide-acme-linux');
const THEIRS = groupNamed('ci-runners');

const owned = (installation = 'acme') => ({ 'autoscaling:ResourceTag/runtide:installation': installation });
const asked = (installation = 'acme') => ({ 'aws:RequestTag/runtide:installation': installation });
const inRegion = (name: string) => ({ 'aws:RequestedRegion': name });

const withOwn = poolFacts({ group: { name: 'runtide-acme-linux', attached: false } });
/** What is known of a pool whose instances a group of the operator's launches. */
const { image: _image, profile: _profile, ...rest } = poolFacts();
const attached: PoolFacts = {
  ...rest,
  subnets: [],
  securityGroups: [],
  group: { name: 'ci-runners', attached: true },
};
const instanceRoles = { linux: 'runtide-instance' };

const ofOwn = policiesOf('controller', { facts: facts({ pools: [withOwn] }) });
const ofAttached = policiesOf('controller', { facts: facts({ pools: [attached], instanceRoles }) });
const ofFleets = policiesOf('controller', { facts: facts() });

const MAKING = ['CreateAutoScalingGroup', 'CreateOrUpdateTags'];
const USING = [
  'SetDesiredCapacity',
  'TerminateInstanceInAutoScalingGroup',
  'CompleteLifecycleAction',
  'RecordLifecycleActionHeartbeat',
  'SetInstanceProtection',
];
const CHANGING = ['UpdateAutoScalingGroup', 'PutLifecycleHook', 'SuspendProcesses'];
const LOOKING = [
  'DescribeAutoScalingGroups',
  'DescribeAutoScalingInstances',
  'DescribeScalingActivities',
  'DescribeLifecycleHooks',
  'DescribePolicies',
  'DescribeInstanceRefreshes',
];
/** What nobody but an operator may. */
const NEVER = [
  'DeleteAutoScalingGroup',
  'DeleteLifecycleHook',
  'DeleteTags',
  'DetachInstances',
  'AttachInstances',
  'ResumeProcesses',
  'StartInstanceRefresh',
  'PutScalingPolicy',
  'SetInstanceHealth',
];

function may(
  policies: readonly PolicyDocument[],
  action: string,
  resource: string,
  context: AccessRequest['context'] = {},
): Promise<boolean> {
  return allows(policies, { action: `autoscaling:${action}`, resource, context });
}

function actionsOf(policies: readonly PolicyDocument[]): readonly string[] {
  return policies.flatMap(({ Statement }) => Statement.flatMap(({ Action }) => Action));
}

describe('a pool with a group that Runtide makes', () => {
  it.each(MAKING)('allows %s with its tag, and no other group', async (action) => {
    expect(await may(ofOwn, action, OWN, asked())).toBe(true);
    expect(await may(ofOwn, action, OWN)).toBe(false);
    expect(await may(ofOwn, action, OWN, asked('beta'))).toBe(false);
    expect(await may(ofOwn, action, groupNamed('runtide-acme-other'), asked())).toBe(false);
    expect(await may(ofOwn, action, groupNamed('runtide-beta-linux'), asked())).toBe(false);
    expect(await may(ofOwn, action, groupNamed('runtide-acme-linux', 'us-east-1'), asked())).toBe(false);
  });

  it.each([...CHANGING, 'CreateOrUpdateTags', ...USING])(
    'allows %s on it where it has its tag',
    async (action) => {
      expect(await may(ofOwn, action, OWN, owned())).toBe(true);
      expect(await may(ofOwn, action, OWN)).toBe(false);
      expect(await may(ofOwn, action, OWN, owned('beta'))).toBe(false);
      expect(await may(ofOwn, action, OWN, owned('acme-2'))).toBe(false);
      expect(await may(ofOwn, action, groupNamed('runtide-acme-linux-large'), owned())).toBe(false);
      expect(await may(ofOwn, action, THEIRS, owned())).toBe(false);
      expect(await may(ofOwn, action, groupNamed('runtide-acme-linux', 'us-east-1'), owned())).toBe(false);
    },
  );

  it.each(LOOKING)('allows %s in its region', async (action) => {
    expect(await may(ofOwn, action, '*', inRegion(region))).toBe(true);
    expect(await may(ofOwn, action, '*', inRegion('us-east-1'))).toBe(false);
  });

  it.each(NEVER)('denies %s', async (action) => {
    expect(await may(ofOwn, action, OWN, owned())).toBe(false);
    expect(await may(ofAttached, action, THEIRS, owned())).toBe(false);
  });

  it('allows the role of Auto Scaling, and no other of its name', async () => {
    const action = 'iam:CreateServiceLinkedRole';
    const context = { 'iam:AWSServiceName': 'autoscaling.amazonaws.com' };
    const resource = `arn:aws:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`;
    expect(await allows(ofOwn, { action, resource, context })).toBe(true);
    expect(await allows(ofOwn, { action, resource: `${resource}_other`, context })).toBe(false);
    const asSpot = { 'iam:AWSServiceName': 'spot.amazonaws.com' };
    expect(await allows(ofOwn, { action, resource, context: asSpot })).toBe(false);
    expect(await allows(ofAttached, { action, resource, context })).toBe(false);
  });

  it('allows what AWS asks of the maker of a group: the launch from its template, and its role', async () => {
    const image = `arn:aws:ec2:${region}::image/${withOwn.image ?? ''}`;
    const template = `arn:aws:ec2:${region}:${account}:launch-template/lt-0`;
    const instance = `arn:aws:ec2:${region}:${account}:instance/*`;
    const launch = { ...asked(), 'aws:TagKeys': ['runtide:installation'] };
    const questions: readonly AccessRequest[] = [
      { action: 'ec2:RunInstances', resource: image, context: {} },
      {
        action: 'ec2:RunInstances',
        resource: template,
        context: { 'aws:ResourceTag/runtide:installation': 'acme' },
      },
      { action: 'ec2:RunInstances', resource: instance.replace('*', 'i-0'), context: launch },
      {
        action: 'ec2:CreateTags',
        resource: instance.replace('*', 'i-0'),
        context: { ...launch, 'ec2:CreateAction': 'RunInstances' },
      },
      {
        action: 'iam:PassRole',
        resource: `arn:aws:iam::${account}:role/runtide-instance`,
        context: { 'iam:PassedToService': 'ec2.amazonaws.com' },
      },
    ];
    for (const question of questions) {
      expect(await allows(ofOwn, question)).toBe(true);
      expect(await allows(ofAttached, question)).toBe(false);
    }
  });

  it('asks for no fleet', () => {
    expect(actionsOf(ofOwn)).not.toContain('ec2:CreateFleet');
    expect(actionsOf(ofOwn)).toContain('ec2:RunInstances');
  });

  it('names what opens its encrypted disks', () => {
    const pools = [{ ...withOwn, market: 'on-demand' as const, volumeKey: 'alias/runners' }];
    const { notes } = roleOf('controller', { facts: facts({ pools }) });
    expect(notes.filter((note) => note.includes('create-grant'))).toEqual([
      expect.stringContaining(
        `--grantee-principal arn:aws:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
      ),
    ]);
  });
});

describe('a pool with a group of the operator', () => {
  it.each(USING)('allows %s on it where it has the tag', async (action) => {
    expect(await may(ofAttached, action, THEIRS, owned())).toBe(true);
    expect(await may(ofAttached, action, THEIRS)).toBe(false);
    expect(await may(ofAttached, action, THEIRS, owned('beta'))).toBe(false);
    expect(await may(ofAttached, action, groupNamed('ci-runners-2'), owned())).toBe(false);
    expect(await may(ofAttached, action, OWN, owned())).toBe(false);
  });

  it.each([...MAKING, ...CHANGING])('denies %s', async (action) => {
    const context = CHANGING.includes(action) ? owned() : asked();
    expect(await may(ofAttached, action, THEIRS, context)).toBe(false);
  });

  it('may get tags of Runtide, and no others', async () => {
    const tagging = (keys: readonly string[], context = owned()) =>
      may(ofAttached, 'CreateOrUpdateTags', THEIRS, { ...context, 'aws:TagKeys': keys });
    expect(await tagging(['runtide:pool', 'runtide:slots'])).toBe(true);
    expect(await tagging(['runtide:pool', 'team'])).toBe(false);
    expect(await tagging(['runtide:pool'], owned('beta'))).toBe(false);
    expect(await may(ofAttached, 'CreateOrUpdateTags', THEIRS, owned())).toBe(false);
  });

  it.each([
    ['an own group', ofOwn, OWN],
    ['a group of the operator', ofAttached, THEIRS],
  ])('%s loses no tag but one', async (_what, policies, group) => {
    const untagging = (keys: readonly string[], context = owned()) =>
      may(policies, 'DeleteTags', group, { ...context, 'aws:TagKeys': keys });
    expect(await untagging(['runtide:max-jobs'])).toBe(true);
    expect(await untagging(['runtide:max-jobs', 'runtide:installation'])).toBe(false);
    expect(await untagging(['runtide:max-jobs'], owned('beta'))).toBe(false);
  });

  it('needs nothing that launches', () => {
    const actions = actionsOf(ofAttached);
    for (const action of [
      'ec2:RunInstances',
      'ec2:CreateFleet',
      'ec2:CreateLaunchTemplate',
      'iam:PassRole',
    ]) {
      expect(actions).not.toContain(action);
    }
    expect(actions).toContain('ec2:TerminateInstances');
    expect(actions).toContain('ssm:GetParameter');
  });

  it('has instances whose role must be named', () => {
    expect(() => rolesOf(rolesRequest({ facts: facts({ pools: [attached] }), roles: ['instance'] }))).toThrow(
      'the instances of pool linux are launched by your Auto Scaling group ci-runners: name the role in its instance profile by --instance-role linux=ROLE',
    );
  });

  it('takes nothing from a pool of fleets beside it', async () => {
    const both = policiesOf('controller', {
      facts: facts({ pools: [poolFacts({ name: 'arm' }), attached], instanceRoles }),
    });
    expect(await may(both, 'SetDesiredCapacity', THEIRS, owned())).toBe(true);
    expect(actionsOf(both)).toContain('ec2:CreateFleet');
  });
});

describe('pools without groups', () => {
  it('need nothing of Auto Scaling', () => {
    expect(JSON.stringify(ofFleets)).not.toContain('autoscaling');
  });

  it('nor do instances, whatever launches them', () => {
    for (const pool of [withOwn, attached]) {
      const policies = policiesOf('instance', {
        facts: facts({ pools: [pool], instanceRoles: pool.profile === undefined ? instanceRoles : {} }),
      });
      expect(JSON.stringify(policies)).not.toContain('autoscaling');
    }
  });
});

describe('the policy for clean-up', () => {
  const clean = policiesOf('clean', { facts: facts({ pools: [withOwn] }) });

  it('allows the end of a group that Runtide made, of whatever pool', async () => {
    const gone = groupNamed('runtide-acme-gone');
    expect(await may(clean, 'DeleteAutoScalingGroup', gone, owned())).toBe(true);
    expect(await may(clean, 'DeleteAutoScalingGroup', gone)).toBe(false);
    expect(await may(clean, 'DeleteAutoScalingGroup', gone, owned('beta'))).toBe(false);
    expect(await may(clean, 'DeleteAutoScalingGroup', THEIRS, owned())).toBe(false);
    expect(await may(clean, 'DeleteAutoScalingGroup', groupNamed('runtide-beta-gone'), owned())).toBe(false);
    expect(
      await may(clean, 'DeleteAutoScalingGroup', groupNamed('runtide-acme-gone', 'us-east-1'), owned()),
    ).toBe(false);
    expect(await may(clean, 'DescribeAutoScalingGroups', '*', inRegion(region))).toBe(true);
    expect(await may(clean, 'DescribeAutoScalingGroups', '*', inRegion('us-east-1'))).toBe(false);
  });

  it('allows nothing else of Auto Scaling', async () => {
    for (const action of [...CHANGING, ...USING]) {
      expect(await may(clean, action, OWN, owned())).toBe(false);
    }
  });
});
