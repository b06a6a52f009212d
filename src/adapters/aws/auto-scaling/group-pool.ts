import type { Offering } from '../../../engine/pool.ts';
import type { Duration } from '../../../engine/time.ts';

/** A pool whose instances an Auto Scaling group launches. */
export interface GroupPool {
  /** The group's name. */
  readonly group: string;
  /** It is the operator's: its launch template, limits and subnets are not Runtide's to change. */
  readonly attached: boolean;
  /** How long it waits at a hook for a word. */
  readonly heartbeat: Duration;
  /** Most instances that may exist: the pool's maximum and its surge. */
  readonly max: number;
  /** None for an attached group: it has its own. */
  readonly subnets: readonly string[];
  /** All that the pool may buy. */
  readonly offerings: readonly Offering[];
  readonly slots: number;
  /** Jobs after which an instance ends; absent: they are not counted. */
  readonly maxJobs?: number;
  readonly generation: string;
}

/** What all that concerns the groups of one region and account needs to know. */
export interface Ownership {
  /** Names all that this Runtide owns. */
  readonly installation: string;
  /** The user's tags. */
  readonly tags: Readonly<Record<string, string>>;
}
