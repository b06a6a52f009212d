import type { Instant } from '../../../engine/time.ts';
import type { Job, JobRecord } from './job.ts';
import { Needs } from './needs.ts';
import { Stage } from './stage.ts';

export type PipelineStatus =
  'created' | 'pending' | 'running' | 'success' | 'failed' | 'canceled' | 'skipped' | 'manual' | 'scheduled';

/** One pipeline; its status follows from its jobs. */
export class Pipeline {
  readonly id: number;
  readonly iid: number;
  readonly project: number;
  readonly ref: string;
  readonly tag: boolean;
  readonly user: number;
  readonly sha: string;
  readonly beforeSha: string;
  readonly createdAt: Instant;
  readonly stages: readonly Stage[];
  /** The bridge that started it; absent: it is no child of another pipeline. */
  readonly bridge: JobRecord | undefined;
  readonly needs = new Needs();
  startedAt: Instant | undefined;
  finishedAt: Instant | undefined;
  readonly #byName: ReadonlyMap<string, Stage>;

  constructor(
    origin: Pick<
      Pipeline,
      'id' | 'iid' | 'project' | 'ref' | 'tag' | 'user' | 'sha' | 'beforeSha' | 'createdAt'
    >,
    stages: readonly string[],
    bridge?: JobRecord,
  ) {
    this.id = origin.id;
    this.iid = origin.iid;
    this.project = origin.project;
    this.ref = origin.ref;
    this.tag = origin.tag;
    this.user = origin.user;
    this.sha = origin.sha;
    this.beforeSha = origin.beforeSha;
    this.createdAt = origin.createdAt;
    this.stages = stages.map((name) => new Stage(name));
    this.bridge = bridge;
    this.#byName = new Map(this.stages.map((stage) => [stage.name, stage]));
  }

  /** The stage of that name; a job that names none of the pipeline's stages is a mistake of its author. */
  stage(name: string): Stage {
    const stage = this.#byName.get(name);
    if (stage === undefined)
      throw new Error(`creating pipeline ${this.id}: no stage is called ${name}; add it to stages`);
    return stage;
  }

  /** A job of it, not yet started. */
  add(job: JobRecord): void {
    this.stage(job.stage).add(job);
    this.needs.add(job);
  }

  /** All its jobs and bridges, those that were retried included. */
  jobs(): JobRecord[] {
    return this.stages.flatMap((stage) => stage.jobs);
  }

  get status(): PipelineStatus {
    const count = (of: Parameters<Stage['count']>[0]): number =>
      this.stages.reduce((sum, stage) => sum + stage.count(of), 0);
    if (count('running') > 0) return 'running';
    if (count('queued') > 0) return count('passed') + count('failed') > 0 ? 'running' : 'pending';
    if (count('scheduled') > 0) return 'scheduled';
    if (count('blocking') > 0) return 'manual';
    if (count('failed') > 0) return 'failed';
    if (count('canceled') > 0) return 'canceled';
    if (count('created') + count('needing') > 0) return 'created';
    if (count('passed') > 0) return 'success';
    return count('optional') > 0 ? 'manual' : 'skipped';
  }

  /** Keeps the times of first start and last end. */
  note(job: Job, now: Instant): void {
    this.stage(job.stage).note(job);
    this.needs.note(job);
    if (job.status === 'running') this.startedAt ??= now;
    const status = this.status;
    this.finishedAt = ['success', 'failed', 'canceled', 'skipped'].includes(status)
      ? (this.finishedAt ?? now)
      : undefined;
  }
}

/** What must happen next so that the pipeline goes on. */
export interface Advance {
  /** Jobs whose turn it is. */
  readonly start: readonly JobRecord[];
  /** Jobs whose turn never comes. */
  readonly skip: readonly JobRecord[];
}

/** The jobs whose turn it is after the last change, by what they need and stage by stage; nothing while a stage is open. */
export function advance(pipeline: Pipeline): Advance {
  const settled = pipeline.needs.settled();
  if (settled.start.length + settled.skip.length > 0) return settled;
  let broken = false;
  for (const stage of pipeline.stages) {
    if (stage.count('created') > 0) {
      const waiting = stage.jobs.filter(
        (job) => job.status === 'created' && job.needs === undefined && !job.retried,
      );
      return broken ? { start: [], skip: waiting } : { start: waiting, skip: [] };
    }
    if (stage.alive || stage.count('blocking') > 0) return { start: [], skip: [] };
    broken ||= stage.broken;
  }
  return { start: [], skip: [] };
}

/** The skipped jobs that wait again when a job is tried once more: those that need it, and those of later stages. */
export function skippedAfter(pipeline: Pipeline, job: Job): JobRecord[] {
  const at = pipeline.stages.findIndex(({ name }) => name === job.stage);
  const byStage = pipeline.stages
    .slice(at + 1)
    .flatMap(({ jobs }) => jobs)
    .filter((one) => one.status === 'skipped' && one.needs === undefined && !one.retried);
  return [...byStage, ...pipeline.needs.skippedBehind([job, ...byStage])];
}
