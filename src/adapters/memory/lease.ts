import type { Lease, LeaseAnswer } from '../../controller/ports.ts';
import { after, type Duration, type Instant } from '../../engine/time.ts';
import type { LeaseGrant, MemoryDisk } from './store.ts';

/** Who asks for a lease, and how it judges the holder. */
export interface MemoryLeaseOptions {
  /** Leases with the same owner are one holder. */
  readonly owner: string;
  /** Whether the holder provably exists no more; then its lease is taken over at once. Default: never. */
  readonly isGone?: (holder: string) => boolean;
}

/** The `Lease` on a memory disk; leases over one disk compete. */
export class MemoryLease implements Lease {
  readonly #disk: MemoryDisk;
  readonly #owner: string;
  readonly #isGone: (holder: string) => boolean;

  constructor(disk: MemoryDisk, options: MemoryLeaseOptions) {
    this.#disk = disk;
    this.#owner = options.owner;
    this.#isGone = options.isGone ?? (() => false);
  }

  async acquire(now: Instant, duration: Duration): Promise<LeaseAnswer> {
    const last = this.#disk.lease;
    const grant = last !== undefined && now < last.expiresAt ? last : undefined;
    if (grant !== undefined && grant.owner !== this.#owner && !this.#isGone(grant.owner)) {
      return { held: false, holder: grant.owner, expiresAt: grant.expiresAt };
    }
    const fence = this.#fenceAfter(grant);
    const expiresAt = after(now, duration);
    this.#disk.fence = fence;
    this.#disk.lease = { owner: this.#owner, fence, expiresAt };
    return { held: true, fence, expiresAt };
  }

  async release(): Promise<void> {
    if (this.#disk.lease?.owner === this.#owner) this.#disk.lease = undefined;
  }

  /** The holder keeps its fence, unless a write with a higher one has overtaken it. */
  #fenceAfter(grant: LeaseGrant | undefined): number {
    const keeps = grant?.owner === this.#owner && grant.fence >= this.#disk.fence;
    return keeps ? grant.fence : this.#disk.fence + 1;
  }
}
