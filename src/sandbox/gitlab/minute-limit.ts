import type { Instant } from '../../engine/time.ts';

const MINUTE = 60_000;

/** Counts calls by key in whole minutes, as GitLab's rate limits do; no limit: everything is admitted. */
export class MinuteLimit {
  readonly #limit: number | undefined;
  readonly #now: () => Instant;
  readonly #counts = new Map<string, number>();
  #minute = 0;

  constructor(limit: number | undefined, now: () => Instant) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Counts one call, and whether it is within the limit. */
  admits(key: string): boolean {
    const minute = Math.floor(this.#now() / MINUTE);
    if (minute !== this.#minute) this.#counts.clear();
    this.#minute = minute;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return this.#limit === undefined || count <= this.#limit;
  }
}
