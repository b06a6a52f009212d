import type { Spending } from './budget.ts';
import type { Transition } from './group.ts';
import type { JobsSeen } from './jobs-seen.ts';
import type { LaunchTokens } from './launch-pacing.ts';
import type { Offering } from './pool.ts';
import type { Duration, Instant } from './time.ts';

/** A group that waits at a lifecycle hook of one instance. */
export interface HookHistory {
  readonly transition: Transition;
  /** When it was first seen to wait. */
  readonly since: Instant;
  /** When it was last told to wait on; absent: it was not told yet. */
  readonly beatAt?: Instant | undefined;
}

/** What earlier passes learned about one instance. */
export interface InstanceHistory {
  readonly pool: string;
  /** First contact of its manager. */
  readonly readyAt?: Instant | undefined;
  /** When its idle clock started: ready, or the end of its last job. */
  readonly idleSince?: Instant | undefined;
  /** How long it has been booting, counted only while its managers were freshly read. */
  readonly bootedFor: Duration;
  /** Since when its manager has been missing although it was ready. */
  readonly managerMissingSince?: Instant | undefined;
  /** What it has run, where it ends after some jobs. */
  readonly jobs?: JobsSeen | undefined;
  /** Its interruption has been remembered as a shortfall of its offering. */
  readonly interrupted?: true | undefined;
  /** Present while its group waits. */
  readonly hook?: HookHistory | undefined;
  /** Its boot has been counted as a setback of the pool. */
  readonly bootFailed?: true | undefined;
  /** Since when it has not been listed by EC2; kept until its manager is gone as well. */
  readonly goneSince?: Instant | undefined;
}

/** What earlier passes learned about one pool. */
export interface PoolHistory {
  /** The last launch or scale-in that took effect. */
  readonly lastScaledAt?: Instant;
  /** Boot failures and launches that gave nothing, in a row; the next launch waits until `retryAt`. */
  readonly setbacks: number;
  readonly retryAt?: Instant;
  /** `desired` of the last pass with fresh demand: stale demand never raises it. */
  readonly lastDesired?: number;
}

/** A job that GitLab does not hand out although a fitting slot is free. */
export interface UnservedJob {
  readonly id: number;
  readonly pool: string;
  readonly since: Instant;
  /** Until then it does not count; afterwards it is tried once more. */
  readonly until: Instant;
  readonly times: number;
}

/** What the cloud could not give, remembered for a while. */
export interface Shortfall {
  readonly pool: string;
  readonly offering?: Offering;
  readonly code: string;
  readonly at: Instant;
}

/** A job that was held by an instance when the cloud took that, or when it was found gone. */
export interface LostJob {
  readonly id: number;
  readonly project: number;
  readonly pool: string;
  readonly instance: string;
  /** When it was first seen in danger; what ended before that ended by itself. */
  readonly since: Instant;
  /** A retry was begun: if it is canceled by now, that was for the retry. */
  readonly begun?: true;
  /** Retries that failed on the way to GitLab; the next is tried at `tryAt`. */
  readonly failures: number;
  readonly tryAt?: Instant;
}

/** A job that Runtide made by a retry: it is not retried again. */
export interface RetriedJob {
  readonly id: number;
  readonly at: Instant;
}

/** The engine's memory between passes, kept in the store. */
export interface History {
  /** When it was last brought up to date. */
  readonly at: Instant;
  readonly instances: Readonly<Record<string, InstanceHistory>>;
  readonly pools: Readonly<Record<string, PoolHistory>>;
  readonly unserved: readonly UnservedJob[];
  readonly shortfalls: readonly Shortfall[];
  /** Jobs that an instance took with it, until they are retried or left. */
  readonly lost?: readonly LostJob[];
  /** Jobs that are not retried again. */
  readonly retried?: readonly RetriedJob[];
  /** What whoever has a budget has spent; absent: nobody has one. */
  readonly spending?: Spending;
  /** What was left of the limits of each place after the last launch there; absent: nothing was launched. */
  readonly launchTokens?: Readonly<Record<string, LaunchTokens>>;
}

/** The memory of a controller that has never run. */
export function emptyHistory(at: Instant): History {
  return { at, instances: {}, pools: {}, unserved: [], shortfalls: [] };
}
