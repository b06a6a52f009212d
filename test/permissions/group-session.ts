import { checkGroup } from '../../src/adapters/aws/auto-scaling/group-checks.ts';
import { GroupFleet } from '../../src/adapters/aws/auto-scaling/group-fleet.ts';
import type { GroupPool } from '../../src/adapters/aws/auto-scaling/group-pool.ts';
import { GroupUpkeep } from '../../src/adapters/aws/auto-scaling/group-upkeep.ts';
import { limitsOf } from '../../src/adapters/aws/aws-call.ts';
import { ec2Fleet } from '../../src/adapters/aws/ec2-fleet.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { instant, milliseconds, minutes, seconds } from '../../src/engine/time.ts';
import type { GuardedAccount } from './guarded-account.ts';

const signal = new AbortController().signal;
const note = (): void => undefined;
const REMARKS = { leaveOut: () => undefined, group: () => undefined };
const OFFERINGS = defaultPlace.subnets.map(({ id: subnet }) => ({
  instanceType: 'm7i.large',
  subnet,
  market: 'spot' as const,
}));

/** For tests: the group of pool `linux`, whose jobs are counted. */
export function groupPool(group: string, attached: boolean): GroupPool {
  return {
    group,
    attached,
    heartbeat: minutes(60),
    max: 10,
    subnets: attached ? [] : defaultPlace.subnets.map(({ id }) => id),
    offerings: OFFERINGS,
    slots: 1,
    maxJobs: 3,
    generation: 'g1',
  };
}

/** For tests: makes the group of an operator, which belongs to the installation, before anybody is asked. */
export function makeGroup({ model, groups, installation }: GuardedAccount, name: string): void {
  const image = defaultPlace.images[0]?.id ?? '';
  const { id } = model.createLaunchTemplate({ name, data: { imageId: image }, tagSpecifications: [] });
  groups.createAutoScalingGroup({
    name,
    minSize: 0,
    maxSize: 10,
    subnets: defaultPlace.subnets.map((subnet) => subnet.id),
    mixedInstancesPolicy: {
      template: { id, version: '$Default' },
      overrides: [{ instanceType: 'm7i.large' }],
      distribution: {},
    },
    tags: [{ key: 'runtide:installation', value: installation, propagateAtLaunch: true }],
    lifecycleHooks: (['LAUNCHING', 'TERMINATING'] as const).map((end) => ({
      name: end === 'LAUNCHING' ? 'runtide-launch' : 'runtide-terminate',
      transition: `autoscaling:EC2_INSTANCE_${end}` as const,
      heartbeatTimeout: minutes(60),
    })),
  });
}

/** The fleet of a place whose pool has the group that `pool` says. */
function fleetOf(account: GuardedAccount, pool: () => GroupPool): GroupFleet {
  const { ec2, autoScaling, clock, installation } = account;
  const options = { installation, tags: () => ({}), timeout: seconds(10), note };
  const pools = () => (pool().attached ? {} : { linux: account.machines() });
  return new GroupFleet({
    ...options,
    client: autoScaling,
    ec2,
    fleet: ec2Fleet({ ...options, ec2, pools }),
    groups: () => ({ linux: pool() }),
    now: () => clock.now(),
  });
}

/** Looks at the group as `runtide check` and the upkeep do; answers with all that is wrong. */
async function look(account: GuardedAccount, fleet: GroupFleet, settings: GroupPool): Promise<void> {
  const { autoScaling: client, ec2, installation } = account;
  const place = { name: 'here', client, fleet };
  const options = { installation, isKnown: () => true, timeout: seconds(10) };
  await new GroupUpkeep({ ...options, places: [place] }).tend(signal);
  const question = { ec2, client, installation, pool: 'linux', settings };
  await checkGroup(question, () => limitsOf(signal, seconds(10)));
}

/** For tests: everything that Runtide does with the group of pool `linux`, once. */
export async function groupSession(account: GuardedAccount, first: GroupPool): Promise<void> {
  const { groups, clock } = account;
  let settings = first;
  const fleet = fleetOf(account, () => settings);
  const request = { launchId: 'l1', pool: 'linux', count: 2, offerings: OFFERINGS, slots: 1 };
  const template = await fleet.prepare('linux', signal);
  await fleet.launch({ ...request, generation: 'g1', template }, signal);
  await fleet.list(signal, REMARKS);
  await clock.advance(minutes(2));
  const ids = (await fleet.list(signal, REMARKS)).map(({ id }) => id);
  if (ids.length !== 2) throw new Error(`the group has launched ${ids.length} of 2`);
  for (const id of ids) {
    await fleet.heartbeat('linux', id, 'launch', signal);
    await fleet.complete('linux', id, 'launch', signal);
  }
  await clock.advance(minutes(4));
  groups.setInstanceProtection({ group: first.group, ids, protectedFromScaleIn: false });
  await fleet.list(signal, REMARKS);
  // Changed in all that a group is told of.
  const { maxJobs: _uncounted, ...rest } = first;
  settings = { ...rest, max: 12, heartbeat: milliseconds(first.heartbeat / 2), generation: 'g2' };
  await look(account, fleet, settings);
  await fleet.find(ids, signal);
  await fleet.drain(ids, 'idle', instant(clock.now()), signal);
  await fleet.terminate(ids, signal);
  await fleet.cancel('linux', 1, signal);
}
