import type { Instance } from '../../../engine/instance.ts';
import type { Market } from '../../../engine/pool.ts';
import type { Instant } from '../../../engine/time.ts';
import type { DescribedGroup } from './described-group.ts';
import type { GroupPool } from './group-pool.ts';
import { isCounted, isEnding, type Member, membershipOf } from './member.ts';

/** A group, and the pool that it is for while the configuration has that. */
export interface GroupOfPool {
  readonly group: DescribedGroup;
  readonly pool?: string;
  readonly settings?: GroupPool;
  /** The version of the launch template that new members are made of; known for attached groups. */
  readonly version?: string;
}

/** A member that was made of an older launch template than its group launches now is of another generation. */
function withVersion(instance: Instance, member: Member, { settings, version }: GroupOfPool): Instance {
  if (settings?.attached !== true || version === undefined || member.version === undefined) return instance;
  if (member.version === version) return instance;
  return { ...instance, generation: `${instance.generation} of version ${member.version}` };
}

/** What EC2 says of a member, with what its group says. */
export function withMembership(instance: Instance, member: Member, of: GroupOfPool): Instance {
  return { ...withVersion(instance, member, of), membership: membershipOf(of.group.name, member) };
}

/** EC2 does not know it yet, or no more. */
export function stateUnknownToEc2(member: Member): Instance['state'] {
  return isEnding(member) ? 'terminated' : 'pending';
}

/**
 * A member that EC2 does not know: not yet, or no more, where its group still waits for a word about its end.
 * Undefined where its pool is not known any more. `ordered`: the market of the last order.
 */
export function unknownToEc2(
  member: Member,
  { group, pool, settings }: GroupOfPool,
  ordered: Market | undefined,
  now: Instant,
): Instance | undefined {
  if (pool === undefined || settings === undefined) return undefined;
  const market = ordered ?? settings.offerings[0]?.market ?? 'on-demand';
  const { slots, maxJobs, generation } = settings;
  return {
    id: member.id,
    pool,
    launchId: group.name,
    state: stateUnknownToEc2(member),
    launchedAt: now,
    slots,
    generation,
    // Not its subnet: a group tells the zone alone.
    offering: { instanceType: member.instanceType ?? 'unknown', market },
    membership: membershipOf(group.name, member),
    ...(maxJobs !== undefined && { maxJobs }),
  };
}

/** Whether a member is listed though EC2 has ended it: its group waits for a word about that. */
export function isAwaited({ state, membership }: Instance): boolean {
  return state !== 'terminated' || membership?.hook !== undefined || membership?.retained === true;
}

/** What EC2 shows as the group's, alive, and the group does not show yet. */
export function notShownYet(group: DescribedGroup, listed: readonly Instance[]): readonly Instance[] {
  const shown = new Set(group.members.map(({ id }) => id));
  return listed.filter(
    ({ id, state, membership }) =>
      membership?.group === group.name && !shown.has(id) && (state === 'pending' || state === 'running'),
  );
}

/** How many instances the group has of those that its desired capacity counts. */
export function countedIn(group: DescribedGroup, listed: readonly Instance[]): number {
  return group.members.filter(isCounted).length + notShownYet(group, listed).length;
}
