import { after, type Duration, elapsed, type Instant, milliseconds, minutes } from '../../engine/time.ts';
import type { Timers } from './clock.ts';
import type { GitLab } from './gitlab/gitlab.ts';

/** A runner process that asks for a job once there may be one. */
export interface WaitingRunner {
  /** Its beat: it asks at this moment, and every `pollEvery` from then on. */
  readonly readyAt: Instant;
  readonly pollEvery: Duration;
  /** Asks. False: GitLab has no job for it, nor for any other of the same runner. */
  readonly poll: () => boolean;
}

/** One that waits asks now and then nevertheless, as those with long polls do, so that GitLab hears of it. */
const AT_LEAST_EVERY = minutes(1);

/** How long it is to the next moment after now of a beat that began at `start`. */
export function untilBeat(start: Instant, period: Duration, now: Instant): Duration {
  return milliseconds(period - (elapsed(start, now) % period));
}

interface Place {
  readonly runner: WaitingRunner;
  readonly cancel: () => void;
}

/**
 * The runner processes that GitLab had no job for. They ask when the queue of their runner changes, each on its own beat,
 * until one is told that there is no more: as if each had gone on asking, in a fraction of the calls.
 */
export class WaitingRunners {
  readonly #timers: Timers;
  readonly #byRunner = new Map<number, Map<WaitingRunner, Place>>();
  /** The next that asks, of each runner whose queue has changed. */
  readonly #asking = new Map<number, () => void>();

  constructor(timers: Timers, gitlab: GitLab) {
    this.#timers = timers;
    gitlab.onQueueChange((runner) => this.#askNext(runner));
  }

  /** It waits until it is its turn; then it asks, and waits no more. */
  add(of: number, runner: WaitingRunner): void {
    const waiting = this.#byRunner.get(of) ?? new Map<WaitingRunner, Place>();
    this.#byRunner.set(of, waiting);
    const { pollEvery } = runner;
    const beats = Math.max(1, Math.floor(AT_LEAST_EVERY / pollEvery)) - 1;
    const wait = untilBeat(runner.readyAt, pollEvery, this.#timers.now()) + beats * pollEvery;
    const cancel = this.#timers.after(milliseconds(wait), () => {
      waiting.delete(runner);
      runner.poll();
    });
    waiting.set(runner, { runner, cancel });
  }

  /** Plans the first beat of all; who has planned one before is asked again. */
  #askNext(of: number): void {
    this.#asking.get(of)?.();
    this.#asking.delete(of);
    const first = this.#first(of);
    if (first === undefined) return;
    const now = this.#timers.now();
    const cancel = this.#timers.after(elapsed(now, first.at), () => {
      this.#asking.delete(of);
      this.#byRunner.get(of)?.delete(first.runner);
      first.cancel();
      if (first.runner.poll()) this.#askNext(of);
    });
    this.#asking.set(of, cancel);
  }

  #first(of: number): (Place & { readonly at: Instant }) | undefined {
    const now = this.#timers.now();
    let first: (Place & { readonly at: Instant }) | undefined;
    for (const place of this.#byRunner.get(of)?.values() ?? []) {
      const { readyAt, pollEvery } = place.runner;
      const isOnBeat = elapsed(readyAt, now) % pollEvery === 0;
      const at = isOnBeat ? now : after(now, untilBeat(readyAt, pollEvery, now));
      if (first === undefined || at < first.at) first = { ...place, at };
    }
    return first;
  }
}
