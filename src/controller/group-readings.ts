import type { GroupReading } from '../engine/group.ts';
import type { Outcome } from '../engine/outcome.ts';

/** A group that no listing has shown yet: its limits are not known, what it was asked for is. */
const JUST_MADE = { group: '', min: 0, max: Number.MAX_SAFE_INTEGER, desired: 0, ordered: 0 } as const;

/** The pools' groups as they were listed last, with what they were asked for since. */
export class GroupReadings {
  #byPool: Readonly<Record<string, GroupReading>> = {};

  all(): Readonly<Record<string, GroupReading>> {
    return this.#byPool;
  }

  /** Takes over a listing; pools that it leaves out are as they were. */
  listed(readings: readonly GroupReading[], leftOut: { has(pool: string): boolean }): void {
    const unread = Object.entries(this.#byPool).filter(([pool]) => leftOut.has(pool));
    const read = readings.map((reading) => [reading.pool, reading] as const);
    this.#byPool = Object.fromEntries([...unread, ...read]);
  }

  /** Folds in what a group was asked for, or is asked for no more. */
  fold({ action, ...outcome }: Outcome): void {
    if (!outcome.done) return;
    if (action.do === 'launch') this.#order(action.pool, outcome.ordered ?? 0);
    if (action.do === 'cancel') this.#order(action.pool, -action.count);
  }

  #order(pool: string, count: number): void {
    if (count === 0) return;
    // What failed was the order before.
    const { failure: _before, ...reading } = this.#byPool[pool] ?? { pool, ...JUST_MADE };
    const ordered = Math.max(0, reading.ordered + count);
    this.#byPool = { ...this.#byPool, [pool]: { ...reading, ordered, desired: reading.desired + count } };
  }
}
