import type { Duration, Instant } from '../engine/time.ts';

/** What became of one job. */
export interface JobResult {
  /** When it began to wait for a machine. */
  readonly queuedAt: Instant;
  /** When its script began, wherever GitLab believed it to be before. */
  readonly scriptAt: Instant;
  readonly endedAt: Instant;
  readonly pipeline: number;
  readonly succeeded: boolean;
}

/** One stretch of time for which a machine is billed. */
export interface Billed {
  readonly from: Instant;
  readonly to: Instant;
  /** Dollars an hour. */
  readonly price: number;
  /** Jobs that it runs at once. */
  readonly slots: number;
}

/** Everything that a simulation has seen, for whoever draws or sums it up. */
export interface Run {
  readonly autoscaler: string;
  readonly about: string;
  readonly workload: string;
  readonly seed: number;
  /** Jobs that one machine runs at once, where the autoscaler does not say otherwise. */
  readonly slots: number;
  readonly start: Instant;
  /** When the last job had ended, or the simulation gave up. */
  readonly end: Instant;
  readonly jobs: readonly JobResult[];
  /** Jobs that never ran, or not to their end, though their turn had come. */
  readonly unfinished: number;
  /** Jobs that were cut off by the end of their machine. */
  readonly cutOff: number;
  readonly billed: readonly Billed[];
  /** Machines, those included that never ran. */
  readonly launched: number;
  /** Calls to EC2, by action, refused ones included. */
  readonly calls: Readonly<Record<string, number>>;
  /** How often EC2 said that the rate limit was exceeded. */
  readonly throttled: number;
  /** The most machines alive at the same time. */
  readonly peak: number;
}

/** The figures by which autoscalers are compared. */
export interface Summary {
  readonly jobs: number;
  /** Billed machine time over the time of scripts, per slot: 1 is a machine that never waits for anything. */
  readonly cost: number;
  readonly dollars: number;
  /** Of waiting from queued to script start. */
  readonly mean: Duration;
  readonly p50: Duration;
  readonly p90: Duration;
  readonly p95: Duration;
  readonly p99: Duration;
  readonly longest: Duration;
  /** The share of jobs whose script began within one second, 0 to 1. */
  readonly withinOneSecond: number;
  /** Mean time from a pipeline's creation to the end of its last job. */
  readonly makespan: Duration;
  readonly launched: number;
  /** Calls that buy, for each job. */
  readonly launchCallsPerJob: number;
  readonly throttled: number;
  readonly peak: number;
  readonly cutOff: number;
  readonly unfinished: number;
}
