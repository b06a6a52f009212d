import type { Clock } from '../../../controller/ports.ts';
import type { Upkeep } from '../../../controller/upkeep.ts';
import type { Concern } from '../../../engine/concern.ts';
import { after, type Duration, elapsed, type Instant, minutes } from '../../../engine/time.ts';
import { concurrently } from '../client/concurrently.ts';
import type { HookArrivals } from './hook-arrivals.ts';
import { concernsOf, type HookState, isDead } from './hook-concerns.ts';
import { type HookPlace, isDenied, placeName, type Watched } from './hook-place.ts';
import type { GitLabHooks } from './hooks.ts';

export interface HookUpkeepOptions {
  readonly hooks: GitLabHooks;
  readonly watched: Watched;
  /** What the endpoint of the webhooks has seen. */
  readonly arrivals: HookArrivals;
  /** Whether sweeps find only what webhooks have told of; undefined: that is not known. */
  readonly agree: () => boolean | undefined;
  /** Told what is done, and once what cannot be looked after. */
  readonly note: (message: string) => void;
  readonly clock: Clock;
  /** How many projects and groups are read in a round; 100 by default. */
  readonly perRound?: number;
}

const EVERY = minutes(10);
/** How long nothing is read once the token may not see any webhook. */
const DENIED_FOR = minutes(6 * 60);
const READERS = 4;
/** All webhooks send to one address: after so many failures in a round the others are not tried. */
const MOST_FAILED_TESTS = 3;
const ARRIVES = 'a test delivery arrives all the same';

/**
 * Looks after the webhooks in GitLab: wakes disabled ones by a test delivery, and tells which are missing, incomplete,
 * dead, or do not arrive. Of many projects some are read in each round, in turns. What the token may not see is
 * noted once, and is no concern.
 */
export class HookUpkeep implements Upkeep {
  readonly name = 'webhooks';
  readonly every = (): Duration => EVERY;
  readonly #options: HookUpkeepOptions;
  readonly #states = new Map<string, HookState>();
  /** What is still to be read in this turn. */
  #queue: readonly HookPlace[] = [];
  #turns = 0;
  #noted = false;
  #restsUntil: Instant | undefined;

  constructor(options: HookUpkeepOptions) {
    this.#options = options;
  }

  async tend(signal: AbortSignal): Promise<readonly Concern[]> {
    const { hooks, clock } = this.#options;
    const rests = this.#restsUntil !== undefined && elapsed(clock.now(), this.#restsUntil) > 0;
    if (!rests) await this.#readSome(signal);
    const undelivered = await this.#wakeAll(signal);
    const silent = await this.#whySilent(signal);
    return concernsOf(this.#sorted(), {
      url: hooks.url,
      ...(undelivered !== undefined && { undelivered }),
      ...(silent !== undefined && { silent }),
    });
  }

  async #readSome(signal: AbortSignal): Promise<void> {
    const { clock, perRound = 100 } = this.#options;
    if (this.#queue.length === 0) await this.#beginTurn(signal);
    const places = this.#queue.slice(0, perRound);
    const denials = await concurrently(places, READERS, signal, (place, either) => this.#read(place, either));
    this.#queue = this.#queue.slice(perRound);
    const denied = denials.filter((denial) => denial !== undefined);
    this.#noteDenials(denied, places.length);
    const none = places.length > 0 && denied.length === places.length;
    this.#restsUntil = none ? after(clock.now(), DENIED_FOR) : undefined;
  }

  /** All places anew; those that are gone are forgotten. */
  async #beginTurn(signal: AbortSignal): Promise<void> {
    const { hooks, watched, note } = this.#options;
    const noteOnce = this.#turns === 0 ? note : () => undefined;
    this.#queue = await hooks.places(watched, noteOnce, signal);
    this.#turns += 1;
    const names = new Set(this.#queue.map(placeName));
    for (const name of this.#states.keys()) if (!names.has(name)) this.#states.delete(name);
  }

  /** Answers with why the token may not look there; undefined: it may. */
  async #read(place: HookPlace, signal: AbortSignal): Promise<string | undefined> {
    const name = placeName(place);
    try {
      const [hook] = await this.#options.hooks.find(place, signal);
      const { failed = false } = this.#states.get(name) ?? {};
      this.#states.set(name, { place, ...(hook !== undefined && { hook }), ...(failed && { failed }) });
      return undefined;
    } catch (error) {
      if (!isDenied(error)) throw error;
      this.#states.delete(name);
      return error.message;
    }
  }

  #noteDenials([first, ...more]: readonly string[], places: number): void {
    if (first !== undefined && !this.#noted) {
      const whose = more.length === 0 ? '' : ` of ${more.length + 1} of ${places} projects or groups`;
      this.#options.note(`webhooks${whose} are not looked after: ${first}`);
    }
    this.#noted ||= first !== undefined;
  }

  /** Enables what GitLab has disabled. Answers with why one could not be. */
  async #wakeAll(signal: AbortSignal): Promise<string | undefined> {
    const failures: string[] = [];
    for (const state of this.#sorted().filter(isDead)) {
      const { place, hook } = state;
      if (hook === undefined) continue;
      if (failures.length >= MOST_FAILED_TESTS) break;
      const unheard = await this.#test(place, hook.id, signal);
      this.#states.set(
        placeName(place),
        unheard === undefined ? { place, hook } : { ...state, failed: true },
      );
      const failure = unheard ?? (await this.#whyDisabled(place, signal));
      if (failure === undefined) {
        this.#options.note(
          `GitLab had disabled the webhook of ${placeName(place)}; a test delivery has enabled it again`,
        );
      } else failures.push(failure);
    }
    return failures[0];
  }

  /** Reads it again after a test delivery has arrived; undefined: it is enabled, or nobody may look any more. */
  async #whyDisabled(place: HookPlace, signal: AbortSignal): Promise<string | undefined> {
    await this.#read(place, signal);
    const alert = this.#states.get(placeName(place))?.hook?.alert ?? 'executable';
    return alert === 'executable' ? undefined : 'a test delivery arrives, and GitLab keeps it disabled';
  }

  /** What a test delivery says where sweeps find jobs that no webhook told of; undefined: they do not. */
  async #whySilent(signal: AbortSignal): Promise<string | undefined> {
    if (this.#options.agree() !== false) return undefined;
    const live = this.#sorted().find((state) => state.hook !== undefined && !isDead(state));
    if (live?.hook === undefined) return 'there is none that could be tested';
    return (await this.#test(live.place, live.hook.id, signal)) ?? ARRIVES;
  }

  /** What is known, always in the same order. */
  #sorted(): readonly HookState[] {
    const states = [...this.#states].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return states.map(([, state]) => state);
  }

  /** Why a test delivery does not arrive here; undefined: it does. */
  async #test(place: HookPlace, hook: number, signal: AbortSignal): Promise<string | undefined> {
    const { hooks, arrivals, clock } = this.#options;
    const startedAt = clock.now();
    try {
      await hooks.test(place, hook, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof Error)) throw error;
      const refused = arrivals.refusedSince(startedAt);
      return refused === undefined
        ? error.message
        : `${error.message}; it came, and was refused (${refused})`;
    }
    if (arrivals.admittedSince(startedAt)) return undefined;
    return `a test delivery of ${placeName(place)} was answered by somebody else: ${hooks.url} does not lead here`;
  }
}
