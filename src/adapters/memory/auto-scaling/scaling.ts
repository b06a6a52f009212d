import { after, backoff, elapsed } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import type { GroupTimes } from './auto-scaling-options.ts';
import { onDemandLacking, sourceOf } from './capacity-source.ts';
import { type Group, stamp } from './group.ts';
import { GroupLaunch } from './group-launch.ts';
import type { Lifecycle } from './lifecycle.ts';
import { isInService, type Member, unitsOf } from './member.ts';

export interface ScalingWorld {
  readonly timers: Timers;
  readonly ec2: Ec2;
  readonly lifecycle: Lifecycle;
  readonly times: GroupTimes;
}

const PROTECTED =
  'Could not scale to desired capacity because all remaining instances are protected from scale-in.';

/** Brings what a group has to what it should have. */
export class Scaling {
  readonly #world: ScalingWorld;

  constructor(world: ScalingWorld) {
    this.#world = world;
  }

  /** Looks at the difference and acts on it; `again` looks once more after a while. */
  settle(group: Group, again: () => void): void {
    if (group.deleting) return;
    this.#finishReplacements(group);
    this.#leaveForeignZones(group);
    this.#adjustMarkets(group);
    this.#balance(group);
    const active = group.active();
    const surge = unitsOf(active.filter(({ view }) => group.replacements.has(view.id)));
    const lacking = group.settings.desiredCapacity + surge - unitsOf(active);
    if (lacking > 0) this.#scaleOut(group, lacking, again);
    if (lacking < 0) this.#scaleIn(group, -lacking);
  }

  /** Lets others come for members before these go, as far as the group may exceed its size: by a tenth, or one. */
  replace(group: Group, members: readonly Member[], cause: string): void {
    const { maxSize } = group.settings;
    const most = Math.max(maxSize + 1, Math.floor(maxSize * 1.1));
    for (const { view, weight } of members) {
      const surge = unitsOf(group.active().filter((one) => group.replacements.has(one.view.id)));
      if (group.settings.desiredCapacity + surge + weight > most) return;
      if (!group.replacements.has(view.id)) group.replacements.set(view.id, cause);
    }
  }

  #scaleOut(group: Group, units: number, again: () => void): void {
    const { timers, times, ec2, lifecycle } = this.#world;
    const now = timers.now();
    if (!group.runs('Launch')) return;
    if (group.retryAt !== undefined && elapsed(now, group.retryAt) > 0) return;
    const launch = new GroupLaunch({ timers, ec2, lifecycle, shortFor: times.retryAtLongest }, group);
    if (launch.run(units)) {
      group.failures = 0;
      group.retryAt = undefined;
      return;
    }
    group.failures++;
    const pause = backoff(times.retryAfter, group.failures, times.retryAtLongest);
    group.retryAt = after(now, pause);
    timers.after(pause, again);
  }

  #scaleIn(group: Group, units: number): void {
    if (!group.runs('Terminate')) return;
    let excess = units;
    for (;;) {
      const victim = this.#victim(group, excess);
      if (victim === undefined) break;
      const { id } = victim.view;
      this.#world.lifecycle.terminate(
        group,
        id,
        `an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity.  instance ${id} was selected for termination.`,
      );
      excess -= victim.weight;
    }
    if (excess === units) this.#sayProtected(group);
  }

  /** In service, not protected, no larger than what is too much: where most are, the oldest. */
  #victim(group: Group, excess: number): Member | undefined {
    const inService = group.active().filter(isInService);
    const inZone = (zone: string): number => inService.filter(({ view }) => view.zone === zone).length;
    return inService
      .filter(({ view, weight }) => !view.protectedFromScaleIn && weight <= excess)
      .toSorted(
        (a, b) => inZone(b.view.zone) - inZone(a.view.zone) || elapsed(b.launchedAt, a.launchedAt),
      )[0];
  }

  #sayProtected(group: Group): void {
    const active = group.active();
    if (group.saidProtected || active.length === 0) return;
    if (active.some(({ view }) => view.lifecycleState !== 'InService' || !view.protectedFromScaleIn)) return;
    group.saidProtected = true;
    const { id } = group.activities.begin({
      description: PROTECTED,
      cause: `${group.takeCause()}At ${stamp(this.#world.timers.now())} an instance was to be taken out of service in response to a difference between desired and actual capacity.`,
      status: 'InProgress',
      progress: 0,
    });
    group.activities.end(id, 'Cancelled', PROTECTED);
  }

  /** Those that go once others have come for them, now that these are in service. */
  #finishReplacements(group: Group): void {
    for (const [id, cause] of group.replacements) {
      const active = group.active();
      const member = active.find(({ view }) => view.id === id);
      if (member === undefined) group.replacements.delete(id);
      else if (group.runs('Terminate')) {
        const others = unitsOf(group.staying().filter(isInService));
        const olds = unitsOf(active.filter(({ view }) => group.replacements.has(view.id)));
        const staying = others + olds - member.weight;
        if (staying >= group.settings.desiredCapacity) this.#world.lifecycle.terminate(group, id, cause);
      }
    }
  }

  /** Members where the group has no subnet any more are replaced, protected or not. */
  #leaveForeignZones(group: Group): void {
    const foreign = group
      .active()
      .filter((one) => isInService(one) && !group.settings.subnets.includes(one.subnet));
    this.replace(
      group,
      foreign,
      'an instance was taken out of service in response to a change of the Availability Zones of the group.',
    );
  }

  /**
   * After a change of the policy, members of the market that has too many are replaced one by one, as AWS says
   * of `OnDemandBaseCapacity` and `OnDemandPercentageAboveBaseCapacity`. That protected ones stay is assumed.
   */
  #adjustMarkets(group: Group): void {
    const { distribution } = sourceOf(group);
    if (distribution === undefined || !group.marketsChanged || !this.#isSettled(group)) return;
    const active = group.active();
    const lacking = onDemandLacking(distribution, group.settings.desiredCapacity, active);
    const surplus = lacking > 0 ? 'spot' : 'on-demand';
    const movable = active.filter(
      ({ market, view, weight }) =>
        market === surplus && !view.protectedFromScaleIn && weight <= Math.abs(lacking),
    );
    if (lacking === 0) group.marketsChanged = false;
    else {
      this.replace(
        group,
        movable.slice(0, 1),
        'an instance was taken out of service in response to a change of the purchase options of the group.',
      );
    }
  }

  /** Whether the group has all that it should have, and nothing is on its way. */
  #isSettled(group: Group): boolean {
    const active = group.active();
    return (
      group.replacements.size === 0 &&
      unitsOf(active) === group.settings.desiredCapacity &&
      active.every(isInService)
    );
  }

  /** Where zones differ by more than one, a member that is not protected moves. */
  #balance(group: Group): void {
    const { timers } = this.#world;
    const now = timers.now();
    if (!group.runs('AZRebalance') || !this.#isSettled(group)) return;
    const active = group.active();
    const able = group.zones().filter((zone) => elapsed(now, group.shortZones.get(zone) ?? now) <= 0);
    const inZone = (zone: string): readonly Member[] => active.filter(({ view }) => view.zone === zone);
    const counts = able.map((zone) => inZone(zone).length);
    const fullest = group.zones().toSorted((a, b) => inZone(b).length - inZone(a).length)[0] ?? '';
    if (inZone(fullest).length - Math.min(...counts) <= 1) return;
    const movable = inZone(fullest).filter(({ view }) => !view.protectedFromScaleIn);
    this.replace(
      group,
      movable.slice(0, 1),
      'an instance was taken out of service in response to a request to rebalance capacity across Availability Zones.',
    );
  }
}
