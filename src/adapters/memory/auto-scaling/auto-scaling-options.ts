import { type Duration, seconds } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import type { ApiLimits } from '../ec2/api-limits.ts';
import type { Ec2 } from '../ec2/ec2.ts';

/** How fast a group does what it does by itself. */
export interface GroupTimes {
  /** From a difference between desired and actual capacity to the activity that mends it. */
  readonly settleAfter: Duration;
  /** The longest until a machine that is gone or stopped is noticed. */
  readonly healthCheckEvery: Duration;
  /** From the outcome of a hook, or a detachment, to the state that follows. */
  readonly proceedFor: Duration;
  /** The pause after a launch that failed; it doubles with each in a row, up to the longest. */
  readonly retryAfter: Duration;
  readonly retryAtLongest: Duration;
}

/** Observed orders of magnitude; AWS documents none of them. */
export const GROUP_TIMES: GroupTimes = {
  settleAfter: seconds(5),
  healthCheckEvery: seconds(45),
  proceedFor: seconds(2),
  retryAfter: seconds(30),
  retryAtLongest: seconds(960),
};

/** The groups of one account, over the machines of `ec2`. */
export interface AutoScalingOptions {
  readonly timers: Timers;
  readonly ec2: Ec2;
  /** The same seed gives the same ids and times. */
  readonly seed: number;
  readonly times?: Partial<GroupTimes>;
  /** By how much answers about groups and members lag behind the truth; default 0. */
  readonly listingLag?: Duration;
  /** How fast the account may call; default: `AUTO_SCALING_API_LIMITS`. */
  readonly apiLimits?: ApiLimits | 'none';
}

/**
 * AWS documents no sizes for Auto Scaling; accounts meet `Throttling` at a few reads a second
 * (kubernetes/autoscaler#1555 and its like), and writes are scarcer.
 */
export const AUTO_SCALING_API_LIMITS: ApiLimits = {
  categories: {
    'non-mutating': { capacity: 50, perSecond: 10 },
    unnarrowed: { capacity: 50, perSecond: 10 },
    mutating: { capacity: 30, perSecond: 5 },
    'resource-intensive': { capacity: 30, perSecond: 5 },
  },
  actions: {},
  resources: {},
};
