import type { Market } from '../../../engine/pool.ts';
import { after, type Duration, type Instant } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import { Ec2Error } from '../ec2/error.ts';
import type { FleetAnswer } from '../ec2/fleet-request.ts';
import {
  type CapacitySource,
  fleetOf,
  marketsFor,
  sourceOf,
  versionOf,
  weightOf,
} from './capacity-source.ts';
import { type Group, stamp } from './group.ts';
import { failureMessage, type LaunchFailure } from './launch-failure.ts';
import type { Lifecycle } from './lifecycle.ts';
import { unitsOf } from './member.ts';

export interface GroupLaunchWorld {
  readonly timers: Timers;
  readonly ec2: Ec2;
  readonly lifecycle: Lifecycle;
  /** How long a zone that was short is not balanced by. */
  readonly shortFor: Duration;
}

/** Buys what a group lacks, evenly over its zones. */
export class GroupLaunch {
  readonly #world: GroupLaunchWorld;
  readonly #group: Group;
  readonly #source: CapacitySource;
  readonly #cause: string;
  readonly #failures = new Map<string, LaunchFailure>();

  constructor(world: GroupLaunchWorld, group: Group) {
    this.#world = world;
    this.#group = group;
    this.#source = sourceOf(group);
    this.#cause = group.takeCause();
  }

  /** Whether all of `units` could be had. */
  run(units: number): boolean {
    const capacity = unitsOf(this.#group.staying()) + units;
    for (const { market, units: part } of marketsFor(this.#source, units, capacity, this.#group.staying())) {
      this.#buy(market, part);
    }
    for (const failure of this.#failures.values()) this.#fail(failure);
    return this.#failures.size === 0;
  }

  /** Tries zone after zone, the emptiest first, until all is bought or none is left. */
  #buy(market: Market, units: number): void {
    const open = new Set(this.#group.settings.subnets);
    let left = units;
    while (left > 0 && open.size > 0) {
      for (const [subnet, count] of this.#spread(left, open)) {
        const bought = this.#buyIn(subnet, market, count);
        left -= bought.units;
        if (bought.short) open.delete(subnet);
        if (left <= 0) return;
      }
    }
  }

  /** How many instances where: one at a time, each where fewest are; one alone where types are weighed. */
  #spread(units: number, open: ReadonlySet<string>): ReadonlyMap<string, number> {
    const group = this.#group;
    const present = new Map<string, number>(Array.from(open, (subnet) => [subnet, 0]));
    const zones = new Map<string, number>();
    for (const { subnet, view } of group.staying()) {
      present.set(subnet, (present.get(subnet) ?? 0) + 1);
      zones.set(view.zone, (zones.get(view.zone) ?? 0) + 1);
    }
    const counts = new Map<string, number>();
    const weighed = this.#source.overrides.some(({ weightedCapacity }) => weightedCapacity !== undefined);
    for (let number = 0; number < (weighed ? 1 : units); number++) {
      const load = (subnet: string): number =>
        (zones.get(group.zoneOf(subnet)) ?? 0) * 1_000_000 + (present.get(subnet) ?? 0);
      const subnet = [...open].toSorted((a, b) => load(a) - load(b))[0] ?? '';
      const zone = group.zoneOf(subnet);
      counts.set(subnet, (counts.get(subnet) ?? 0) + 1);
      present.set(subnet, (present.get(subnet) ?? 0) + 1);
      zones.set(zone, (zones.get(zone) ?? 0) + 1);
    }
    return counts;
  }

  #buyIn(subnet: string, market: Market, count: number): { readonly units: number; readonly short: boolean } {
    try {
      const answer = this.#world.ec2.service.launch(
        fleetOf(this.#source, { subnet, market, count }, this.#tags()),
        [{ key: 'aws:autoscaling:groupName', value: this.#group.name }],
      );
      const units = this.#join(answer);
      const short = answer.instances.reduce((sum, { ids }) => sum + ids.length, 0) < count;
      const [error] = short ? answer.errors : [];
      if (error !== undefined) this.#refused({ ...error, market, ...error.pool });
      return { units, short };
    } catch (error) {
      if (!(error instanceof Ec2Error)) throw error;
      const { code, message } = error;
      this.#refused({ code, message, market, instanceType: '', subnet, zone: this.#group.zoneOf(subnet) });
      return { units: 0, short: true };
    }
  }

  #tags() {
    const tags = [...this.#group.tags.values()].filter((tag) => tag.propagateAtLaunch);
    return tags.length === 0
      ? undefined
      : [{ resourceType: 'instance', tags: tags.map(({ key, value }) => ({ key, value })) }];
  }

  #join({ instances, market }: FleetAnswer): number {
    let units = 0;
    for (const { pool, ids } of instances) {
      const weight = weightOf(this.#source, pool.instanceType);
      const template = versionOf(this.#world.ec2, {
        id: pool.template.id,
        version: String(pool.template.version),
      });
      for (const id of ids) {
        const { name, settings } = this.#group;
        units += weight ?? 1;
        this.#world.lifecycle.join(this.#group, {
          view: {
            id,
            group: name,
            instanceType: pool.instanceType,
            zone: pool.zone,
            lifecycleState: 'Pending',
            healthStatus: 'Healthy',
            protectedFromScaleIn: settings.newInstancesProtectedFromScaleIn,
            template,
            weightedCapacity: weight,
          },
          market,
          subnet: pool.subnet,
          weight: weight ?? 1,
          launchedAt: this.#world.timers.now(),
          activity: this.#begin(`Launching a new EC2 instance: ${id}`, pool),
        });
      }
    }
    return units;
  }

  #begin(description: string, where: { readonly subnet: string; readonly zone: string }): string {
    const at = stamp(this.#world.timers.now());
    const { id } = this.#group.activities.begin({
      description,
      cause: `${this.#cause}At ${at} an instance was started in response to a difference between desired and actual capacity, increasing the capacity.`,
      status: 'PreInService',
      progress: 30,
      ...where,
    });
    return id;
  }

  #refused(failure: LaunchFailure): void {
    const until: Instant = after(this.#world.timers.now(), this.#world.shortFor);
    this.#group.shortZones.set(failure.zone, until);
    this.#failures.set(`${failure.market} ${failure.zone} ${failure.code}`, failure);
  }

  #fail(failure: LaunchFailure): void {
    const message = failureMessage(failure, this.#source.distribution !== undefined);
    const id = this.#begin(`Launching a new EC2 instance.  Status Reason: ${message}`, failure);
    this.#group.activities.end(id, 'Failed', message);
  }
}
