import type { PoolPolicy } from './pool.ts';
import type { Instant } from './time.ts';

/** What decides where a job may run; jobs of one kind are counted together. */
export interface JobKind {
  readonly project: number;
  /** Sorted, without duplicates. */
  readonly tags: readonly string[];
  /** Whether their ref is protected; absent: not known. */
  readonly protected?: boolean;
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
  /** Present where more may wait than is told here, and why: such a reading lets the fleet grow, never shrink. */
  readonly partial?: string;
}

/** What is assumed where jobs were never read: callers must ask for freshness before they act on it. */
export const NO_JOBS: JobSnapshot = { demand: [], held: [], later: 0 };

/** Whose jobs GitLab gives to the runner of a pool, as GitLab has it. */
export interface RunnerScope {
  /** A paused runner gets none. */
  readonly paused: boolean;
  /** Only those of protected refs. */
  readonly protectedOnly: boolean;
  /** Only those of these projects; absent: of every project. */
  readonly projects?: ReadonlySet<number>;
}

/** What is assumed of a runner that was never read: what GitLab does not hand out then is found as unserved. */
export const EVERY_JOB: RunnerScope = { paused: false, protectedOnly: false };

function hasTagsFor(tags: readonly string[], pool: PoolPolicy): boolean {
  if (tags.length === 0) return pool.runUntagged;
  return tags.every((tag) => pool.tags.includes(tag));
}

/** Whether GitLab lets the pool's runner take such jobs. What is not known is no obstacle. */
export function fits(kind: JobKind, pool: PoolPolicy, scope: RunnerScope = EVERY_JOB): boolean {
  if (scope.paused || (scope.protectedOnly && kind.protected === false)) return false;
  return (scope.projects?.has(kind.project) ?? true) && hasTagsFor(kind.tags, pool);
}
