import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { isPortError } from '../../../controller/errors.ts';
import { lastingConcern } from '../../../controller/lasting-concern.ts';
import type { Upkeep } from '../../../controller/upkeep.ts';
import type { Concern } from '../../../engine/concern.ts';
import { type Duration, minutes } from '../../../engine/time.ts';
import { type CallLimits, limitsOf } from '../aws-call.ts';
import { describeGroups } from './described-group.ts';
import {
  lackConcern,
  type NamedGroup,
  processConcern,
  refreshConcern,
  strangerConcern,
} from './group-concerns.ts';
import type { GroupFleet } from './group-fleet.ts';
import { checkOwner, describeWhole } from './group-needs.ts';
import type { GroupPool } from './group-pool.ts';
import { refreshUnderWay } from './instance-refresh.ts';

/** One region and account. */
export interface GroupPlace {
  /** Names it: `eu-central-1`. */
  readonly name: string;
  readonly client: AutoScalingClient;
  readonly fleet: Pick<GroupFleet, 'keep' | 'pools' | 'seen'>;
}

export interface GroupUpkeepOptions {
  readonly places: readonly GroupPlace[];
  readonly installation: string;
  /** Whether it is known what instances of the pool are made of: until then its group stays as it is. */
  readonly isKnown: (pool: string) => boolean;
  /** The longest that one call may take. */
  readonly timeout: Duration;
}

interface PoolGroup {
  readonly pool: string;
  readonly settings: GroupPool;
}

/** Keeps the groups of all places as they must be, and tells what of them only an operator can mend. */
export class GroupUpkeep implements Upkeep {
  readonly name = 'groups';
  readonly #options: GroupUpkeepOptions;
  /** What each place was concerned about when it last answered. */
  readonly #last = new Map<GroupPlace, readonly Concern[]>();

  constructor(options: GroupUpkeepOptions) {
    this.#options = options;
  }

  every(): Duration {
    return minutes(5);
  }

  /** Throws where no place answers; where one of several does not, that is a concern beside what it had before. */
  async tend(signal: AbortSignal): Promise<readonly Concern[]> {
    const { places } = this.#options;
    const silent: Concern[] = [];
    for (const place of places) {
      try {
        this.#last.set(place, await this.#tendPlace(place, signal));
      } catch (error) {
        if (!isPortError(error) || places.length === 1) throw error;
        silent.push({ about: `groups in ${place.name}`, why: error.message });
        if (silent.length === places.length) throw error;
      }
    }
    return [...places.flatMap((place) => this.#last.get(place) ?? []), ...silent];
  }

  async #tendPlace(place: GroupPlace, signal: AbortSignal): Promise<readonly Concern[]> {
    const pools = Object.entries(place.fleet.pools).map(([pool, settings]) => ({ pool, settings }));
    const names = pools.map(({ settings }) => settings.group);
    const groups = await describeGroups(place.client, names, () => this.#limits(signal));
    const concerns: Concern[] = [];
    for (const one of pools) {
      const called = `group ${one.settings.group} in ${place.name}`;
      const group = groups.get(one.settings.group);
      if (group !== undefined)
        concerns.push(...(await this.#tendGroup(place, one, { group, called }, signal)));
      // One of Runtide's own is made by the next launch: without it there is no member that it could fail.
      else if (one.settings.attached)
        concerns.push({
          about: called,
          why: 'there is none',
          next: 'check instances.group.name of the pool, and its region',
        });
    }
    return concerns;
  }

  async #tendGroup(
    place: GroupPlace,
    one: PoolGroup,
    named: NamedGroup,
    signal: AbortSignal,
  ): Promise<readonly Concern[]> {
    const { client, fleet } = place;
    const { pool, settings } = one;
    const { group, called } = named;
    try {
      checkOwner(pool, group, settings, this.#options);
    } catch (error) {
      return [lastingConcern(called, error)];
    }
    const lacks = settings.attached
      ? lackConcern(called, await describeWhole(client, group, () => this.#limits(signal)), settings)
      : [];
    const refused = await this.#keep(place, one, called, signal);
    return [
      // What keeps a group of the operator's from being used is among what it lacks.
      ...(lacks.length > 0 ? lacks : refused),
      ...(settings.attached ? [] : processConcern(named)),
      ...strangerConcern(named, fleet.seen.strangers.get(group.name) ?? []),
      ...refreshConcern(named, await refreshUnderWay(client, group.name, this.#limits(signal))),
    ];
  }

  async #keep(
    { fleet }: GroupPlace,
    { pool, settings }: PoolGroup,
    called: string,
    signal: AbortSignal,
  ): Promise<readonly Concern[]> {
    if (!this.#options.isKnown(pool)) return [];
    try {
      await fleet.keep(pool, settings, signal);
      return [];
    } catch (error) {
      return [lastingConcern(called, error)];
    }
  }

  #limits(signal: AbortSignal): CallLimits {
    return limitsOf(signal, this.#options.timeout);
  }
}
