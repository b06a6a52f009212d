import { type Duration, elapsed, type Instant } from '../../../engine/time.ts';

/** A value as those see it who hear of every change a while later. */
export class Lagged<T> {
  readonly #lag: Duration;
  #changes: { readonly at: Instant; readonly value: T }[] = [];

  constructor(lag: Duration) {
    this.#lag = lag;
  }

  set(value: T, now: Instant): void {
    const latest = this.#changes.at(-1);
    if (latest?.at === now) this.#changes.pop();
    this.#changes.push({ at: now, value });
    this.#forget(now);
  }

  /** Undefined where the first value is not seen yet. */
  seen(now: Instant): T | undefined {
    this.#forget(now);
    const [first] = this.#changes;
    return first !== undefined && elapsed(first.at, now) >= this.#lag ? first.value : undefined;
  }

  /** Keeps what is seen now and what will be. */
  #forget(now: Instant): void {
    const seen = this.#changes.findLastIndex(({ at }) => elapsed(at, now) >= this.#lag);
    if (seen > 0) this.#changes = this.#changes.slice(seen);
  }
}
