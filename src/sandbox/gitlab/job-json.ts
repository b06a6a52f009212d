import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import type { Job } from '../../adapters/memory/gitlab/job.ts';
import { iso, secondsBetween } from './iso.ts';
import { projectIdentityJson } from './project-json.ts';
import { managerJson, runnerJson } from './runner-json.ts';
import { userJson } from './user-json.ts';

/** A job as the project's and the pipeline's lists show it. */
export function jobJson(job: Job, model: GitLab, base: string) {
  return {
    ...basicJson(job, model, base),
    project: { ci_job_token_scope_enabled: false },
    artifacts: [],
    runner: job.runner === undefined ? null : runnerJson(job.runner, model),
    runner_manager: job.manager === undefined ? null : managerJson(job.manager, model),
    artifacts_expire_at: null,
    archived: false,
    tag_list: job.tags,
  };
}

/** A job as `GET /runners/:id/jobs` shows it: without tags. */
export function runnersJobJson(job: Job, model: GitLab, base: string) {
  const project = model.project(job.project);
  return {
    ...basicJson(job, model, base),
    project: project === undefined ? null : projectIdentityJson(project),
  };
}

function basicJson(job: Job, model: GitLab, base: string) {
  const now = model.now();
  return {
    id: job.id,
    status: job.status,
    stage: job.stage,
    name: job.name,
    ref: job.ref,
    tag: job.tag,
    coverage: null,
    allow_failure: job.allowFailure,
    created_at: iso(job.createdAt),
    started_at: iso(job.startedAt),
    finished_at: iso(job.finishedAt),
    erased_at: null,
    duration: secondsBetween(job.startedAt, job.finishedAt ?? now),
    queued_duration: secondsBetween(job.queuedAt, job.startedAt ?? job.finishedAt ?? now),
    user: { ...userJson(job.user, model, base), created_at: null, bio: '' },
    commit: commitJson(job, model),
    pipeline: pipelineJson(job, model, base),
    web_url: `${base}/${model.project(job.project)?.path ?? ''}/-/jobs/${job.id}`,
    ...(job.status === 'failed' ? { failure_reason: job.failureReason } : {}),
  };
}

function commitJson(job: Job, model: GitLab) {
  const pipeline = model.pipeline(job.pipeline);
  if (pipeline === undefined) return null;
  const at = iso(pipeline.createdAt);
  return {
    id: pipeline.sha,
    short_id: pipeline.sha.slice(0, 8),
    created_at: at,
    parent_ids: [],
    title: 'Sandbox commit',
    message: 'Sandbox commit\n',
    author_name: 'Sandbox',
    author_email: 'sandbox@example.com',
    authored_date: at,
    committer_name: 'Sandbox',
    committer_email: 'sandbox@example.com',
    committed_date: at,
  };
}

function pipelineJson(job: Job, model: GitLab, base: string) {
  const pipeline = model.pipeline(job.pipeline);
  if (pipeline === undefined) return null;
  return {
    id: pipeline.id,
    iid: pipeline.iid,
    project_id: pipeline.project,
    sha: pipeline.sha,
    ref: pipeline.ref,
    status: pipeline.status,
    source: 'push',
    created_at: iso(pipeline.createdAt),
    updated_at: iso(pipeline.finishedAt ?? pipeline.startedAt ?? pipeline.createdAt),
    web_url: `${base}/${model.project(job.project)?.path ?? ''}/-/pipelines/${pipeline.id}`,
  };
}
