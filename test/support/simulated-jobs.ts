import { type Duration, instant, minutes, seconds } from '../../src/engine/time.ts';
import type { Autoscaler } from '../../src/simulator/autoscaler.ts';
import { type Conditions, STANDARD } from '../../src/simulator/conditions.ts';
import type { JobResult, Run } from '../../src/simulator/result.ts';
import { simulate } from '../../src/simulator/simulate.ts';

/** One pipeline of equal jobs. */
export interface JobBatch {
  readonly at: Duration;
  readonly count: number;
  readonly duration: Duration;
}

/** Machines run after 10 s, are ready 20 s later and poll every 3 s; none differs from another. */
const PLAIN: Conditions = { ...STANDARD, startDelay: { pending: seconds(10), boot: seconds(20) } };

/** What the autoscaler makes of pipelines of one stage. */
export function runJobs(
  autoscaler: Autoscaler,
  batches: readonly JobBatch[],
  conditions: Partial<Conditions> = {},
  length = minutes(60),
): Promise<Run> {
  const pipelines = batches.map(({ at, count, duration }) => ({
    at,
    project: 'web',
    stages: ['test'],
    jobs: Array.from({ length: count }, (_, index) => ({
      name: `job-${index}`,
      stage: 'test',
      tags: [],
      duration,
    })),
  }));
  const workload = { name: 'jobs', start: instant(Date.UTC(2026, 0, 5, 8)), length, pipelines };
  return simulate(workload, autoscaler, { ...PLAIN, ...conditions });
}

/** The same autoscaler, to which no webhook arrives. */
export function withoutWebhooks(autoscaler: Autoscaler): Autoscaler {
  return {
    ...autoscaler,
    start: (world) => {
      world.loseWebhooks();
      return autoscaler.start(world);
    },
  };
}

/** The same autoscaler, of whose machines somebody else ends the oldest after a while. */
export function robbed(autoscaler: Autoscaler, at: Duration): Autoscaler {
  return {
    ...autoscaler,
    start: (world) => {
      world.clock.after(at, () => {
        world.end(
          world.ec2
            .instances()
            .slice(0, 1)
            .map(({ id }) => id),
        );
      });
      return autoscaler.start(world);
    },
  };
}

/** Seconds that each job waited, shortest first. */
export function waits({ jobs }: Run): readonly number[] {
  return jobs
    .map(({ queuedAt, scriptAt }: JobResult) => (scriptAt - queuedAt) / 1000)
    .toSorted((one, other) => one - other);
}

/** Seconds that each machine was billed, shortest first. */
export function billed(run: Run): readonly number[] {
  return run.billed.map(({ from, to }) => (to - from) / 1000).toSorted((one, other) => one - other);
}
