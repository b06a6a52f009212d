import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { isPortError } from '../../../controller/errors.ts';
import type { Remarks } from '../../../controller/ports.ts';
import type { OrderFailure } from '../../../engine/group.ts';
import type { Instance } from '../../../engine/instance.ts';
import { type Instant, instant, minutes } from '../../../engine/time.ts';
import type { CallLimits } from '../aws-call.ts';
import type { Ec2Fleet } from '../ec2-fleet.ts';
import type { AttachedVersions } from './attached-versions.ts';
import { type DescribedGroup, describeGroups, isForeign } from './described-group.ts';
import type { ExpectedDesired } from './expected-desired.ts';
import {
  countedIn,
  type GroupOfPool,
  isAwaited,
  stateUnknownToEc2,
  unknownToEc2,
  withMembership,
} from './group-members.ts';
import type { GroupPool } from './group-pool.ts';
import { failureSince, type Order } from './launch-failure.ts';
import type { Member } from './member.ts';

export interface GroupListingOptions {
  readonly client: AutoScalingClient;
  readonly fleet: Pick<Ec2Fleet, 'list' | 'lookUp'>;
  readonly installation: string;
  readonly groups: () => Readonly<Record<string, GroupPool>>;
  readonly expected: ExpectedDesired;
  /** The last order of each pool, by this process. */
  readonly orders: ReadonlyMap<string, Order>;
  readonly versions: AttachedVersions;
  readonly now: () => Instant;
  readonly limits: (signal: AbortSignal) => CallLimits;
  /** Hears of what is left out or not known, once. */
  readonly note: (message: string) => void;
}

/** What the last listing showed. */
interface Seen {
  readonly groups: ReadonlyMap<string, GroupOfPool>;
  readonly instances: readonly Instance[];
  /** Members that are none of the installation's, by group. */
  readonly strangers: ReadonlyMap<string, readonly string[]>;
}

/** How far back a new process looks for why an order of the one before was not launched. */
const LOOK_BACK = minutes(5);

/** What EC2 and the groups of one place say of instances, put together. */
export class GroupListing {
  readonly #options: GroupListingOptions;
  #seen: Seen = { groups: new Map(), instances: [], strangers: new Map() };

  constructor(options: GroupListingOptions) {
    this.#options = options;
  }

  /** What was listed last. */
  get seen(): Seen {
    return this.#seen;
  }

  /** Every instance, with where it stands with its group. Throws `PortError`. */
  async list(signal: AbortSignal, remarks?: Remarks): Promise<readonly Instance[]> {
    const listed = await this.#options.fleet.list(signal);
    const groups = await this.describe(signal, groupsIn(listed));
    const instances = await this.#putTogether(listed, groups, signal);
    if (remarks?.group !== undefined) await this.#report(remarks, signal);
    return instances;
  }

  /** The groups of the pools and those that instances were seen in, without those that others have. */
  async describe(
    signal: AbortSignal,
    seenIn: readonly string[] = [],
  ): Promise<ReadonlyMap<string, GroupOfPool>> {
    const { client, installation, limits, versions } = this.#options;
    const pools = Object.entries(this.#options.groups());
    const configured = pools.map(([, { group }]) => group);
    const names = new Set([...configured, ...groupsIn(this.#seen.instances), ...seenIn]);
    const described = await describeGroups(client, [...names], () => limits(signal));
    const groups = new Map<string, GroupOfPool>();
    for (const group of described.values()) {
      if (isForeign(group, installation)) continue;
      const [pool, settings] = pools.find(([, one]) => one.group === group.name) ?? [];
      const version = settings?.attached === true ? await versions.of(group, limits(signal)) : undefined;
      groups.set(group.name, {
        group,
        ...(pool !== undefined && { pool }),
        ...(settings !== undefined && { settings }),
        ...(version !== undefined && { version }),
      });
    }
    return groups;
  }

  /** The instances that the group has now and that it does not end, those too that no listing has shown. */
  async membersOf(group: DescribedGroup, signal: AbortSignal): Promise<readonly Instance[]> {
    const ids = new Set(group.members.map(({ id }) => id));
    const known = this.#seen.instances.filter(
      ({ id, membership }) => ids.has(id) || membership?.group === group.name,
    );
    const others = [...ids].filter((id) => known.every((instance) => instance.id !== id));
    const found = others.length === 0 ? [] : (await this.#options.fleet.lookUp(others, signal)).instances;
    return [...known, ...found].filter(
      ({ state, membership }) => (state === 'pending' || state === 'running') && membership?.ending !== true,
    );
  }

  /** What EC2 lists, with what groups say of their members, and the members that EC2 does not list. */
  async #putTogether(
    listed: readonly Instance[],
    groups: ReadonlyMap<string, GroupOfPool>,
    signal: AbortSignal,
  ): Promise<readonly Instance[]> {
    const members = membersById(groups);
    const known = new Set(listed.map(({ id }) => id));
    const unlisted = [...members.keys()].filter((id) => !known.has(id));
    const nothing = { instances: [], strangers: [] };
    const found = unlisted.length === 0 ? nothing : await this.#options.fleet.lookUp(unlisted, signal);
    const answered = new Set([...found.instances.map(({ id }) => id), ...found.strangers]);
    const unknown = unlisted
      .filter((id) => !answered.has(id))
      .flatMap((id) => this.#unknown(members.get(id)) ?? []);
    const instances = [...listed, ...found.instances]
      .map((instance) => {
        const one = members.get(instance.id);
        return one === undefined ? instance : withMembership(instance, one.member, one.of);
      })
      .concat(unknown)
      .filter(isAwaited);
    const strangers = Map.groupBy(found.strangers, (id) => members.get(id)?.of.group.name ?? '');
    this.#seen = { groups, instances, strangers };
    for (const [group, ids] of strangers) this.#options.note(strangerWords(group, ids));
    return instances;
  }

  #unknown(one: MemberOf | undefined): Instance | undefined {
    if (one === undefined) return undefined;
    const { orders, now } = this.#options;
    const before = this.#seen.instances.find(({ id }) => id === one.member.id);
    if (before !== undefined) {
      return withMembership({ ...before, state: stateUnknownToEc2(one.member) }, one.member, one.of);
    }
    const [ordered] = orders.get(one.of.pool ?? '')?.offerings ?? [];
    return unknownToEc2(one.member, one.of, ordered?.market, now());
  }

  /** Tells of each pool's group. */
  async #report(remarks: Remarks, signal: AbortSignal): Promise<void> {
    const { groups, instances } = this.#seen;
    const { expected, now } = this.#options;
    for (const { group, pool } of groups.values()) {
      if (pool === undefined) continue;
      const { name, min, max } = group;
      const desired = expected.of(group, now());
      const ordered = Math.max(0, desired - countedIn(group, instances));
      const failure = ordered > 0 ? await this.#failureOf(pool, name, signal) : undefined;
      remarks.group?.({
        pool,
        group: name,
        min,
        max,
        desired,
        ordered,
        ...(failure !== undefined && { failure }),
      });
    }
  }

  /** Why what was ordered does not come. Where that cannot be asked, it may still come. */
  async #failureOf(pool: string, group: string, signal: AbortSignal): Promise<OrderFailure | undefined> {
    const { client, orders, groups, now, limits, note } = this.#options;
    const before = { at: instant(now() - LOOK_BACK), offerings: groups()[pool]?.offerings ?? [] };
    try {
      return await failureSince(client, group, orders.get(pool) ?? before, limits(signal));
    } catch (error) {
      if (!isPortError(error)) throw error;
      note(`why group ${group} launches nothing is not known: ${error.message}`);
      return undefined;
    }
  }
}

interface MemberOf {
  readonly member: Member;
  readonly of: GroupOfPool;
}

function membersById(groups: ReadonlyMap<string, GroupOfPool>): ReadonlyMap<string, MemberOf> {
  return new Map(
    [...groups.values()].flatMap((of) =>
      of.group.members.map((member) => [member.id, { member, of }] as const),
    ),
  );
}

function groupsIn(instances: readonly Instance[]): readonly string[] {
  return instances.flatMap(({ membership }) => membership?.group ?? []);
}

function strangerWords(group: string, ids: readonly string[]): string {
  const named = ids.length > 3 ? `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more` : ids.join(', ');
  return `group ${group} has members that are left alone (${named}): they carry no tags of Runtide; let the group end them, or detach them, once their work is done`;
}
