import type { Budget } from './budget.ts';
import type { IdleTarget } from './idle-target.ts';
import type { LaunchLimits } from './launch-pacing.ts';
import type { ProjectCaps } from './project-caps.ts';
import type { Schedule } from './schedule.ts';
import type { Duration } from './time.ts';

/** Whether the cloud may take the machine back. */
export type Market = 'spot' | 'on-demand';

/** What can be bought: one instance type in one subnet (so in one zone) on one market. */
export interface Offering {
  readonly instanceType: string;
  /** The subnet decides the zone; absent where the launch template names the subnet. */
  readonly subnet?: string;
  readonly market: Market;
  /** Dollars an hour, where known; a missing price blocks nothing. */
  readonly price?: number;
}

/** How a pool divides its instances between the markets. */
export interface MarketSplit {
  /** The first instances that are on-demand whatever the share. */
  readonly onDemandBase: number;
  /** Share of the others that is spot, 0 to 1. */
  readonly spotShare: number;
  /** Whether on-demand stands in for spot that cannot be had. */
  readonly onDemandFallback: boolean;
}

/** The limits and wishes of one pool, as the engine sees them. */
export interface PoolPolicy {
  readonly name: string;
  /** A job fits when every one of its tags is among these. */
  readonly tags: readonly string[];
  /** Whether jobs without tags fit. */
  readonly runUntagged: boolean;
  /** Jobs that a newly bought instance runs at once. */
  readonly slots: number;
  /** Jobs after which a newly bought instance ends; absent: it runs jobs for as long as it is needed. */
  readonly maxJobs?: number;
  /** Fewest instances kept, whatever the demand. */
  readonly min: number;
  /** Most instances that `desired` may name. */
  readonly max: number;
  /** Instances that may exist beyond `max` while old ones are replaced. */
  readonly surge: number;
  /** Ready instances that stay while old ones are replaced; at most `min`. */
  readonly minAvailable: number;
  readonly idle: IdleTarget;
  /** What holds at some times instead; the last that matches wins. Absent: the same at all times. */
  readonly schedules?: readonly Schedule[];
  /** Absent: every project counts for all its jobs. */
  readonly projectCaps?: ProjectCaps;
  /** What the pool's instances may cost; absent: what they cost. */
  readonly budget?: Budget;
  /** Names the account and region whose launch limits the pool shares with others; absent: they are not known. */
  readonly place?: string;
  /** How long after a launch or a scale-in no further scale-in happens. */
  readonly cooldown: Duration;
  /** How long an instance may take from launch to ready. */
  readonly bootTimeout: Duration;
  /** Instances retire once their jobs have ended, at the latest when they are so old; absent: age never matters. */
  readonly maxAge?: Duration;
  /** Names the configuration that a new instance gets; an instance of another generation has drifted. */
  readonly generation: string;
  /**
   * What is missing before the pool can buy, such as its runner in GitLab. Until then its generation is not known
   * either, and nothing drifts.
   */
  readonly awaits?: string;
  /** Each of its instances has a runner of its own in GitLab. */
  readonly isolated?: true;
  /** Its instances are an Auto Scaling group's, which waits so long for a word before it gives one up. */
  readonly group?: { readonly heartbeat: Duration };
  /** What may be bought; at least one, the most wanted first. */
  readonly offerings: readonly Offering[];
  readonly split: MarketSplit;
  /** Offerings whose known price is above this are not bought; dollars an hour. */
  readonly maxPrice?: number;
}

/** Everything the engine is told about what is wanted. */
export interface FleetPolicy {
  /** In the order of the configuration: a job counts in the first pool that serves it. */
  readonly pools: readonly PoolPolicy[];
  /** A pending job beside a free fitting slot for this long is not being served by GitLab. */
  readonly unservedAfter: Duration;
  /** Most instances of all pools together; absent: only the pools' own limits count. */
  readonly max?: number;
  /** What all pools may cost together; absent: what they cost. */
  readonly budget?: Budget;
  /** How fast instances may be launched, by the place that pools name; absent: as AWS allows a new account. */
  readonly launchLimits?: Readonly<Record<string, LaunchLimits>>;
  /** How long an instance may miss its manager before it counts as orphaned. */
  readonly orphanGrace: Duration;
  /** Members that their group ends are looked after by a workflow each, not by the passes; absent: by the passes. */
  readonly terminations?: 'workflows';
  /** How long a drain may go unacknowledged before an alarm. */
  readonly drainAlarm: Duration;
}
