import type { StatementSync } from 'node:sqlite';

import type { Lease, LeaseAnswer } from '../../controller/ports.ts';
import { after, type Duration, instant, type Instant } from '../../engine/time.ts';
import type { Database } from './database.ts';
import { Document } from './document.ts';
import { damaged } from './errors.ts';
import { Fence } from './fence.ts';
import { type Owner, ownerShape } from './owner.ts';

/** Who asks for a lease, and how it judges the holder. */
export interface SqliteLeaseOptions {
  readonly owner: Owner;
  /** Whether the holder provably exists no more; then its lease is taken over at once. Default: never. */
  readonly isGone?: (holder: Owner) => boolean;
}

interface Grant {
  readonly owner: Owner;
  readonly fence: number;
  readonly expiresAt: Instant;
}

const ownerDocument = new Document<Owner>('holder of the lease', ownerShape);

/** The `Lease` in the state file, for processes of one host. */
export class SqliteLease implements Lease {
  readonly #database: Database;
  readonly #owner: Owner;
  readonly #isGone: (holder: Owner) => boolean;
  readonly #fence: Fence;
  readonly #select: StatementSync;
  readonly #save: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: Database, options: SqliteLeaseOptions) {
    this.#database = database;
    this.#owner = options.owner;
    this.#isGone = options.isGone ?? (() => false);
    this.#fence = new Fence(database);
    this.#select = database.prepare('SELECT owner, fence, expires_at FROM lease WHERE id = 1');
    this.#save = database.prepare(
      'INSERT OR REPLACE INTO lease (id, owner, fence, expires_at) VALUES (1, ?, ?, ?)',
    );
    this.#delete = database.prepare('DELETE FROM lease WHERE id = 1');
  }

  async acquire(now: Instant, duration: Duration): Promise<LeaseAnswer> {
    return this.#database.write('taking the lease', (doing) => {
      const last = this.#last(doing);
      const grant = last !== undefined && now < last.expiresAt ? last : undefined;
      if (grant !== undefined && !this.#isOwn(grant) && !this.#isGone(grant.owner)) {
        return { held: false, holder: nameOf(grant.owner), expiresAt: grant.expiresAt };
      }
      const fence = this.#fenceAfter(grant, doing);
      const expiresAt = after(now, duration);
      this.#save.run(ownerDocument.write(this.#owner, doing), fence, expiresAt);
      return { held: true, fence, expiresAt };
    });
  }

  async release(): Promise<void> {
    this.#database.write('releasing the lease', (doing) => {
      const last = this.#last(doing);
      if (last !== undefined && this.#isOwn(last)) this.#delete.run();
    });
  }

  /** The holder keeps its fence, unless a write with a higher one has overtaken it. */
  #fenceAfter(grant: Grant | undefined, doing: string): number {
    const keeps = grant !== undefined && this.#isOwn(grant) && grant.fence >= this.#fence.highest(doing);
    return keeps ? grant.fence : this.#fence.next(doing);
  }

  #isOwn(grant: Grant): boolean {
    return grant.owner.id === this.#owner.id;
  }

  #last(doing: string): Grant | undefined {
    const row = this.#select.get();
    if (row === undefined) return undefined;
    const { owner, fence, expires_at: expiresAt } = row;
    if (typeof fence !== 'number' || typeof expiresAt !== 'number') {
      throw damaged(doing, 'the lease has no fence or no end');
    }
    return { owner: ownerDocument.read(owner, doing), fence, expiresAt: instant(expiresAt) };
  }
}

function nameOf(owner: Owner): string {
  return `process ${owner.pid} on ${owner.host}`;
}
