import type { Instant } from '../../../engine/time.ts';
import type { Job, JobStatus } from './job.ts';
import type { Pipeline } from './pipeline.ts';
import type { Project } from './project.ts';
import type { Runner, RunnerRecord } from './runner.ts';

/** One status change of a job, with everything as it was at that moment. */
export interface JobEvent {
  readonly at: Instant;
  readonly job: Job;
  readonly runner: Runner | undefined;
  readonly pipeline: Pick<
    Pipeline,
    'id' | 'iid' | 'sha' | 'beforeSha' | 'ref' | 'status' | 'createdAt' | 'startedAt' | 'finishedAt'
  >;
  readonly project: Project;
}

const TOLD: ReadonlySet<JobStatus> = new Set([
  'created',
  'pending',
  'running',
  'success',
  'failed',
  'canceled',
]);

/** Whether GitLab sends a job webhook when a job gets this status. */
export function isTold(status: JobStatus): boolean {
  return TOLD.has(status);
}

/** Freezes the moment. */
export function jobEvent(at: Instant, job: Job, pipeline: Pipeline, project: Project): JobEvent {
  const { id, iid, sha, beforeSha, ref, status, createdAt, startedAt, finishedAt } = pipeline;
  return {
    at,
    job: { ...job },
    runner: job.runner === undefined ? undefined : runnerOf(job.runner),
    pipeline: { id, iid, sha, beforeSha, ref, status, createdAt, startedAt, finishedAt },
    project: { ...project },
  };
}

/** A runner without its token. */
function runnerOf({ token: _token, managers: _managers, ...runner }: RunnerRecord): Runner {
  return runner;
}
