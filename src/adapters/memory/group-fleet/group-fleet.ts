import { PortError } from '../../../controller/errors.ts';
import type { Fleet, Groups, LaunchRequest, LaunchResult, Remarks } from '../../../controller/ports.ts';
import type { Transition } from '../../../engine/group.ts';
import type { DrainReason, Instance } from '../../../engine/instance.ts';
import { type Duration, elapsed, type Instant, seconds } from '../../../engine/time.ts';
import type { AutoScaling } from '../auto-scaling/auto-scaling.ts';
import type { GroupDescription, GroupInstance } from '../auto-scaling/group-requests.ts';
import type { Timers } from '../clock.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import { Ec2Error } from '../ec2/error.ts';
import { asPortError, MemoryFleet } from '../fleet.ts';
import { failureOf } from './group-failure.ts';
import { HOOK, MemoryGroupSettings } from './group-settings.ts';
import { countsFor, unfilled, withMembership } from './membership.ts';

/** A pool whose instances are a group's. */
export interface GroupPool {
  readonly group: string;
  readonly subnets: readonly string[];
  /** Most instances that it may have: the pool's `max` and its surge. */
  readonly most: number;
  readonly heartbeat: Duration;
}

export interface MemoryGroupFleetOptions {
  readonly timers: Timers;
  readonly ec2: Ec2;
  readonly autoScaling: AutoScaling;
  readonly installation: string;
  /** The image that new instances boot. */
  readonly imageId: string;
  /** By pool; pools that are not here are bought as fleets. */
  readonly pools: () => Readonly<Record<string, GroupPool>>;
}

/** Describes may lag by so much: until then what we have set ourselves is believed. */
const LAG = seconds(60);

/** Told where the group has gone on already. */
const NOTHING_WAITS = /No active Lifecycle Action|not found/;

/** The ports of a fleet whose pools are groups, straight over the models of EC2 and Auto Scaling. */
export class MemoryGroupFleet implements Fleet, Groups {
  readonly #options: MemoryGroupFleetOptions;
  readonly #fleet: MemoryFleet;
  readonly #settings: MemoryGroupSettings;
  /** What desired capacity was set to, by group. */
  readonly #set = new Map<string, { readonly desired: number; readonly at: Instant }>();

  constructor(options: MemoryGroupFleetOptions) {
    this.#options = options;
    this.#fleet = new MemoryFleet(options);
    this.#settings = new MemoryGroupSettings(options.autoScaling, options.ec2, options.installation);
  }

  async list(_signal?: AbortSignal, remarks?: Remarks): Promise<readonly Instance[]> {
    const groups = this.#describe();
    const members = groups.flatMap(({ instances }) => instances);
    const listed = await this.#fleet.list();
    const known = new Set(listed.map(({ id }) => id));
    const unlisted = members.filter(({ id }) => !known.has(id)).map(({ id }) => id);
    const found = (await this.#fleet.find(unlisted)).filter(({ pool }) => pool !== '');
    for (const [pool, { group }] of Object.entries(this.#options.pools())) {
      const described = groups.find(({ name }) => name === group);
      if (described !== undefined) this.#remark(pool, described, remarks);
    }
    return withMembership([...listed, ...found], members).filter(
      ({ state, membership }) => state !== 'terminated' || membership?.hook !== undefined,
    );
  }

  async find(ids: readonly string[]): Promise<readonly Instance[]> {
    const members = this.#describe().flatMap(({ instances }) => instances);
    return withMembership(await this.#fleet.find(ids), members);
  }

  async prepare(pool: string): Promise<LaunchRequest['template']> {
    const template = await this.#fleet.prepare(pool);
    const wanted = this.#options.pools()[pool];
    if (wanted === undefined) return template;
    const group = this.#call(`preparing group ${wanted.group}`, () =>
      this.#settings.ensure(pool, { ...wanted, template }),
    );
    return { ...template, version: `${template.version}/${this.#desiredOf(group)}` };
  }

  async launch(request: LaunchRequest): Promise<LaunchResult> {
    const wanted = this.#options.pools()[request.pool];
    if (wanted === undefined) return this.#fleet.launch(request);
    const { group } = wanted;
    const [, base = ''] = request.template.version.split('/');
    const target = Number(base) + request.count;
    this.#call(`asking group ${group} for ${request.count} instances`, () => {
      const described = this.#named(group);
      this.#settings.refuseForeign(described);
      if (this.#desiredOf(described) >= target) return;
      this.#settings.order(described, request);
      this.#setDesired(described, target);
    });
    return { launched: [], ordered: request.count, shortfalls: [] };
  }

  async drain(ids: readonly string[], because: DrainReason, at: Instant): Promise<void> {
    await this.#fleet.drain(ids, because, at);
  }

  async terminate(ids: readonly string[]): Promise<void> {
    const groups = this.#describe();
    const members = new Map(
      groups.flatMap((group) => group.instances.map((member) => [member.id, { group, member }] as const)),
    );
    await this.#fleet.terminate(ids.filter((id) => !members.has(id)));
    for (const id of ids) {
      const found = members.get(id);
      if (found === undefined) continue;
      this.#call(`ending ${id} of group ${found.group.name}`, () =>
        this.#end(this.#named(found.group.name), found.member),
      );
    }
  }

  async console(id: string): Promise<string> {
    return this.#fleet.console(id);
  }

  async cancel(pool: string, count: number): Promise<void> {
    const { group } = this.#pool(pool);
    this.#call(`taking back ${count} instances of group ${group}`, () => {
      const described = this.#named(group);
      const filled = described.instances.filter(countsFor).length;
      const desired = Math.max(filled, described.minSize, this.#desiredOf(described) - count);
      this.#setDesired(described, desired);
    });
  }

  async heartbeat(pool: string, instance: string, hook: Transition): Promise<void> {
    const { group } = this.#pool(pool);
    this.#unlessMovedOn(`having group ${group} wait for ${instance}`, () =>
      this.#options.autoScaling.recordLifecycleActionHeartbeat({ group, hook: HOOK[hook], id: instance }),
    );
  }

  async complete(pool: string, instance: string, hook: Transition): Promise<void> {
    const { group } = this.#pool(pool);
    this.#unlessMovedOn(`having group ${group} go on with ${instance}`, () =>
      this.#options.autoScaling.completeLifecycleAction({
        group,
        hook: HOOK[hook],
        id: instance,
        result: 'CONTINUE',
      }),
    );
  }

  /** Ends one member without anybody taking its place. */
  #end(group: GroupDescription, { id, lifecycleState }: GroupInstance): void {
    const { autoScaling } = this.#options;
    const filled = group.instances.filter(countsFor).length;
    const desired = this.#desiredOf(group);
    const lowers = desired > group.minSize && filled <= desired;
    if (lifecycleState.startsWith('Terminat') && lifecycleState !== 'Terminating:Retained') return;
    if (lifecycleState === 'Pending:Wait') {
      // First, or the group would launch another one in its place.
      if (lowers) this.#setDesired(group, desired - 1);
      const hook = { group: group.name, hook: HOOK.launch, id };
      autoScaling.completeLifecycleAction({ ...hook, result: 'ABANDON' });
      return;
    }
    const decrements = lowers && lifecycleState !== 'Terminating:Retained';
    autoScaling.terminateInstanceInAutoScalingGroup({
      ids: [id],
      shouldDecrementDesiredCapacity: decrements,
    });
    if (decrements) this.#note(group.name, desired - 1);
  }

  #remark(pool: string, described: GroupDescription, remarks: Remarks | undefined): void {
    const { name: group, minSize: min, maxSize: max } = described;
    const desired = this.#desiredOf(described);
    const ordered = unfilled({ ...described, desiredCapacity: desired });
    const since = this.#set.get(group)?.at;
    const failure =
      ordered === 0
        ? undefined
        : failureOf(
            this.#call(`reading the activities of group ${group}`, () =>
              this.#options.autoScaling.describeScalingActivities({ group }),
            ).items,
            { since, subnets: described.subnets, policy: described.mixedInstancesPolicy },
          );
    remarks?.group?.({
      pool,
      group,
      min,
      max,
      desired,
      ordered,
      ...(failure !== undefined && { failure }),
    });
  }

  #desiredOf({ name, desiredCapacity }: GroupDescription): number {
    const own = this.#set.get(name);
    if (own === undefined || elapsed(own.at, this.#options.timers.now()) > LAG) return desiredCapacity;
    return Math.max(own.desired, desiredCapacity);
  }

  #setDesired({ name, desiredCapacity }: GroupDescription, desired: number): void {
    if (desired === desiredCapacity && this.#set.get(name)?.desired === desired) return;
    this.#options.autoScaling.setDesiredCapacity({ group: name, desiredCapacity: desired });
    this.#note(name, desired);
  }

  #note(group: string, desired: number): void {
    this.#set.set(group, { desired, at: this.#options.timers.now() });
  }

  #describe(): readonly GroupDescription[] {
    const names = Object.values(this.#options.pools()).map(({ group }) => group);
    if (names.length === 0) return [];
    const { items } = this.#call('describing groups', () =>
      this.#options.autoScaling.describeAutoScalingGroups({ names }),
    );
    return items.filter((group) => this.#settings.isOurs(group));
  }

  #named(name: string): GroupDescription {
    const { items } = this.#options.autoScaling.describeAutoScalingGroups({ names: [name] });
    const [group] = items;
    if (group === undefined)
      throw new Ec2Error('ValidationError', `AutoScalingGroup name not found - ${name}`);
    return group;
  }

  #pool(pool: string): GroupPool {
    const known = this.#options.pools()[pool];
    if (known !== undefined) return known;
    const doing = `looking for the group of pool ${pool}`;
    throw new PortError({ kind: 'not-found', system: 'ec2', doing, why: 'it has none' });
  }

  #unlessMovedOn(doing: string, run: () => void): void {
    this.#call(doing, () => {
      try {
        run();
      } catch (error) {
        if (!(error instanceof Ec2Error) || !NOTHING_WAITS.test(error.message)) throw error;
      }
    });
  }

  #call<T>(doing: string, run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw asPortError(doing, error);
    }
  }
}
