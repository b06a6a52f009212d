import { elapsed, type Instant } from '../../../engine/time.ts';

/** How fast a bucket fills: `burst` at once, `perSecond` more with time. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** A token bucket on the clock. */
export class Bucket {
  readonly #rate: Rate;
  #left: number;
  #at: Instant;

  constructor(rate: Rate, now: Instant) {
    this.#rate = rate;
    this.#left = rate.burst;
    this.#at = now;
  }

  /** What is in it now; less than nothing where more was spent than there was. */
  left(now: Instant): number {
    const gained = (Math.max(elapsed(this.#at, now), 0) / 1000) * this.#rate.perSecond;
    this.#left = Math.min(this.#rate.burst, this.#left + gained);
    this.#at = now;
    return this.#left;
  }

  /** Takes one, if there is one. */
  take(now: Instant): boolean {
    if (this.left(now) < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** Takes one whether there is one or not, so that others wait the longer; at most a whole bucket is owed. */
  spend(now: Instant): void {
    this.#left = Math.max(this.left(now) - 1, -this.#rate.burst);
  }
}
