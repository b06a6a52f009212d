import type { ApiLimits } from '../adapters/memory/ec2/api-limits.ts';
import { type LifeTime, medianOf } from '../adapters/memory/ec2/life-times.ts';
import { type Duration, milliseconds, seconds } from '../engine/time.ts';

/** How long a machine takes from the launch call to its first request for a job. */
export interface StartDelay {
  /** Until EC2 says `running`, which it does not bill. */
  readonly pending: LifeTime;
  /** From `running` until the runner asks for a job. */
  readonly boot: LifeTime;
}

/** The log-normal spread of both parts (reference measurements differ by that much from machine to machine). */
const JITTER = 0.15;

function startDelay(pending: number, boot: number): StartDelay {
  return {
    pending: { median: seconds(pending), sigma: JITTER },
    boot: { median: seconds(boot), sigma: JITTER },
  };
}

/** The start delays that results are given for: 25, 45 and 90 seconds. */
export const START_DELAYS = {
  fast: startDelay(14, 11),
  standard: startDelay(17, 28),
  slow: startDelay(20, 70),
} as const;

/** How long half of the machines take at most from the launch call to their first request for a job. */
export function medianStart({ pending, boot }: StartDelay): Duration {
  return milliseconds(medianOf(pending) + medianOf(boot));
}

/**
 * How soon a runner hears of a job while GitLab holds its request open, as it does for up to 50 seconds (docs.gitlab.com,
 * "Long polling"): runners then ask, in effect, as often as this.
 */
export const LONG_POLLS: Duration = milliseconds(100);

/** Under which conditions an autoscaler works; the same for all that are compared. */
export interface Conditions {
  /** The same seed gives the same machines, to the millisecond. */
  readonly seed: number;
  readonly startDelay: StartDelay;
  /** From `shutting-down` to `terminated`; not billed. */
  readonly shutdown: Duration;
  /** Jobs that one machine runs at once. */
  readonly slots: number;
  /** Jobs after which a machine ends; absent: it is used again. */
  readonly maxJobs?: number;
  /** How often a runner asks GitLab for a job. */
  readonly pollEvery: Duration;
  /** What is bought; each entry another type or zone. */
  readonly offerings: readonly SimulatedOffering[];
  /** How fast the account may call EC2; absent: what AWS documents for a new account. */
  readonly apiLimits?: ApiLimits | 'none';
  /** The share of launches whose machine never becomes ready, 0 to 1. */
  readonly bootFailures: number;
}

/** What can be bought in the simulation, and what it costs. */
export interface SimulatedOffering {
  readonly instanceType: string;
  readonly zone: string;
  readonly market: 'spot' | 'on-demand';
  /** Dollars an hour. */
  readonly price: number;
}

/** `c7i.large` on demand in us-east-1, July 2026. */
const ON_DEMAND: SimulatedOffering = {
  instanceType: 'c7i.large',
  zone: 'eu-central-1a',
  market: 'on-demand',
  price: 0.08925,
};

/** The standard conditions: 45 seconds to start, one job a machine, machines used again, no faults. */
export const STANDARD: Conditions = {
  seed: 1,
  startDelay: START_DELAYS.standard,
  shutdown: milliseconds(5000),
  slots: 1,
  pollEvery: seconds(3),
  offerings: [ON_DEMAND],
  bootFailures: 0,
};
