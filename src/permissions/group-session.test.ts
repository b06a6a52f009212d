import { describe, expect, it } from 'vitest';
import { GROUP_ACCESS } from '../../test/permissions/access-of-groups.ts';
import { groupPool, groupSession, makeGroup } from '../../test/permissions/group-session.ts';
import { guardedAccount, type RecordedCall } from '../../test/permissions/guarded-account.ts';
import { facts, policiesOf, poolFacts } from '../../test/permissions/sample-facts.ts';
import { allows } from '../../test/permissions/simulator.ts';
import { MAX_JOBS } from './group-table.ts';
import { TAG } from '../adapters/aws/instance-tags.ts';
import type { PoolFacts } from './facts.ts';
import type { PolicyDocument } from './policy.ts';

const OWN = 'runtide-acme-linux';
const THEIRS = 'ci-runners';

const withOwn = poolFacts({ group: { name: OWN, attached: false } });
const { image: _image, profile: _profile, ...rest } = poolFacts();
const attached: PoolFacts = {
  ...rest,
  subnets: [],
  securityGroups: [],
  group: { name: THEIRS, attached: true },
};
const ofOwn = policiesOf('controller', { facts: facts({ pools: [withOwn] }) });
const ofAttached = policiesOf('controller', {
  facts: facts({ pools: [attached], instanceRoles: { linux: 'runtide-instance' } }),
});

/** All that IAM is asked in a session with the group, each call of which must be allowed. */
async function recorded(
  name: string,
  policies: readonly PolicyDocument[],
  installation = 'acme',
): Promise<readonly RecordedCall[]> {
  await using account = await guardedAccount({ installation, policies });
  const isTheirs = name === THEIRS;
  if (isTheirs) makeGroup(account, name);
  await groupSession(account, groupPool(name, isTheirs));
  return account.calls;
}

const LOOKING = [
  'DescribeAutoScalingGroups',
  'DescribeAutoScalingInstances',
  'DescribeInstanceRefreshes',
  'DescribeLifecycleHooks',
  'DescribePolicies',
  'DescribeScalingActivities',
].map((action) => `${action}Command`);
const USING = [
  'CompleteLifecycleAction',
  'CreateOrUpdateTags',
  'DeleteTags',
  'RecordLifecycleActionHeartbeat',
  'SetDesiredCapacity',
  'SetInstanceProtection',
  'TerminateInstanceInAutoScalingGroup',
].map((action) => `${action}Command`);

function groupCallsIn(calls: readonly RecordedCall[]): readonly string[] {
  const names = new Set(calls.map(({ name }) => name).filter((name) => Object.hasOwn(GROUP_ACCESS, name)));
  return [...names].toSorted();
}

/** Those of the calls that change groups. */
function changing(calls: readonly RecordedCall[]): readonly RecordedCall[] {
  return calls.filter(({ name }) => Object.hasOwn(GROUP_ACCESS, name) && !name.startsWith('Describe'));
}

/** The actions of these calls that the policies allow none of. */
async function deniedBy(
  policies: readonly PolicyDocument[],
  calls: readonly RecordedCall[],
): Promise<ReadonlySet<string>> {
  const denied = new Set<string>();
  for (const { name, access } of calls) {
    for (const request of access) if (!(await allows(policies, request))) denied.add(name);
  }
  return denied;
}

describe('the policy of the controller', () => {
  it('allows a whole session with a group that Runtide makes', async () => {
    const calls = await recorded(OWN, ofOwn);
    const making = [
      'CreateAutoScalingGroup',
      'PutLifecycleHook',
      'SuspendProcesses',
      'UpdateAutoScalingGroup',
    ];
    const all = [...LOOKING, ...USING, ...making.map((action) => `${action}Command`)];
    expect(groupCallsIn(calls)).toEqual(all.toSorted());
    expect(calls.map(({ name }) => name)).not.toContain('CreateFleetCommand');
  });

  it('allows a whole session with a group of the operator, which is not changed', async () => {
    const calls = await recorded(THEIRS, ofAttached);
    expect(groupCallsIn(calls)).toEqual([...LOOKING, ...USING].toSorted());
    expect(calls.map(({ name }) => name)).toContain('DescribeLaunchTemplatesCommand');
  });

  it.each([
    ['that Runtide makes', OWN, ofOwn],
    ['of the operator', THEIRS, ofAttached],
  ])('is needed whole for a group %s', async (_what, name, policies) => {
    const calls = await recorded(name, policies);
    const asked = calls.flatMap(({ access }) => access);
    const used = new Set(asked.map(({ action }) => action));
    const allowed = policies.flatMap(({ Statement }) => Statement.flatMap(({ Action }) => Action));
    expect(allowed.filter((action) => action.startsWith('autoscaling:') && !used.has(action))).toEqual([]);
  });

  it('keeps the groups of another pool, and of another installation, apart', async () => {
    const own = changing(await recorded(OWN, ofOwn));
    expect(await deniedBy(ofAttached, own)).toEqual(new Set(own.map(({ name }) => name)));
    const theirs = changing(await recorded(THEIRS, ofAttached));
    expect(await deniedBy(ofOwn, theirs)).toEqual(new Set(theirs.map(({ name }) => name)));
    const ofBeta = policiesOf('controller', {
      facts: facts({
        installation: 'beta',
        pools: [attached],
        instanceRoles: { linux: 'runtide-instance' },
      }),
    });
    expect(await deniedBy(ofBeta, theirs)).toEqual(new Set(theirs.map(({ name }) => name)));
  });

  it('rests on the tag that the adapter takes off', () => {
    expect(MAX_JOBS).toBe(TAG.maxJobs);
  });
});
