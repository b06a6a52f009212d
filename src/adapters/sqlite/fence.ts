import type { StatementSync } from 'node:sqlite';

import type { Database } from './database.ts';
import { damaged, storeFailure } from './errors.ts';

/** The highest fence that the state file has seen. Its methods belong inside a write transaction. */
export class Fence {
  readonly #select: StatementSync;
  readonly #raise: StatementSync;

  constructor(database: Database) {
    this.#select = database.prepare('SELECT highest FROM fence WHERE id = 1');
    this.#raise = database.prepare('UPDATE fence SET highest = ? WHERE id = 1');
  }

  /** Lets a write with this fence pass, or throws: `fenced` when a higher one was seen. */
  pass(fence: number, doing: string): void {
    if (!Number.isSafeInteger(fence)) {
      throw storeFailure('refused', doing, `${fence} is no fence: it must be a whole number`);
    }
    const highest = this.highest(doing);
    if (fence < highest) {
      const why = `fence ${fence} is outdated: ${highest} was seen`;
      throw storeFailure('fenced', doing, why, 'stop deciding until the lease is held again');
    }
    if (fence > highest) this.#raise.run(fence);
  }

  /** The highest fence seen. */
  highest(doing: string): number {
    const highest = this.#select.get()?.['highest'];
    if (typeof highest === 'number') return highest;
    throw damaged(doing, 'the fence is missing');
  }

  /** A fence higher than every one seen; from now on lower ones are refused. */
  next(doing: string): number {
    const fence = this.highest(doing) + 1;
    this.#raise.run(fence);
    return fence;
  }
}
