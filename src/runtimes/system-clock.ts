import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../controller/ports.ts';
import { type Duration, type Instant, instant } from '../engine/time.ts';

/** The machine's own time. */
export const systemClock: Clock = {
  now(): Instant {
    return instant(Date.now());
  },

  async sleep(duration: Duration, signal?: AbortSignal): Promise<void> {
    // An abort only ends the sleep early: whoever sleeps looks at the signal afterwards.
    await delay(duration, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};
