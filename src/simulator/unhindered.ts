import { type Duration, milliseconds } from '../engine/time.ts';
import type { Workload, WorkloadJob, WorkloadPipeline } from './workload.ts';

/** A stretch of time, from the workload's start. */
export interface Span {
  readonly from: Duration;
  readonly to: Duration;
}

/** When what a job waits for is over; undefined: its turn never comes. */
type Turn = Duration | undefined;

/** The jobs that run, each as soon as it is queued, in the order in which they start: a machine is always ready. */
export function unhinderedJobs(workload: Workload): readonly Span[] {
  return workload.pipelines.flatMap(jobsOf).toSorted((one, other) => one.from - other.from);
}

function jobsOf(pipeline: WorkloadPipeline): readonly Span[] {
  const turns = new Turns(pipeline);
  return pipeline.jobs.flatMap((job) => {
    const from = turns.of(job);
    return from === undefined ? [] : [spanFrom(from, job)];
  });
}

function spanFrom(from: Duration, { duration }: WorkloadJob): Span {
  return { from, to: milliseconds(from + duration) };
}

/** The turns of one pipeline's jobs, by GitLab's rules for stages and needs. */
class Turns {
  readonly #pipeline: WorkloadPipeline;
  readonly #byName: ReadonlyMap<string, WorkloadJob>;
  readonly #byStage: ReadonlyMap<string, readonly WorkloadJob[]>;
  readonly #known = new Map<WorkloadJob | string, Turn>();

  constructor(pipeline: WorkloadPipeline) {
    this.#pipeline = pipeline;
    this.#byName = new Map(pipeline.jobs.map((job) => [job.name, job]));
    this.#byStage = Map.groupBy(pipeline.jobs, ({ stage }) => stage);
  }

  of(job: WorkloadJob): Turn {
    const { needs, stage } = job;
    if (needs === undefined) return this.#once(stage, () => this.#ofStage(stage));
    const needed = needs.flatMap((name) => this.#byName.get(name) ?? []);
    return this.#once(job, () => this.#behind(needed));
  }

  /** Jobs that wait for each other in a circle never start. */
  #once(key: WorkloadJob | string, turn: () => Turn): Turn {
    if (this.#known.has(key)) return this.#known.get(key);
    this.#known.set(key, undefined);
    const found = turn();
    this.#known.set(key, found);
    return found;
  }

  #ofStage(stage: string): Turn {
    const { stages } = this.#pipeline;
    const earlier = stages.slice(0, stages.indexOf(stage)).flatMap((name) => this.#byStage.get(name) ?? []);
    return this.#behind(earlier);
  }

  /** After all of these have run and passed; what is skipped was so for a job that failed. */
  #behind(jobs: readonly WorkloadJob[]): Turn {
    let turn: Turn = this.#pipeline.at;
    for (const job of jobs) {
      const from = this.of(job);
      if (from === undefined || job.fails === true) return undefined;
      turn = milliseconds(Math.max(turn, from + job.duration));
    }
    return turn;
  }
}
