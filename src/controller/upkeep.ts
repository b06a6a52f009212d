import type { Concern } from '../engine/concern.ts';
import { after, backoff, type Duration, elapsed, type Instant, minutes, seconds } from '../engine/time.ts';
import type { Recorder } from './events.ts';
import type { Clock } from './ports.ts';

/** A chore beside the passes, looked after by whoever decides: webhooks, registrations, the access token. */
export interface Upkeep {
  /** Names it in events: "webhooks". */
  readonly name: string;
  /** How often it is looked after. */
  readonly every: () => Duration;
  /**
   * Makes things as they should be, and answers with what stays wrong. Repeating it changes nothing more. What it
   * throws is told, and it is tried again sooner; what it answered before stands until then.
   */
  tend(signal: AbortSignal): Promise<readonly Concern[]>;
}

/** What all chores answered last; read by every pass. */
export class Concerns {
  readonly #byUpkeep = new Map<string, readonly Concern[]>();

  set(upkeep: string, concerns: readonly Concern[]): void {
    this.#byUpkeep.set(upkeep, concerns);
  }

  /** Those of chores that are no longer done are dropped. */
  keepOnly(upkeeps: readonly string[]): void {
    for (const name of this.#byUpkeep.keys()) if (!upkeeps.includes(name)) this.#byUpkeep.delete(name);
  }

  all(): readonly Concern[] {
    return [...this.#byUpkeep.values()].flat();
  }
}

export interface UpkeepOptions {
  readonly clock: Clock;
  /** Asked at every round, so that a reload applies at the next. */
  readonly upkeeps: () => readonly Upkeep[];
  readonly concerns: Concerns;
  readonly recorder: Recorder;
  /** Whether this process decides: one that stands by changes nothing. */
  readonly deciding: () => boolean;
  /** A round that takes longer is given up. */
  readonly limit: Duration;
  readonly signal: AbortSignal;
}

/** How soon a chore that a reload added, or a lease that was taken, is noticed. */
const GLANCE = seconds(5);
const FIRST_PAUSE = seconds(15);
const LONGEST_PAUSE = minutes(15);

interface Turn {
  readonly dueAt: Instant;
  readonly failures: number;
}

/** One round of one chore; answers when it is due again. */
async function tendOnce(upkeep: Upkeep, failures: number, options: UpkeepOptions): Promise<Turn> {
  const { clock, concerns, recorder, limit, signal } = options;
  const enough = new AbortController();
  const done = new AbortController();
  const watch = clock.sleep(limit, AbortSignal.any([done.signal, signal])).then(() => enough.abort());
  try {
    concerns.set(upkeep.name, await upkeep.tend(AbortSignal.any([signal, enough.signal])));
    if (failures > 0) recorder.record({ event: 'upkeep recovered', upkeep: upkeep.name });
    return { dueAt: after(clock.now(), upkeep.every()), failures: 0 };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (failures === 0 && !signal.aborted)
      recorder.record({ event: 'upkeep failed', upkeep: upkeep.name, why });
    return {
      dueAt: after(clock.now(), backoff(FIRST_PAUSE, failures + 1, LONGEST_PAUSE)),
      failures: failures + 1,
    };
  } finally {
    done.abort();
    await watch;
  }
}

/** Does the chores, one after the other, each when it is due, until the signal aborts. Never throws. */
export async function runUpkeep(options: UpkeepOptions): Promise<void> {
  const { clock, upkeeps, concerns, deciding, signal } = options;
  const turns = new Map<string, Turn>();
  while (!signal.aborted) {
    const present = upkeeps();
    concerns.keepOnly(present.map(({ name }) => name));
    for (const upkeep of present) {
      const turn = turns.get(upkeep.name);
      const due = turn === undefined || elapsed(turn.dueAt, clock.now()) >= 0;
      if (!due || !deciding() || signal.aborted) continue;
      turns.set(upkeep.name, await tendOnce(upkeep, turn?.failures ?? 0, options));
    }
    await clock.sleep(GLANCE, signal);
  }
}
