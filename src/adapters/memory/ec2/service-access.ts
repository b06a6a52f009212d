import type { Timers } from '../clock.ts';
import { ApiCalls } from './api-calls.ts';
import { ApiThrottle } from './api-throttle.ts';
import { FleetLaunch, type Surroundings } from './fleet-launch.ts';
import type { FleetAnswer, FleetRequest } from './fleet-request.ts';
import { endedByUser } from './instance-record.ts';
import type { Tag } from './tags.ts';

/**
 * What another service of AWS does with instances on the account's behalf: neither counted nor throttled as
 * calls of the account. Capacity, quotas, images and boots are those of the account.
 */
export class ServiceAccess {
  readonly #world: Surroundings;
  readonly #timers: Timers;

  constructor(world: Surroundings, timers: Timers) {
    const api = new ApiCalls(new ApiThrottle('none', timers), world.faults, world.place.account);
    this.#world = { ...world, api };
    this.#timers = timers;
  }

  /** Buys instances, as far as they can be had; they also carry `tags`, whose keys may be reserved ones. */
  launch(request: FleetRequest, tags: readonly Tag[]): FleetAnswer {
    return new FleetLaunch(this.#world, request, tags).run();
  }

  /** Ends an instance; without effect on one that is ending or gone. */
  terminate(id: string): void {
    this.#world.instances.terminate(id, endedByUser(this.#timers.now()));
  }

  /** Sets a tag that only a service may set, or removes it where no value is given. */
  tag(id: string, key: string, value?: string): void {
    const record = this.#world.instances.get(id);
    if (record === undefined) return;
    const tags = new Map(record.tags);
    if (value === undefined) tags.delete(key);
    else tags.set(key, value);
    this.#world.instances.update(id, { tags });
    this.#world.instances.tagged.tell({ id });
  }
}
