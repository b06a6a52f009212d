import { PortError } from '../../controller/errors.ts';
import type { JobReading, JobSource, PipelineRef } from '../../controller/ports.ts';
import { instanceIdOf } from '../../controller/system-id.ts';
import type { HeldJob, JobKind, JobSnapshot, PendingJob } from '../../engine/job.ts';
import { type Instant, instant } from '../../engine/time.ts';
import type { GitLab } from './gitlab/gitlab.ts';
import { isHeld, type Job } from './gitlab/job.ts';
import type { GitLabOutage } from './outage.ts';

export interface MemoryJobSourceOptions {
  readonly gitlab: GitLab;
  readonly projects: readonly number[];
  readonly outage?: GitLabOutage;
}

/** One pipeline's jobs as they were when it was read: the model's own jobs go on changing. */
interface PipelineReading {
  readonly pending: readonly { readonly kind: JobKind; readonly job: PendingJob }[];
  readonly held: readonly HeldJob[];
  readonly later: number;
}

/** The `JobSource` port straight over the model of GitLab; it knows no more than GitLab tells. */
export class MemoryJobSource implements JobSource {
  readonly #options: MemoryJobSourceOptions;
  /** By pipeline; undefined before the first sweep: unknown, not empty. */
  #readings: Map<number, PipelineReading> | undefined;
  #sweptAt: Instant = instant(0);

  constructor(options: MemoryJobSourceOptions) {
    this.#options = options;
  }

  async sweep(): Promise<JobReading> {
    this.#ask();
    const { gitlab, projects } = this.#options;
    this.#sweptAt = gitlab.now();
    const before = this.#readings;
    const jobs = projects.flatMap((project) =>
      gitlab.jobsOfProject(project, { statuses: ['pending', 'running'] }),
    );
    const byPipeline = Map.groupBy(jobs, ({ pipeline }) => pipeline);
    this.#readings = new Map(
      // A sweep does not ask for later stages: what the pipeline's own reading counted is the best there is.
      [...byPipeline].map(([id, its]) => [id, { ...readingOf(its), later: before?.get(id)?.later ?? 0 }]),
    );
    return this.#told(this.#readings);
  }

  async refresh(pipelines: readonly PipelineRef[]): Promise<JobReading> {
    if (this.#readings === undefined) return this.sweep();
    this.#ask();
    const { gitlab, projects } = this.#options;
    for (const { project, pipeline } of pipelines) {
      const watched = projects.includes(project) && gitlab.pipeline(pipeline)?.project === project;
      if (watched) this.#readings.set(pipeline, readingOf(gitlab.jobsOfPipeline(pipeline)));
    }
    return this.#told(this.#readings);
  }

  #told(readings: ReadonlyMap<number, PipelineReading>): JobReading {
    return { jobs: snapshotOf(readings), readAt: this.#sweptAt };
  }

  #ask(): void {
    if (this.#options.outage?.on !== true) return;
    throw new PortError({ kind: 'unavailable', system: 'gitlab', doing: 'listing jobs', why: '500' });
  }
}

/** A job in handover has a runner, but GitLab does not yet say which manager. */
function isTaken(job: Job): boolean {
  return isHeld(job) || (job.status === 'pending' && job.handover !== undefined);
}

function heldJob({ id, project, manager }: Job): HeldJob {
  const instance = manager === undefined ? undefined : instanceIdOf(manager.systemId);
  return { id, project, ...(instance !== undefined && { instance }) };
}

function readingOf(jobs: readonly Job[]): PipelineReading {
  const waiting = jobs.filter((job) => job.status === 'pending' && !isTaken(job));
  const held = jobs.filter(isTaken).map(heldJob);
  // A pipeline in which nothing waits or runs goes nowhere, so nothing comes later.
  const alive = waiting.length + held.length > 0;
  return {
    pending: waiting.map(({ id, project, tags, queuedAt, createdAt }) => ({
      kind: { project, tags },
      job: { id, queuedAt: queuedAt ?? createdAt },
    })),
    held,
    later: alive ? jobs.filter(({ status }) => status === 'created').length : 0,
  };
}

function snapshotOf(readings: ReadonlyMap<number, PipelineReading>): JobSnapshot {
  const all = [...readings.values()];
  const waiting = all.flatMap(({ pending }) => pending);
  const kinds = Map.groupBy(waiting, ({ kind }) => `${kind.project} ${kind.tags.join(' ')}`);
  return {
    demand: [...kinds.values()].flatMap((alike) => {
      const kind = alike[0]?.kind;
      return kind === undefined ? [] : [{ kind, pending: alike.map(({ job }) => job) }];
    }),
    held: all.flatMap(({ held }) => held),
    later: all.reduce((sum, reading) => sum + reading.later, 0),
  };
}
