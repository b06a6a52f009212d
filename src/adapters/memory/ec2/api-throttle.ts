import type { Timers } from '../clock.ts';
import { type ApiLimits, type BucketSize, categoryOf } from './api-limits.ts';
import { TokenBucket } from './token-bucket.ts';

/** The token buckets of one account in one region; `none` never runs dry. */
export class ApiThrottle {
  readonly #limits: ApiLimits | 'none';
  readonly #timers: Timers;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(limits: ApiLimits | 'none', timers: Timers) {
    this.#limits = limits;
    this.#timers = timers;
  }

  /** Takes the token of one request; false when the action's bucket is empty. */
  takeRequest(action: string, narrowed: boolean): boolean {
    if (this.#limits === 'none') return true;
    const category = categoryOf(action, narrowed);
    const size = this.#limits.actions[action] ?? this.#limits.categories[category];
    // An action's narrowed and unnarrowed requests have a bucket each.
    return this.#take(`request ${action} ${category}`, size, 1);
  }

  /** Takes the tokens of `count` instances, all or none; an action without such a bucket needs none. */
  takeResources(action: string, count: number): boolean {
    const size = this.#limits === 'none' ? undefined : this.#limits.resources[action];
    return size === undefined || this.#take(`resource ${action}`, size, count);
  }

  #take(name: string, size: BucketSize, count: number): boolean {
    const now = this.#timers.now();
    const bucket = this.#buckets.get(name) ?? new TokenBucket(size, now);
    this.#buckets.set(name, bucket);
    return bucket.take(count, now);
  }
}
