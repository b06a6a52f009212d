import type { Timers } from '../adapters/memory/clock.ts';
import { type Duration, type Instant, instant } from '../engine/time.ts';

/** Real time for the models. A failing callback is told, never lost. */
export function realTimers(failed: (error: unknown) => void): Timers {
  return {
    now: (): Instant => instant(Date.now()),
    after(delay: Duration, run: () => void | Promise<void>): () => void {
      const timer = setTimeout(() => {
        Promise.resolve().then(run).catch(failed);
      }, delay);
      // What the models still mean to do some day is no reason for the process to stay.
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}
