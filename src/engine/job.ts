import type { PoolPolicy } from './pool.ts';
import type { Instant } from './time.ts';

/** What decides where a job may run; jobs of one kind are counted together. */
export interface JobKind {
  readonly project: number;
  /** Sorted, without duplicates. */
  readonly tags: readonly string[];
}

/** A job that waits for a runner. */
export interface PendingJob {
  readonly id: number;
  readonly queuedAt: Instant;
}

/** All waiting jobs of one kind. */
export interface KindDemand {
  readonly kind: JobKind;
  readonly pending: readonly PendingJob[];
}

/** A job that a manager holds: running, or handed over and not yet confirmed. */
export interface HeldJob {
  readonly id: number;
  readonly project: number;
  /** The instance whose manager holds it; absent for a runner that is not ours. */
  readonly instance?: string;
}

/** The jobs of all watched projects at one reading. */
export interface JobSnapshot {
  readonly demand: readonly KindDemand[];
  readonly held: readonly HeldJob[];
  /** Jobs created in later stages: a probability, never demand. */
  readonly later: number;
}

/** What is assumed where jobs were never read: callers must ask for freshness before they act on it. */
export const NO_JOBS: JobSnapshot = { demand: [], held: [], later: 0 };

/** Whether GitLab lets the pool's runner take a job with these tags. */
export function fits(tags: readonly string[], pool: PoolPolicy): boolean {
  if (tags.length === 0) return pool.runUntagged;
  return tags.every((tag) => pool.tags.includes(tag));
}
