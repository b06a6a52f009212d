import type { JobEvent } from '../../adapters/memory/gitlab/job-event.ts';
import { elapsed, type Instant } from '../../engine/time.ts';
import { iso, secondsBetween } from './iso.ts';

/** The body of a Job Hook. The job's tags are not in it, as with GitLab. */
export function jobHookPayload(event: JobEvent, base: string) {
  const { at, job, pipeline, project } = event;
  return {
    object_kind: 'build',
    ref: job.ref,
    tag: false,
    before_sha: pipeline.beforeSha,
    sha: pipeline.sha,
    retries_count: job.retries,
    build_id: job.id,
    build_name: job.name,
    build_stage: job.stage,
    build_status: job.status,
    build_created_at: hookTime(job.createdAt),
    build_started_at: hookTime(job.startedAt),
    build_finished_at: hookTime(job.finishedAt),
    build_created_at_iso: wholeSeconds(job.createdAt),
    build_started_at_iso: wholeSeconds(job.startedAt),
    build_finished_at_iso: wholeSeconds(job.finishedAt),
    build_duration: secondsBetween(job.startedAt, job.finishedAt ?? at),
    build_queued_duration: secondsBetween(job.queuedAt, job.startedAt ?? job.finishedAt ?? at),
    build_allow_failure: job.allowFailure,
    build_failure_reason: job.failureReason ?? 'unknown_failure',
    pipeline_id: pipeline.id,
    runner: runnerOf(event),
    project_id: project.id,
    project_name: `${project.namespace} / ${project.name}`,
    user: { id: 1, name: 'Sandbox', username: 'sandbox', avatar_url: null, email: '[REDACTED]' },
    commit: commitOf(event),
    repository: repositoryOf(event, base),
    project: projectOf(event, base),
    environment: null,
  };
}

function runnerOf({ runner }: JobEvent) {
  if (runner === undefined) return null;
  return {
    id: runner.id,
    description: runner.description,
    runner_type: runner.projects === undefined ? 'instance_type' : 'project_type',
    active: !runner.paused,
    is_shared: runner.projects === undefined,
    tags: runner.tags,
  };
}

/** GitLab calls it commit; its id is the pipeline's. */
function commitOf({ pipeline }: JobEvent) {
  const { startedAt, finishedAt } = pipeline;
  const duration =
    startedAt === undefined || finishedAt === undefined ? null : elapsed(startedAt, finishedAt) / 1000;
  return {
    id: pipeline.id,
    name: null,
    sha: pipeline.sha,
    message: 'Sandbox commit\n',
    author_name: 'Sandbox',
    author_email: 'sandbox@example.com',
    author_url: 'mailto:sandbox@example.com',
    status: pipeline.status,
    duration,
    started_at: hookTime(startedAt),
    finished_at: hookTime(finishedAt),
    started_at_iso: wholeSeconds(startedAt),
    finished_at_iso: wholeSeconds(finishedAt),
  };
}

function repositoryOf({ project }: JobEvent, base: string) {
  const homepage = `${base}/${project.path}`;
  return {
    name: project.name,
    url: `git@127.0.0.1:${project.path}.git`,
    description: null,
    homepage,
    git_http_url: `${homepage}.git`,
    git_ssh_url: `git@127.0.0.1:${project.path}.git`,
    visibility_level: 0,
  };
}

function projectOf({ project }: JobEvent, base: string) {
  const webUrl = `${base}/${project.path}`;
  return {
    id: project.id,
    name: project.name,
    description: null,
    web_url: webUrl,
    avatar_url: null,
    git_ssh_url: `git@127.0.0.1:${project.path}.git`,
    git_http_url: `${webUrl}.git`,
    namespace: project.namespace,
    visibility_level: 0,
    path_with_namespace: project.path,
    default_branch: project.defaultBranch,
    ci_config_path: null,
  };
}

/** The older fields of a hook say `2026-01-05 08:00:00 UTC`. */
function hookTime(at: Instant | undefined): string | null {
  return (
    iso(at)
      ?.replace('T', ' ')
      .replace(/\.\d+Z$/, ' UTC') ?? null
  );
}

/** Their twins say `2026-01-05T08:00:00Z`. */
function wholeSeconds(at: Instant | undefined): string | null {
  return iso(at)?.replace(/\.\d+Z$/, 'Z') ?? null;
}
