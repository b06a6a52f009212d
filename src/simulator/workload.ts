import type { Duration, Instant } from '../engine/time.ts';

/** One job as it came, whatever machine it ran on. */
export interface WorkloadJob {
  readonly name: string;
  readonly stage: string;
  readonly tags: readonly string[];
  /** How long its script takes on one slot. */
  readonly duration: Duration;
  /** Names of jobs of its pipeline that it waits for; absent: it waits for the earlier stages. */
  readonly needs?: readonly string[];
  /** Its script fails, so that what waits for it never runs. */
  readonly fails?: true;
}

/** One pipeline: later jobs start when those that they wait for have really ended, so that waits feed back. */
export interface WorkloadPipeline {
  /** When it is created, from the workload's start. */
  readonly at: Duration;
  /** Names its project. */
  readonly project: string;
  /** In the order in which they run. */
  readonly stages: readonly string[];
  readonly jobs: readonly WorkloadJob[];
}

/** What happens to the world besides, from the workload's start. */
export type Disturbance =
  /** No webhook arrives. */
  | { readonly kind: 'webhooks lost'; readonly at: Duration; readonly lasts: Duration }
  /** A zone's machines are gone, and nothing can be had there. */
  | { readonly kind: 'zone out'; readonly zone: string; readonly at: Duration; readonly lasts: Duration }
  /** Nothing can be had on a market. */
  | {
      readonly kind: 'no capacity';
      readonly market: 'spot' | 'on-demand';
      readonly at: Duration;
      readonly lasts: Duration;
    }
  /** A share, 0 to 1, of the spot machines is taken every hour. */
  | {
      readonly kind: 'spot interruptions';
      readonly perHour: number;
      readonly at: Duration;
      readonly lasts: Duration;
    };

/** Everything that comes from outside, the same for every autoscaler. */
export interface Workload {
  readonly name: string;
  readonly start: Instant;
  /** The time in which pipelines come; the simulation goes on until all jobs have ended. */
  readonly length: Duration;
  /** In the order in which they come. */
  readonly pipelines: readonly WorkloadPipeline[];
  readonly disturbances?: readonly Disturbance[];
}
