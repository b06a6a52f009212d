import { elapsed, milliseconds } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import { stateOf } from '../ec2/instance-record.ts';
import type { Random } from '../random.ts';
import type { GroupTimes } from './auto-scaling-options.ts';
import type { Group } from './group.ts';
import type { Groups } from './groups.ts';
import type { Lifecycle } from './lifecycle.ts';
import { isInService, isLeaving } from './member.ts';
import type { Scaling } from './scaling.ts';

export interface HealthWorld {
  readonly timers: Timers;
  readonly ec2: Ec2;
  readonly groups: Groups;
  readonly lifecycle: Lifecycle;
  readonly scaling: Scaling;
  readonly times: GroupTimes;
  /** Decides how late each check comes. */
  readonly random: Random;
  readonly wake: (group: Group) => void;
}

/** What makes a group give up members of its own accord: their machines, their age, a recommendation. */
export class Health {
  readonly #world: HealthWorld;

  constructor(world: HealthWorld) {
    this.#world = world;
    world.ec2.onStateChange(({ id, to }) => {
      const group = world.groups.ownerOf(id);
      if (group !== undefined && !['pending', 'running'].includes(to)) this.#checkLater(group, id);
    });
    world.ec2.onNotice(({ id, notice }) => {
      if (notice === 'rebalance') this.#recommended(id);
    });
  }

  /** Looks at all members of a group, some time within the next check. */
  checkAll(group: Group): void {
    for (const { view } of group.active()) this.#checkLater(group, view.id);
  }

  /** Somebody says that a member is unhealthy. */
  markUnhealthy(group: Group, id: string): void {
    group.update(id, { view: { healthStatus: 'Unhealthy' } });
    this.#checkLater(group, id);
  }

  /** Ends a member once it has reached the group's maximum lifetime. */
  watchAge(group: Group, id: string): void {
    const { timers } = this.#world;
    const { maxInstanceLifetime: most } = group.settings;
    const member = group.members.get(id);
    if (most === undefined || member === undefined || isLeaving(member)) return;
    const left = most - elapsed(member.launchedAt, timers.now());
    if (left > 0) {
      timers.after(milliseconds(left), () => this.watchAge(group, id));
      return;
    }
    if (isInService(member) && group.runs('Terminate')) {
      this.#world.lifecycle.terminate(
        group,
        id,
        'an instance was taken out of service in response to the maximum instance lifetime being reached.',
      );
    }
  }

  #checkLater(group: Group, id: string): void {
    const { timers, times, random } = this.#world;
    const delay = milliseconds(Math.round(times.healthCheckEvery * (0.1 + 0.9 * random())));
    timers.after(delay, () => this.#check(group, id));
  }

  #check(group: Group, id: string): void {
    const member = group.members.get(id);
    if (member === undefined || isLeaving(member)) return;
    if (group.runs('HealthCheck') && this.#isDown(id)) {
      group.update(id, { view: { healthStatus: 'Unhealthy' } });
    }
    if (group.members.get(id)?.view.healthStatus !== 'Unhealthy') return;
    if (!group.runs('ReplaceUnhealthy') || !group.runs('Terminate')) return;
    this.#world.lifecycle.terminate(
      group,
      id,
      this.#isDown(id)
        ? 'an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.'
        : 'an instance was taken out of service in response to a user health-check.',
    );
  }

  #isDown(id: string): boolean {
    const record = this.#world.ec2.instance(id);
    return record === undefined || !['pending', 'running'].includes(stateOf(record));
  }

  #recommended(id: string): void {
    const group = this.#world.groups.ownerOf(id);
    const member = group?.members.get(id);
    if (group === undefined || member === undefined || !isInService(member)) return;
    if (!group.settings.capacityRebalance) return;
    this.#world.scaling.replace(
      group,
      [member],
      'an instance was taken out of service in response to an EC2 instance rebalance recommendation.',
    );
    this.#world.wake(group);
  }
}
