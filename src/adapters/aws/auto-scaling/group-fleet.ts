import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { Fleet, Groups, LaunchRequest, LaunchResult, Remarks } from '../../../controller/ports.ts';
import type { Transition } from '../../../engine/group.ts';
import type { DrainReason, Instance } from '../../../engine/instance.ts';
import type { Duration, Instant } from '../../../engine/time.ts';
import { type CallLimits, limitsOf } from '../aws-call.ts';
import type { Ec2Fleet } from '../ec2-fleet.ts';
import { AttachedVersions } from './attached-versions.ts';
import { type DescribedGroup, describeGroups, isForeign } from './described-group.ts';
import { setDesired } from './desired-capacity.ts';
import { ExpectedDesired } from './expected-desired.ts';
import { refusedGroup } from './group-call.ts';
import { GroupKeeper } from './group-keeper.ts';
import { GroupListing } from './group-listing.ts';
import { countedIn } from './group-members.ts';
import type { GroupPool } from './group-pool.ts';
import type { Order } from './launch-failure.ts';
import { answerHook, beat } from './lifecycle-hooks.ts';
import { expectedOnDemand, isPolicyOf, marketPolicy, templateOf } from './market-policy.ts';
import { endMembers } from './member-ends.ts';
import { membershipsOf } from './memberships.ts';
import { type OrderPin, readPin, writePin } from './order-pin.ts';
import { updateGroup } from './own-group.ts';

export interface GroupFleetOptions {
  readonly client: AutoScalingClient;
  readonly ec2: EC2Client;
  /** The same place's machines, whoever launches them. */
  readonly fleet: Pick<Ec2Fleet, keyof Fleet | 'lookUp'>;
  readonly installation: string;
  /** The user's tags for everything bought, as of now. */
  readonly tags: () => Readonly<Record<string, string>>;
  /** The pools that have groups, as of now. */
  readonly groups: () => Readonly<Record<string, GroupPool>>;
  /** The longest that one operation may take; for listings, that one page may take. */
  readonly timeout: Duration;
  readonly now: () => Instant;
  /** Hears of what is left out or not known, once. */
  readonly note: (message: string) => void;
}

/**
 * The machines of one region and account where Auto Scaling groups launch those of some pools. A group follows: it
 * is asked for machines by its desired capacity, and ends none but those that it is told to.
 */
export class GroupFleet implements Fleet, Groups {
  readonly #options: GroupFleetOptions;
  readonly #expected = new ExpectedDesired();
  readonly #orders = new Map<string, Order>();
  readonly #listing: GroupListing;
  readonly #keeper: GroupKeeper;
  readonly #noted = new Set<string>();

  constructor(options: GroupFleetOptions) {
    const { client, ec2, fleet, installation, groups, tags, now, note } = options;
    this.#options = options;
    const once = (message: string) => this.#noteOnce(message);
    const ownership = () => ({ installation, tags: tags() });
    const shared = { client, expected: this.#expected, now };
    this.#keeper = new GroupKeeper({ ...shared, ownership, note });
    this.#listing = new GroupListing({
      ...shared,
      fleet,
      installation,
      groups,
      orders: this.#orders,
      versions: new AttachedVersions({ ec2, now, note: once }),
      limits: (signal) => this.#limits(signal),
      note: once,
    });
  }

  list(signal: AbortSignal, remarks?: Remarks): Promise<readonly Instance[]> {
    return this.#listing.list(signal, remarks);
  }

  /** With where each stands with its group; throws where that is not known. */
  async find(ids: readonly string[], signal: AbortSignal): Promise<readonly Instance[]> {
    const found = await this.#options.fleet.find(ids, signal);
    // Whoever has no groups needs no right to ask about them.
    const hasGroups = Object.keys(this.pools).length > 0 || this.seen.groups.size > 0;
    if (!hasGroups) return found;
    const named = found.map(({ id }) => id);
    const standing = await membershipsOf(this.#options.client, named, () => this.#limits(signal));
    return found.map((instance) => {
      const membership = standing.get(instance.id);
      return membership === undefined ? instance : { ...instance, membership };
    });
  }

  async prepare(pool: string, signal: AbortSignal): Promise<LaunchRequest['template']> {
    const settings = this.#options.groups()[pool];
    if (settings === undefined) return this.#options.fleet.prepare(pool, signal);
    const { group, template } = await this.keep(pool, settings, signal);
    return writePin({ template, base: this.#expected.of(group, this.#options.now()) });
  }

  /** The pool's group as it must be, and what it launches from. Throws `PortError`. */
  async keep(pool: string, settings: GroupPool, signal: AbortSignal) {
    const template = settings.attached ? undefined : await this.#options.fleet.prepare(pool, signal);
    const ours = new Set(this.#listing.seen.instances.map(({ id }) => id));
    const kept = { pool, settings, isOurs: (id: string) => ours.has(id) };
    const group = await this.#keeper.keep(
      template === undefined ? kept : { ...kept, template },
      this.#limits(signal),
    );
    return { group, template: template ?? launchedFrom(group) };
  }

  async launch(request: LaunchRequest, signal: AbortSignal): Promise<LaunchResult> {
    const pin = readPin(request.template);
    if (pin === undefined) return this.#options.fleet.launch(request, signal);
    const { pool, count } = request;
    const settings = this.#options.groups()[pool];
    const doing = `asking for ${count} ${count === 1 ? 'instance' : 'instances'} of pool ${pool} (launch ${request.launchId})`;
    if (settings === undefined) {
      throw refusedGroup(doing, 'the pool has no group any more', 'the next pass asks anew');
    }
    const limits = this.#limits(signal);
    const group = await this.#groupOf(settings.group, limits);
    if (group === undefined) {
      this.#keeper.forget(settings.group);
      throw refusedGroup(doing, `group ${settings.group} is gone`, 'the next pass looks for it again');
    }
    if (isForeign(group, this.#options.installation)) {
      throw refusedGroup(
        doing,
        `another installation has group ${group.name}`,
        'give the pool another group',
      );
    }
    const target = pin.base + count;
    if (this.#expected.of(group, this.#options.now()) < target) {
      if (target > group.max) throw tooMany(doing, target, group);
      await this.#order(request, { settings, group, pin }, signal);
    }
    return { launched: [], ordered: count, shortfalls: [] };
  }

  drain(ids: readonly string[], because: DrainReason, at: Instant, signal: AbortSignal): Promise<void> {
    return this.#options.fleet.drain(ids, because, at, signal);
  }

  async terminate(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const { client, fleet } = this.#options;
    const groups = await this.#listing.describe(signal);
    const members = new Set<string>();
    const wanted = new Set(ids);
    const endings = [...groups.values()].flatMap(({ group }) => {
      const some = group.members.filter(({ id }) => wanted.has(id));
      for (const { id } of some) members.add(id);
      return some.length === 0 ? [] : [{ group, some }];
    });
    const others = ids.filter((id) => !members.has(id));
    if (others.length > 0) await fleet.terminate(others, signal);
    for (const { group, some } of endings) {
      await endMembers(some, {
        client,
        group,
        desired: this.#expected.of(group, this.#options.now()),
        limits: this.#limits(signal),
        told: (desired) => this.#expected.tell(group.name, desired, this.#options.now()),
      });
    }
  }

  console(id: string, signal: AbortSignal): Promise<string> {
    return this.#options.fleet.console(id, signal);
  }

  async cancel(pool: string, count: number, signal: AbortSignal): Promise<void> {
    const { client, now } = this.#options;
    const settings = this.#options.groups()[pool];
    if (settings === undefined) return;
    const limits = this.#limits(signal);
    const group = await this.#groupOf(settings.group, limits);
    if (group === undefined) return;
    const desired = this.#expected.of(group, now());
    const least = Math.max(group.min, countedIn(group, this.#listing.seen.instances));
    const target = Math.max(desired - count, least);
    if (target >= desired) return;
    await setDesired(client, group.name, target, limits);
    this.#expected.tell(group.name, target, now());
  }

  async heartbeat(pool: string, instance: string, hook: Transition, signal: AbortSignal): Promise<void> {
    for (const group of this.#groupsOf(pool, instance)) {
      await beat(this.#options.client, { group, instance, hook }, this.#limits(signal));
    }
  }

  async complete(pool: string, instance: string, hook: Transition, signal: AbortSignal): Promise<void> {
    for (const group of this.#groupsOf(pool, instance)) {
      await answerHook(this.#options.client, { group, instance, hook }, 'CONTINUE', this.#limits(signal));
    }
  }

  /** The pools that have groups, as of now. */
  get pools(): Readonly<Record<string, GroupPool>> {
    return this.#options.groups();
  }

  /** What was listed last. */
  get seen(): GroupListing['seen'] {
    return this.#listing.seen;
  }

  /** The group that the instance was seen in, or else that of its pool. */
  #groupsOf(pool: string, instance: string): readonly string[] {
    const seen = this.#listing.seen.instances.find(({ id }) => id === instance)?.membership?.group;
    const name = seen ?? this.#options.groups()[pool]?.group;
    return name === undefined ? [] : [name];
  }

  async #groupOf(name: string, limits: CallLimits): Promise<DescribedGroup | undefined> {
    return (await describeGroups(this.#options.client, [name], () => limits)).get(name);
  }

  async #order(
    { pool, offerings, count }: LaunchRequest,
    { settings, group, pin }: { settings: GroupPool; group: DescribedGroup; pin: OrderPin },
    signal: AbortSignal,
  ): Promise<void> {
    const { client, now } = this.#options;
    const limits = this.#limits(signal);
    if (!settings.attached) {
      const members = await this.#listing.membersOf(group, signal);
      const ordered = Math.max(0, this.#expected.of(group, now()) - members.length);
      const onDemand = expectedOnDemand(group, members, ordered);
      const more = offerings[0]?.market === 'on-demand' ? count : 0;
      const policy = marketPolicy(pin.template, offerings, onDemand + more, settings.offerings);
      if (!isPolicyOf(group, policy)) {
        await updateGroup(client, group.name, { MixedInstancesPolicy: policy }, limits);
      }
    }
    await setDesired(client, group.name, pin.base + count, limits);
    this.#expected.tell(group.name, pin.base + count, now());
    this.#orders.set(pool, { at: now(), offerings });
  }

  #limits(signal: AbortSignal): CallLimits {
    return limitsOf(signal, this.#options.timeout);
  }

  #noteOnce(message: string): void {
    if (this.#noted.has(message)) return;
    this.#noted.add(message);
    this.#options.note(message);
  }
}

/** What a group of the operator's launches from, in its own words. */
function launchedFrom(group: DescribedGroup) {
  const { LaunchTemplateId, LaunchTemplateName, Version = '$Default' } = templateOf(group) ?? {};
  return { id: LaunchTemplateId ?? LaunchTemplateName ?? group.name, version: Version };
}

function tooMany(doing: string, target: number, { name, max }: DescribedGroup) {
  const why = `group ${name} would have ${target} instances, and its maximum is ${max}`;
  const next = `aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${name} --max-size ${target}, or lower max of the pool`;
  return refusedGroup(doing, why, next);
}
