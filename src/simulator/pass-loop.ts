import type { VirtualClock } from '../adapters/memory/clock.ts';
import type { Wake } from '../controller/observe.ts';
import type { PipelineRef } from '../controller/ports.ts';
import type { PassReport } from '../controller/reconcile.ts';
import { Wakes } from '../controller/wakes.ts';
import type { PoolPlan } from '../engine/pool-plan.ts';
import type { FleetPolicy, PoolPolicy } from '../engine/pool.ts';
import type { InstanceView } from '../engine/capacity.ts';
import {
  after,
  type Duration,
  earlier,
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
  /** Whether sweeps that would change nothing are left out; absent: they are. */
  readonly leavesOut?: boolean;
}

type Acted = Extract<PassReport, { pass: 'acted' }>;

/** Passes start at least this far apart, so that a burst of wakes is one pass; as in the daemon. */
const SPACING = seconds(1);
/** However quiet it is, a sweep comes at least this often. */
const LONGEST_REST = minutes(60);

/** Whether time alone may change what is wanted. */
function followsTheClock({ pools, budget }: FleetPolicy): boolean {
  return (
    budget !== undefined ||
    pools.some(
      (pool) => pool.schedules !== undefined || pool.budget !== undefined || pool.maxAge !== undefined,
    )
  );
}

/** Only time can end this: it is over at the moment that the pool's policy says. */
const WAITS_FOR_TIME = 'scale-in';

/** Whether nothing waits and nothing is held back but by the time that instances must have been idle. */
function isAtRest({ demand, actions, holds, desired, views }: PoolPlan): boolean {
  const waits = demand.pending > 0 || demand.unserved.length > 0 || desired.count > views.length;
  return actions.length === 0 && !waits && holds.every(({ what }) => what === WAITS_FOR_TIME);
}

/** When time alone changes what becomes of an instance; undefined where only news can. */
function dueOf(
  { instance, phase, idleSince, managerMissingSince }: InstanceView,
  pool: PoolPolicy,
  now: Instant,
): Instant | undefined {
  if (managerMissingSince !== undefined) return now;
  if (phase === 'launching' || phase === 'booting')
    return later(now, after(instance.launchedAt, pool.bootTimeout));
  if (phase !== 'idle' || idleSince === undefined) return undefined;
  const at = after(idleSince, pool.idle.time);
  // One that might have left long ago is kept on purpose.
  return at > now ? at : undefined;
}

/** Until when nothing but news can change what a plan decides; undefined where that is not known. */
function restsUntil({ plan, observation }: Acted, { pools }: FleetPolicy): Instant | undefined {
  if (!plan.pools.every(isAtRest)) return undefined;
  const { now, history } = observation;
  const dues = plan.pools.flatMap(({ views }, index) => {
    const pool = pools[index];
    if (pool === undefined) return [now];
    const cooled = after(history.pools[pool.name]?.lastScaledAt ?? now, pool.cooldown);
    return [...(cooled > now ? [cooled] : []), ...views.flatMap((view) => dueOf(view, pool, now) ?? [])];
  });
  return dues.reduce((first, due) => earlier(first, due), after(now, LONGEST_REST));
}

/**
 * When passes come: at once on a wake, and every poll interval as a full sweep, as in the daemon. A sweep is left out
 * where it would find what the last one found and decide the same: nothing has happened in the world since, nothing
 * waits, and nothing is due. What is left out never moves a beat: the next sweep comes when it would have come.
 */
export class PassLoop {
  readonly #options: PassLoopOptions;
  readonly #wakes = new Wakes();
  readonly #never = new AbortController().signal;
  readonly #mayRest: boolean;
  readonly #bornAt: Instant;
  #startedAt: Instant | undefined;
  #sweptAt: Instant | undefined;
  #isAwake = false;
  #isPassing = false;
  #hasChanged = true;
  #restsUntil: Instant | undefined;
  #planned: { readonly at: Instant; readonly cancel: () => void } | undefined;
  #passes = 0;

  constructor(options: PassLoopOptions) {
    this.#options = options;
    this.#bornAt = options.clock.now();
    this.#mayRest = (options.leavesOut ?? true) && !followsTheClock(options.policy);
  }

  /** How many passes there were. */
  get passes(): number {
    return this.#passes;
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
    if (this.#hasChanged) return;
    this.#hasChanged = true;
    this.#plan();
  }

  #plan(): void {
    if (this.#isPassing) return;
    const { clock } = this.#options;
    const soonest =
      this.#startedAt === undefined
        ? clock.now()
        : after(later(this.#startedAt, this.#beatBefore(clock.now())), SPACING);
    const wanted = this.#isAwake ? clock.now() : this.#nextSweep();
    const at = later(later(clock.now(), soonest), wanted);
    if (this.#planned !== undefined && this.#planned.at <= at) return;
    this.#planned?.cancel();
    this.#planned = { at, cancel: clock.after(elapsed(clock.now(), at), () => this.#pass()) };
  }

  /** The last beat of the sweeps up to `at`. */
  #beatBefore(at: Instant): Instant {
    return after(this.#bornAt, milliseconds(this.#beats(at, Math.floor) * this.#options.pollInterval));
  }

  #beats(at: Instant, round: (beats: number) => number): number {
    return round(elapsed(this.#bornAt, at) / this.#options.pollInterval);
  }

  /** The first beat of the sweeps, after the last, at which there is something to find. */
  #nextSweep(): Instant {
    const { clock, pollInterval } = this.#options;
    if (this.#sweptAt === undefined) return clock.now();
    const wanted = this.#hasChanged ? clock.now() : (this.#restsUntil ?? clock.now());
    const beat = Math.max(this.#beats(wanted, Math.ceil), this.#beats(this.#sweptAt, Math.floor) + 1);
    return after(this.#bornAt, milliseconds(beat * pollInterval));
  }

  async #pass(): Promise<void> {
    const { clock, pass, policy } = this.#options;
    const now = clock.now();
    this.#planned = undefined;
    this.#isPassing = true;
    this.#startedAt = now;
    const sweep = now >= this.#nextSweep();
    if (sweep) {
      this.#sweptAt = now;
      this.#hasChanged = false;
    }
    this.#isAwake = false;
    this.#passes += 1;
    const report = await pass({ ...this.#wakes.take(), sweep }, this.#never);
    const rests = this.#mayRest && report.pass === 'acted';
    this.#restsUntil = rests ? restsUntil(report, policy) : undefined;
    this.#isPassing = false;
    this.#plan();
  }
}
