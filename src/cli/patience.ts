import { isPortError } from '../controller/errors.ts';
import type { Clock } from '../controller/ports.ts';
import { milliseconds, minutes } from '../engine/time.ts';

/** Waits in a row after which it is given up. */
const MOST_WAITS = 10;
const UNTOLD_WAIT = minutes(1);

/** Does something again after each time that the other side asked to wait, and says so. Throws whatever else fails. */
export async function patiently<T>(
  clock: Clock,
  say: (line: string) => void,
  run: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (let waits = 0; ; waits += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isPortError(error, 'throttled') || waits >= MOST_WAITS || signal.aborted) throw error;
      const wait = milliseconds(error.details.retryAfter ?? UNTOLD_WAIT);
      say(`GitLab asks to slow down: waiting ${Math.ceil(wait / 1000)} s`);
      await clock.sleep(wait, signal);
    }
  }
}
