import { isPortError, PortError } from '../../controller/errors.ts';
import type { Fleet, LaunchRequest, LaunchResult, Remarks } from '../../controller/ports.ts';
import type { DrainReason, Instance } from '../../engine/instance.ts';
import type { Instant } from '../../engine/time.ts';

/** Pools that live in one region of one account, and the fleet that speaks to it. */
export interface PlaceOfPools {
  readonly pools: readonly string[];
  readonly fleet: Fleet;
}

/**
 * One fleet over several regions and accounts, which answer each for itself. A listing says which pools it leaves
 * out, because the absence of their instances must not look like their end; who does not listen to that gets no
 * listing at all.
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

/** As many as are bought in the minutes for which anybody asks for them by id. */
const MOST_BOUGHT = 10_000;

/** An instance, where it was seen last. */
interface Seen {
  readonly fleet: Fleet;
  readonly pool: string;
}

type Answer =
  | { readonly fleet: Fleet; readonly instances: readonly Instance[] }
  | { readonly fleet: Fleet; readonly pools: readonly string[]; readonly error: PortError };

class PlacedFleet implements Fleet {
  readonly #fleets: readonly Fleet[];
  readonly #byPool: ReadonlyMap<string, Fleet>;
  readonly #places: readonly PlaceOfPools[];
  /** Where instances were seen last; one that is not here is asked for everywhere. */
  #seenIn: ReadonlyMap<string, Seen> = new Map();

  /** Where the last instances were bought: listings show them late, and not once they have ended. */
  readonly #boughtIn = new Map<string, Fleet>();

  constructor(places: readonly PlaceOfPools[]) {
    this.#places = places;
    this.#fleets = places.map(({ fleet }) => fleet);
    this.#byPool = new Map(places.flatMap(({ pools, fleet }) => pools.map((pool) => [pool, fleet] as const)));
  }

  async list(signal: AbortSignal, remarks?: Remarks): Promise<readonly Instance[]> {
    const answers = await Promise.all(this.#places.map((place) => this.#listOf(place, signal, remarks)));
    const failures = answers.filter((answer) => 'error' in answer);
    const [failure] = failures;
    const isWhole = failure === undefined;
    if (!isWhole && (remarks === undefined || failures.length === answers.length)) throw failure.error;
    for (const { pools, error } of failures) remarks?.leaveOut(pools, error.message);
    const lists = answers.filter((answer) => 'instances' in answer);
    this.#noteSeen(lists, new Set(failures.map(({ fleet }) => fleet)));
    // Two roles may lead into one account: there every instance is listed twice.
    const all = lists.flatMap(({ instances }) => instances);
    return [...new Map(all.map((instance) => [instance.id, instance])).values()];
  }

  async find(ids: readonly string[], signal: AbortSignal): Promise<readonly Instance[]> {
    const found = await this.#each(ids, (fleet, some) => fleet.find(some, signal));
    return [...new Map(found.flat().map((instance) => [instance.id, instance])).values()];
  }

  async prepare(pool: string, signal: AbortSignal): Promise<LaunchRequest['template']> {
    return this.#of(pool).prepare(pool, signal);
  }

  async launch(request: LaunchRequest, signal: AbortSignal): Promise<LaunchResult> {
    const fleet = this.#of(request.pool);
    const result = await fleet.launch(request, signal);
    for (const { id } of result.launched) this.#boughtIn.set(id, fleet);
    for (const id of [...this.#boughtIn.keys()].slice(0, -MOST_BOUGHT)) this.#boughtIn.delete(id);
    return result;
  }

  async drain(ids: readonly string[], because: DrainReason, at: Instant, signal: AbortSignal): Promise<void> {
    await this.#each(ids, (fleet, some) => fleet.drain(some, because, at, signal));
  }

  async terminate(ids: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#each(ids, (fleet, some) => fleet.terminate(some, signal));
  }

  console(id: string, signal: AbortSignal): Promise<string> {
    const known = this.#where(id);
    return known === undefined ? consoleIn(this.#fleets, id, signal) : known.console(id, signal);
  }

  /** Where instances are now; of a place that fails, where they were. */
  #noteSeen(lists: readonly Extract<Answer, { instances: unknown }>[], failing: ReadonlySet<Fleet>): void {
    const before = [...this.#seenIn].filter(([, { fleet }]) => failing.has(fleet));
    const now = lists
      .flatMap(({ fleet, instances }) => instances.map(({ id, pool }) => [id, { fleet, pool }] as const))
      // The first place that shows an instance is asked for it.
      .toReversed();
    this.#seenIn = new Map([...before, ...now]);
  }

  #where(id: string): Fleet | undefined {
    return this.#seenIn.get(id)?.fleet ?? this.#boughtIn.get(id);
  }

  /** What a place answers; where it fails, with the pools that have instances there, or had when it answered last. */
  async #listOf(
    { pools, fleet }: PlaceOfPools,
    signal: AbortSignal,
    remarks: Remarks | undefined,
  ): Promise<Answer> {
    try {
      return { fleet, instances: await fleet.list(signal, remarks) };
    } catch (error) {
      if (!isPortError(error)) throw error;
      const seen = [...this.#seenIn.values()].filter((one) => one.fleet === fleet).map(({ pool }) => pool);
      return { fleet, pools: [...new Set([...pools, ...seen])], error };
    }
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
      const some = ids.filter((id) => (this.#where(id) ?? fleet) === fleet);
      return some.length === 0 ? [] : [call(fleet, some)];
    });
    return Promise.all(calls);
  }
}
