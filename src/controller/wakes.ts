import { after, type Duration, elapsed, type Instant, milliseconds } from '../engine/time.ts';
import type { Wake } from './observe.ts';
import type { Clock, PipelineRef } from './ports.ts';

/** Said once: an error made at every wake would take longer than the wake. */
const WOKEN = 'woken';

/** Collects wakes until the next pass takes them: many webhooks, one read a pipeline. */
export class Wakes {
  readonly #pipelines = new Map<string, PipelineRef>();
  #sweep = false;
  #instances = false;
  #arrived: AbortController = new AbortController();

  /** A pipeline changed. */
  add(ref: PipelineRef): void {
    this.#pipelines.set(`${ref.project}/${ref.pipeline}`, ref);
    this.#arrived.abort(WOKEN);
  }

  /** Everything may have changed. */
  addSweep(): void {
    this.#sweep = true;
    this.#arrived.abort(WOKEN);
  }

  /** The instances have changed. */
  addInstances(): void {
    this.#instances = true;
    this.#arrived.abort(WOKEN);
  }

  /** Something was announced: a pass is wanted, and nothing need be read for it. */
  addNotice(): void {
    this.#arrived.abort(WOKEN);
  }

  /** Takes what has been collected. */
  take(): Wake {
    const wake = {
      sweep: this.#sweep,
      pipelines: [...this.#pipelines.values()],
      ...(this.#instances && { instances: true }),
    };
    this.#pipelines.clear();
    this.#sweep = false;
    this.#instances = false;
    this.#arrived = new AbortController();
    return wake;
  }

  /** Aborts as soon as there is something to take. */
  get arrived(): AbortSignal {
    return this.#arrived.signal;
  }
}

export interface LoopOptions {
  readonly clock: Clock;
  readonly wakes: Wakes;
  readonly pass: (wake: Wake) => Promise<unknown>;
  /** A full sweep runs at least this often. */
  readonly pollInterval: () => Duration;
  /** Passes start at least this far apart, so that a burst of wakes is one pass. */
  readonly spacing: Duration;
  readonly signal: AbortSignal;
}

/** Runs passes until the signal aborts: at once on a wake, and at least every poll interval as a full sweep. */
export async function runPasses({
  clock,
  wakes,
  pass,
  pollInterval,
  spacing,
  signal,
}: LoopOptions): Promise<void> {
  let sweptAt: Instant | undefined;
  while (!signal.aborted) {
    const startedAt = clock.now();
    const due = sweptAt === undefined || elapsed(sweptAt, startedAt) >= pollInterval();
    const wake = wakes.take();
    const sweep = due || wake.sweep;
    if (sweep) sweptAt = startedAt;
    await pass({ ...wake, sweep });
    await clock.sleep(milliseconds(Math.max(0, elapsed(clock.now(), after(startedAt, spacing)))), signal);
    const untilSweep = elapsed(clock.now(), after(sweptAt ?? startedAt, pollInterval()));
    if (!wakes.arrived.aborted && untilSweep > 0) {
      await clock.sleep(untilSweep, AbortSignal.any([signal, wakes.arrived]));
    }
  }
}
