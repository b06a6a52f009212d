import type { Instant } from '../../../engine/time.ts';
import type { Job, JobDefinition, JobRecord } from './job.ts';
import { Stage } from './stage.ts';

export interface PipelineDefinition {
  /** Absent: the project's default branch. */
  readonly ref?: string;
  /** Whether the ref is a tag of the repository. Absent: false. */
  readonly tag?: boolean;
  /** Who starts it. Absent: the first user. */
  readonly user?: number;
  /** In the order in which they run. */
  readonly stages: readonly string[];
  readonly jobs: readonly JobDefinition[];
}

export type PipelineStatus =
  'created' | 'pending' | 'running' | 'success' | 'failed' | 'canceled' | 'skipped' | 'manual';

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
  startedAt: Instant | undefined;
  finishedAt: Instant | undefined;
  readonly #byName: ReadonlyMap<string, Stage>;

  constructor(
    origin: Pick<
      Pipeline,
      'id' | 'iid' | 'project' | 'ref' | 'tag' | 'user' | 'sha' | 'beforeSha' | 'createdAt'
    >,
    stages: readonly string[],
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
    this.#byName = new Map(this.stages.map((stage) => [stage.name, stage]));
  }

  /** The stage of that name; a job that names none of the pipeline's stages is a mistake of its author. */
  stage(name: string): Stage {
    const stage = this.#byName.get(name);
    if (stage === undefined)
      throw new Error(`creating pipeline ${this.id}: no stage is called ${name}; add it to stages`);
    return stage;
  }

  /** All its jobs, those that were retried included. */
  jobs(): JobRecord[] {
    return this.stages.flatMap((stage) => stage.jobs);
  }

  get status(): PipelineStatus {
    const count = (of: Parameters<Stage['count']>[0]): number =>
      this.stages.reduce((sum, stage) => sum + stage.count(of), 0);
    if (count('running') > 0) return 'running';
    if (count('queued') > 0) return count('passed') + count('failed') > 0 ? 'running' : 'pending';
    if (count('blocking') > 0) return 'manual';
    if (count('failed') > 0) return 'failed';
    if (count('canceled') > 0) return 'canceled';
    if (count('created') > 0) return 'created';
    if (count('passed') > 0) return 'success';
    return count('optional') > 0 ? 'manual' : 'skipped';
  }

  /** Keeps the times of first start and last end. */
  note(job: Job, now: Instant): void {
    this.stage(job.stage).note(job);
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

/** The jobs whose turn it is after the last change, stage by stage; nothing while a stage is open. */
export function advance(pipeline: Pipeline): Advance {
  let broken = false;
  for (const stage of pipeline.stages) {
    if (stage.count('created') > 0) {
      const waiting = stage.jobs.filter((job) => job.status === 'created' && !job.retried);
      return broken ? { start: [], skip: waiting } : { start: waiting, skip: [] };
    }
    if (stage.alive || stage.count('blocking') > 0) return { start: [], skip: [] };
    broken ||= stage.broken;
  }
  return { start: [], skip: [] };
}

/** The skipped jobs of the stages after `stage`: they wait again when an earlier job is tried once more. */
export function skippedAfter(pipeline: Pipeline, stage: string): JobRecord[] {
  const at = pipeline.stages.findIndex(({ name }) => name === stage);
  return pipeline.stages
    .slice(at + 1)
    .flatMap(({ jobs }) => jobs)
    .filter((job) => job.status === 'skipped' && !job.retried);
}
