import type { VirtualClock } from '../adapters/memory/clock.ts';
import type { Wake } from '../controller/observe.ts';
import type { PipelineRef } from '../controller/ports.ts';
import type { PassReport } from '../controller/reconcile.ts';
import { Wakes } from '../controller/wakes.ts';
import type { PoolPlan } from '../engine/pool-plan.ts';
import type { FleetPolicy } from '../engine/pool.ts';
import {
  after,
  type Duration,
  elapsed,
  type Instant,
  later,
  milliseconds,
  minutes,
  seconds,
} from '../engine/time.ts';

export interface PassLoopOptions {
  readonly clock: VirtualClock;
  readonly pollInterval: Duration;
  readonly policy: FleetPolicy;
  readonly pass: (wake: Wake, signal: AbortSignal) => Promise<PassReport>;
}

/** Passes start at least this far apart, so that a burst of wakes is one pass; as in the daemon. */
const SPACING = seconds(1);
/** However quiet it is, a sweep comes at least this often. */
const LONGEST_QUIET = minutes(60);

/** Whether time alone may change what is wanted. */
function followsTheClock({ pools, budget }: FleetPolicy): boolean {
  return (
    budget !== undefined ||
    pools.some(
      (pool) => pool.schedules !== undefined || pool.budget !== undefined || pool.maxAge !== undefined,
    )
  );
}

/** Nothing waits, nothing is held back, and every instance runs a job: only news can change that. */
function isQuiet({ demand, views, actions, holds, desired }: PoolPlan): boolean {
  const isAtRest = actions.length === 0 && holds.length === 0 && desired.count <= views.length;
  const waits = demand.pending > 0 || demand.unserved.length > 0;
  return isAtRest && !waits && views.every(({ phase, freeSlots }) => phase === 'busy' && freeSlots === 0);
}

/**
 * When passes come: at once on a wake, and every poll interval as a full sweep, as in the daemon. A sweep is left out
 * where it would find what the last one found and decide the same: nothing has happened in the world since, and the
 * last decision left nothing that waits for time to pass.
 */
export class PassLoop {
  readonly #options: PassLoopOptions;
  readonly #wakes = new Wakes();
  readonly #never = new AbortController().signal;
  readonly #mayRest: boolean;
  #startedAt: Instant | undefined;
  #sweptAt: Instant | undefined;
  #isAwake = false;
  #isPassing = false;
  #hasChanged = true;
  #rests = false;
  #planned: { readonly at: Instant; readonly cancel: () => void } | undefined;

  constructor(options: PassLoopOptions) {
    this.#options = options;
    this.#mayRest = !followsTheClock(options.policy);
  }

  start(): void {
    this.#plan();
  }

  /** A job webhook names a pipeline. */
  wake(ref: PipelineRef): void {
    this.#wakes.add(ref);
    this.#isAwake = true;
    this.#plan();
  }

  /** Something happened in the world, whether or not anybody tells. */
  changed(): void {
    this.#hasChanged = true;
    if (this.#rests) this.#plan();
  }

  /** Passes are counted for whoever wants to know what they cost. */
  passes = 0;

  #plan(): void {
    if (this.#isPassing) return;
    const { clock } = this.#options;
    const at = later(
      clock.now(),
      this.#isAwake ? this.#soonest() : later(this.#soonest(), this.#nextSweep()),
    );
    if (this.#planned !== undefined && this.#planned.at <= at) return;
    this.#planned?.cancel();
    this.#planned = { at, cancel: clock.after(elapsed(clock.now(), at), () => this.#pass()) };
  }

  #soonest(): Instant {
    return this.#startedAt === undefined ? this.#options.clock.now() : after(this.#startedAt, SPACING);
  }

  #nextSweep(): Instant {
    const { clock, pollInterval } = this.#options;
    if (this.#sweptAt === undefined) return clock.now();
    const isQuiet = this.#rests && !this.#hasChanged;
    if (isQuiet) return after(this.#sweptAt, LONGEST_QUIET);
    // On the beat of the sweeps that were left out.
    const beats = Math.max(1, Math.ceil(elapsed(this.#sweptAt, clock.now()) / pollInterval));
    return after(this.#sweptAt, milliseconds(beats * pollInterval));
  }

  async #pass(): Promise<void> {
    const { clock, pollInterval, pass } = this.#options;
    const now = clock.now();
    this.#planned = undefined;
    this.#isPassing = true;
    this.#startedAt = now;
    const sweep = this.#sweptAt === undefined || elapsed(this.#sweptAt, now) >= pollInterval;
    if (sweep) {
      this.#sweptAt = now;
      this.#hasChanged = false;
    }
    this.#isAwake = false;
    this.passes += 1;
    const report = await pass({ ...this.#wakes.take(), sweep }, this.#never);
    this.#isPassing = false;
    this.#rests = sweep && this.#mayRest && report.pass === 'acted' && report.plan.pools.every(isQuiet);
    this.#plan();
  }
}
