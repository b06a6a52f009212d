import { createHash } from 'node:crypto';
import type { Clock } from '../../../controller/ports.ts';
import { elapsed, type Instant, minutes } from '../../../engine/time.ts';

const REMEMBERED_FOR = minutes(10);
const MOST_REMEMBERED = 10_000;

/** The webhook deliveries of the last ten minutes, to know a repeated one. */
export class Deliveries {
  readonly #clock: Clock;
  /** By digest, so that a long id takes no more memory than a short one; oldest first. */
  readonly #seenAt = new Map<string, Instant>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(id: string): boolean {
    this.#forgetOld();
    return this.#seenAt.has(digest(id));
  }

  add(id: string): void {
    this.#seenAt.set(digest(id), this.#clock.now());
    this.#forgetOld();
  }

  #forgetOld(): void {
    const now = this.#clock.now();
    for (const [id, seenAt] of this.#seenAt) {
      if (this.#seenAt.size <= MOST_REMEMBERED && elapsed(seenAt, now) <= REMEMBERED_FOR) return;
      this.#seenAt.delete(id);
    }
  }
}

function digest(id: string): string {
  return createHash('sha256').update(id).digest('base64');
}
