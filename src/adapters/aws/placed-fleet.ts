import { isPortError, PortError } from '../../controller/errors.ts';
import type { Fleet, LaunchRequest, LaunchResult } from '../../controller/ports.ts';
import type { DrainReason, Instance } from '../../engine/instance.ts';
import type { Instant } from '../../engine/time.ts';

/** Pools that live in one region of one account, and the fleet that speaks to it. */
export interface PlaceOfPools {
  readonly pools: readonly string[];
  readonly fleet: Fleet;
}

/**
 * One fleet over several regions and accounts. Listings need an answer of every place: with one missing, the
 * instances of all count as unread, because the absence of some must not look like their end.
 */
export function placedFleet(places: readonly PlaceOfPools[]): Fleet {
  const [first, ...others] = places;
  return first !== undefined && others.length === 0 ? first.fleet : new PlacedFleet(places);
}

/** The console of an instance that is in one of the fleets. */
async function consoleIn(
  [fleet, ...others]: readonly Fleet[],
  id: string,
  signal: AbortSignal,
): Promise<string> {
  if (fleet === undefined) return '';
  try {
    return await fleet.console(id, signal);
  } catch (error) {
    if (others.length === 0 || !isPortError(error, 'not-found')) throw error;
    return consoleIn(others, id, signal);
  }
}

class PlacedFleet implements Fleet {
  readonly #fleets: readonly Fleet[];
  readonly #byPool: ReadonlyMap<string, Fleet>;
  /** Where instances were seen last; one that is not here is asked for everywhere. */
  #seenIn: ReadonlyMap<string, Fleet> = new Map();

  constructor(places: readonly PlaceOfPools[]) {
    this.#fleets = places.map(({ fleet }) => fleet);
    this.#byPool = new Map(places.flatMap(({ pools, fleet }) => pools.map((pool) => [pool, fleet] as const)));
  }

  async list(signal: AbortSignal): Promise<readonly Instance[]> {
    const seenIn = new Map<string, Fleet>();
    const lists = await Promise.all(
      this.#fleets.map(async (fleet) => ({ fleet, instances: await fleet.list(signal) })),
    );
    // Two roles may lead into one account: there every instance is listed twice.
    const once = lists.flatMap(({ fleet, instances }) =>
      instances.filter(({ id }) => {
        if (seenIn.has(id)) return false;
        seenIn.set(id, fleet);
        return true;
      }),
    );
    this.#seenIn = seenIn;
    return once;
  }

  async find(ids: readonly string[], signal: AbortSignal): Promise<readonly Instance[]> {
    const found = await this.#each(ids, (fleet, some) => fleet.find(some, signal));
    return [...new Map(found.flat().map((instance) => [instance.id, instance])).values()];
  }

  async prepare(pool: string, signal: AbortSignal): Promise<LaunchRequest['template']> {
    return this.#of(pool).prepare(pool, signal);
  }

  async launch(request: LaunchRequest, signal: AbortSignal): Promise<LaunchResult> {
    return this.#of(request.pool).launch(request, signal);
  }

  async drain(ids: readonly string[], because: DrainReason, at: Instant, signal: AbortSignal): Promise<void> {
    await this.#each(ids, (fleet, some) => fleet.drain(some, because, at, signal));
  }

  async terminate(ids: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#each(ids, (fleet, some) => fleet.terminate(some, signal));
  }

  console(id: string, signal: AbortSignal): Promise<string> {
    const known = this.#seenIn.get(id);
    return known === undefined ? consoleIn(this.#fleets, id, signal) : known.console(id, signal);
  }

  #of(pool: string): Fleet {
    const fleet = this.#byPool.get(pool);
    if (fleet !== undefined) return fleet;
    throw new PortError({
      kind: 'refused',
      system: 'ec2',
      doing: `looking for the region of pool ${pool}`,
      why: 'the configuration has no such pool',
      next: 'add the pool, or wait until the next pass no longer wants it',
    });
  }

  /** The call in the place of each id; ids whose place is not known go to every place, which leaves out what it does not know. */
  async #each<T>(
    ids: readonly string[],
    call: (fleet: Fleet, ids: readonly string[]) => Promise<T>,
  ): Promise<readonly T[]> {
    const calls = this.#fleets.flatMap((fleet) => {
      const some = ids.filter((id) => (this.#seenIn.get(id) ?? fleet) === fleet);
      return some.length === 0 ? [] : [call(fleet, some)];
    });
    return Promise.all(calls);
  }
}
