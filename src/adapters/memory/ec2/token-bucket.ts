import { elapsed, type Instant } from '../../../engine/time.ts';
import type { BucketSize } from './api-limits.ts';

/** Counts thousandths of a token, so that refills of whole milliseconds stay whole numbers. */
const WHOLE = 1000;

/** A bucket of tokens that refills as time passes. */
export class TokenBucket {
  readonly #size: BucketSize;
  #thousandths: number;
  #at: Instant;

  constructor(size: BucketSize, now: Instant) {
    this.#size = size;
    this.#thousandths = size.capacity * WHOLE;
    this.#at = now;
  }

  /** Takes `count` tokens; false, and none taken, when there are fewer. */
  take(count: number, now: Instant): boolean {
    const refilled = this.#thousandths + elapsed(this.#at, now) * this.#size.perSecond;
    this.#thousandths = Math.min(refilled, this.#size.capacity * WHOLE);
    this.#at = now;
    if (this.#thousandths < count * WHOLE) return false;
    this.#thousandths -= count * WHOLE;
    return true;
  }
}
