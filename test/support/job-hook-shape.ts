import { z } from 'zod';

/** Every status that a job of GitLab can have (Ci::HasStatus). */
export const JOB_STATUSES = [
  'created',
  'waiting_for_resource',
  'waiting_for_callback',
  'preparing',
  'pending',
  'running',
  'canceling',
  'success',
  'failed',
  'canceled',
  'skipped',
  'manual',
  'scheduled',
] as const;

const id = z.int().positive();
const sha = z.string().regex(/^[0-9a-f]{40}$/);
const duration = z.number().nonnegative();
const address = z.string().regex(/^(?:https?:\/\/|git@|ssh:\/\/)/);
const visibility = z.literal([0, 10, 20]);

/** `2026-01-05 08:00:00 UTC`, in the time zone of the instance, or with milliseconds as in `2026-01-05T08:00:00.123Z`. */
const time = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\d (?:\d\d:){2}\d\d (?:UTC|[+-]\d{4})$|^\d{4}-\d\d-\d\dT(?:\d\d:){2}\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d)$/,
  );
/** Its newer twin: `2026-01-05T08:00:00Z`. */
const isoTime = z.string().regex(/^\d{4}-\d\d-\d\dT(?:\d\d:){2}\d\d(?:Z|[+-]\d\d:\d\d)$/);

const runner = z.strictObject({
  id,
  description: z.string().nullable(),
  runner_type: z.enum(['instance_type', 'group_type', 'project_type']),
  active: z.boolean(),
  is_shared: z.boolean(),
  tags: z.array(z.string()),
});

const user = z.strictObject({
  id,
  name: z.string(),
  username: z.string(),
  avatar_url: z.string().nullable(),
  email: z.string(),
});

/** GitLab calls it commit, and its id is the pipeline's. */
const commit = z.strictObject({
  id,
  name: z.string().nullable(),
  sha,
  message: z.string().nullable(),
  author_name: z.string().nullable(),
  author_email: z.string().nullable(),
  author_url: z.string(),
  status: z.string(),
  duration: duration.nullable(),
  started_at: time.nullable(),
  finished_at: time.nullable(),
  started_at_iso: isoTime.nullable(),
  finished_at_iso: isoTime.nullable(),
});

const repository = z.strictObject({
  name: z.string(),
  url: address,
  description: z.string().nullable(),
  homepage: address,
  git_http_url: address,
  git_ssh_url: address,
  visibility_level: visibility,
});

const project = z.strictObject({
  id,
  name: z.string(),
  description: z.string().nullable(),
  web_url: address,
  avatar_url: z.string().nullable(),
  git_ssh_url: address,
  git_http_url: address,
  namespace: z.string(),
  visibility_level: visibility,
  path_with_namespace: z.string(),
  default_branch: z.string().nullable(),
  ci_config_path: z.string().nullable(),
});

const environment = z.strictObject({
  name: z.string(),
  action: z.string(),
  deployment_tier: z.string().nullable(),
});

const sourcePipeline = z.strictObject({
  project: z.strictObject({ id, web_url: address, path_with_namespace: z.string() }),
  job_id: id.nullable(),
  pipeline_id: id,
});

/**
 * The body of a Job Hook, field for field, as lib/gitlab/data_builder/build.rb of GitLab makes it. What a
 * test sends to Runtide and what the GitLab double sends are both held against it.
 */
export const jobHookShape = z.strictObject({
  object_kind: z.literal('build'),
  ref: z.string(),
  /** Whether the ref is a tag of git. */
  tag: z.boolean(),
  before_sha: sha,
  sha,
  retries_count: z.int().nonnegative(),
  build_id: id,
  build_name: z.string(),
  build_stage: z.string(),
  build_status: z.enum(JOB_STATUSES),
  build_created_at: time,
  build_started_at: time.nullable(),
  build_finished_at: time.nullable(),
  build_created_at_iso: isoTime,
  build_started_at_iso: isoTime.nullable(),
  build_finished_at_iso: isoTime.nullable(),
  build_duration: duration.nullable(),
  build_queued_duration: duration.nullable(),
  build_allow_failure: z.boolean(),
  build_failure_reason: z.string().nullable(),
  pipeline_id: id,
  runner: runner.nullable(),
  project_id: id,
  project_name: z.string(),
  user: user.nullable(),
  commit,
  repository,
  project,
  environment: environment.nullable(),
  /** Only for pipelines that another pipeline has started. */
  source_pipeline: sourcePipeline.optional(),
});

export type JobHook = z.output<typeof jobHookShape>;

/** Fields that a GitLab of an earlier year does not send. */
export const NEWER_FIELDS: readonly string[] = [
  'retries_count',
  'project',
  'source_pipeline',
  'build_created_at_iso',
  'build_started_at_iso',
  'build_finished_at_iso',
];
