import { elapsed, type Duration, milliseconds, minutes, seconds } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import { Ec2Error } from '../ec2/error.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import { type Random, uuid } from '../random.ts';
import { sourceOf, versionOf } from './capacity-source.ts';
import type { Group } from './group.ts';
import type {
  InstanceRefresh,
  RefreshPreferences,
  RefreshStatus,
  StartInstanceRefreshRequest,
} from './group-requests.ts';
import type { Lifecycle } from './lifecycle.ts';
import { isInService, type Member, unitsOf } from './member.ts';
import type { Refresh } from './refresh.ts';
import type { Scaling } from './scaling.ts';

export interface RefreshWorld {
  readonly timers: Timers;
  readonly ec2: Ec2;
  readonly random: Random;
  readonly lifecycle: Lifecycle;
  readonly scaling: Scaling;
  readonly cancelFor: Duration;
}

/** The longest that a refresh waits for protected instances. */
const LONGEST_WAIT = minutes(60);

const OPEN: readonly RefreshStatus[] = ['Pending', 'InProgress', 'Cancelling'];

/** Instance refreshes: old members replaced by new ones, in batches. */
export class Refreshes {
  readonly #world: RefreshWorld;

  constructor(world: RefreshWorld) {
    this.#world = world;
  }

  /** Answers the new refresh's id; `InstanceRefreshInProgress` where one goes on. */
  start(group: Group, { preferences = {}, desiredConfiguration }: StartInstanceRefreshRequest): string {
    if (openOf(group) !== undefined) {
      throw new Ec2Error(
        'InstanceRefreshInProgress',
        'An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.',
      );
    }
    const { timers, random } = this.#world;
    const refresh: Refresh = {
      id: uuid(random),
      group: group.name,
      status: 'InProgress',
      startedAt: timers.now(),
      preferences: withDefaults(preferences, group.settings),
      desiredConfiguration,
      old: new Set(),
      total: 0,
    };
    group.refreshes.push(refresh);
    const old = new Set(this.#toReplace(group, refresh).map(({ view }) => view.id));
    group.refreshes.splice(-1, 1, { ...refresh, old, total: old.size });
    return refresh.id;
  }

  /** Answers the id of the refresh that goes on; `ActiveInstanceRefreshNotFound` where none does. */
  cancel(group: Group): string {
    const refresh = openOf(group);
    if (refresh === undefined) {
      throw new Ec2Error('ActiveInstanceRefreshNotFound', 'No in progress Instance Refresh found.');
    }
    refresh.status = 'Cancelling';
    this.#world.timers.after(this.#world.cancelFor, () => this.#end(refresh, 'Cancelled'));
    return refresh.id;
  }

  /** Newest first. */
  list(group: Group): readonly InstanceRefresh[] {
    return group.refreshes.toReversed().map((refresh) => {
      const { old: _old, waitingSince: _since, total, ...shown } = refresh;
      const left = this.#left(group, refresh);
      const percentageComplete = total === 0 ? 100 : Math.floor((100 * (total - left)) / total);
      return { ...shown, instancesToUpdate: left, percentageComplete };
    });
  }

  /** Replaces the next batch, as far as enough members are healthy; `again` looks once more. */
  step(group: Group, again: () => void): void {
    const refresh = openOf(group);
    if (refresh?.status !== 'InProgress' || !group.runs('InstanceRefresh')) return;
    if (this.#left(group, refresh) === 0) {
      group.settings = withConfiguration(group.settings, refresh);
      this.#end(refresh, 'Successful');
      group.changed();
      return;
    }
    const { preferences } = refresh;
    const waits = preferences.scaleInProtectedInstances === 'Wait';
    const old = oldOf(group, refresh).filter(isInService);
    const free = old.filter(({ view }) => !waits || !view.protectedFromScaleIn);
    this.#watchWait(refresh, old.length > 0 && free.length === 0, again);
    this.#replaceNext(group, refresh, free);
    this.#lookAgainOnceWarm(group, refresh, again);
  }

  #replaceNext(group: Group, refresh: Refresh, free: readonly Member[]): void {
    if (!group.runs('Terminate')) return;
    const { desiredCapacity } = group.settings;
    const { minHealthyPercentage = 90, maxHealthyPercentage = 100 } = refresh.preferences;
    const cause = 'an instance was taken out of service in response to an instance refresh.';
    if (maxHealthyPercentage > 100) {
      const surge = Math.max(1, Math.floor((desiredCapacity * (maxHealthyPercentage - 100)) / 100));
      const next = free.filter(({ view }) => !group.replacements.has(view.id));
      this.#world.scaling.replace(group, next.slice(0, Math.max(0, surge - group.replacements.size)), cause);
      return;
    }
    const least = Math.ceil((desiredCapacity * minHealthyPercentage) / 100);
    let healthy = unitsOf(this.#healthy(group, refresh));
    // because at least one is replaced at a time, however small the group
    let mayTakeOne = healthy >= desiredCapacity;
    for (const { view, weight } of free) {
      if (!mayTakeOne && healthy - weight < least) return;
      this.#world.lifecycle.terminate(group, view.id, cause);
      healthy -= weight;
      mayTakeOne = false;
    }
  }

  #watchWait(refresh: Refresh, waits: boolean, again: () => void): void {
    const now = this.#world.timers.now();
    if (!waits) refresh.waitingSince = undefined;
    else if (refresh.waitingSince === undefined) {
      refresh.waitingSince = now;
      this.#world.timers.after(LONGEST_WAIT, again);
    } else if (elapsed(refresh.waitingSince, now) >= LONGEST_WAIT) {
      refresh.statusReason = 'The refresh failed because instances are protected from scale-in.';
      this.#end(refresh, 'Failed');
    }
  }

  #lookAgainOnceWarm(group: Group, { preferences }: Refresh, again: () => void): void {
    const warmup = preferences.instanceWarmup ?? seconds(0);
    const now = this.#world.timers.now();
    const cold = group
      .active()
      .flatMap(({ inServiceAt }) => (inServiceAt === undefined ? [] : [warmup - elapsed(inServiceAt, now)]))
      .filter((left) => left > 0);
    if (cold.length > 0) this.#world.timers.after(milliseconds(Math.min(...cold)), again);
  }

  /** Members in service; new ones once they are warm. */
  #healthy(group: Group, { old, preferences }: Refresh): readonly Member[] {
    const now = this.#world.timers.now();
    const warmup = preferences.instanceWarmup ?? seconds(0);
    return group
      .active()
      .filter(
        (one) => isInService(one) && (old.has(one.view.id) || elapsed(one.inServiceAt ?? now, now) >= warmup),
      );
  }

  /** How many are not replaced yet: old ones, and new ones that are still to come. */
  #left(group: Group, refresh: Refresh): number {
    if (refresh.status === 'Successful') return 0;
    const old = oldOf(group, refresh);
    const healthy = unitsOf(this.#healthy(group, refresh));
    const lacking = Math.max(0, group.settings.desiredCapacity - healthy);
    return Math.min(refresh.total, old.length + lacking);
  }

  #toReplace(group: Group, { preferences }: Refresh): readonly Member[] {
    const all = group
      .active()
      .filter(({ view }) => preferences.scaleInProtectedInstances !== 'Ignore' || !view.protectedFromScaleIn);
    if (preferences.skipMatching !== true) return all;
    const { template, overrides } = sourceOf(group);
    const wanted = versionOf(this.#world.ec2, template);
    return all.filter(
      ({ view }) =>
        view.template?.id !== wanted.id ||
        view.template.version !== wanted.version ||
        (overrides.length > 0 && !overrides.some((one) => one.instanceType === view.instanceType)),
    );
  }

  #end(refresh: Refresh, status: 'Successful' | 'Failed' | 'Cancelled'): void {
    if (refresh.endedAt !== undefined) return;
    refresh.status = status;
    refresh.endedAt = this.#world.timers.now();
  }
}

function openOf(group: Group): Refresh | undefined {
  return group.refreshes.find(({ status }) => OPEN.includes(status));
}

function oldOf(group: Group, { old }: Refresh): readonly Member[] {
  return group.active().filter(({ view }) => old.has(view.id));
}

function withConfiguration(
  settings: Group['settings'],
  { desiredConfiguration }: Refresh,
): Group['settings'] {
  if (desiredConfiguration === undefined) return settings;
  const { template, mixedInstancesPolicy } = desiredConfiguration;
  return { ...settings, template, mixedInstancesPolicy };
}

function withDefaults(
  preferences: RefreshPreferences,
  { instanceMaintenancePolicy: policy, defaultInstanceWarmup, healthCheckGracePeriod }: Group['settings'],
): RefreshPreferences {
  return {
    ...preferences,
    minHealthyPercentage: preferences.minHealthyPercentage ?? policy?.minHealthyPercentage ?? 90,
    maxHealthyPercentage: preferences.maxHealthyPercentage ?? policy?.maxHealthyPercentage ?? 100,
    instanceWarmup: preferences.instanceWarmup ?? defaultInstanceWarmup ?? healthCheckGracePeriod,
    skipMatching: preferences.skipMatching ?? false,
    scaleInProtectedInstances: preferences.scaleInProtectedInstances ?? 'Wait',
  };
}
