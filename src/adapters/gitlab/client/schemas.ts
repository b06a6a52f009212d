import { z } from 'zod';
import { type Instant, instant } from '../../../engine/time.ts';

/** What is read of GitLab's answers; everything else in them is dropped. */

/** A date and time, as the engine knows it. */
export const time = z.string().transform((text, context): Instant => {
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return instant(ms);
  context.addIssue({ code: 'custom', message: 'expected a date and time' });
  return z.NEVER;
});

const job = z.object({
  id: z.int(),
  status: z.string(),
  tag_list: z.array(z.string()),
  created_at: time,
  /** Seconds since the job became pending, until now or until its start. */
  queued_duration: z.number().nullish(),
  /** Its branch or tag, or `refs/merge-requests/…`. */
  ref: z.string().nullish(),
  /** Whether `ref` is a tag. */
  tag: z.boolean().nullish(),
  pipeline: z.object({ id: z.int(), project_id: z.int() }),
  runner: z.object({ id: z.int() }).nullish(),
  runner_manager: z.object({ system_id: z.string() }).nullish(),
});
export type GitLabJob = z.output<typeof job>;

/** A page of a project's or a pipeline's jobs. */
export const jobsPage = z.array(job);

const endedJob = z.object({
  id: z.int(),
  name: z.string(),
  stage: z.string(),
  status: z.string(),
  ref: z.string().nullish(),
  tag_list: z.array(z.string()).nullish(),
  created_at: time,
  started_at: time.nullish(),
  finished_at: time.nullish(),
  /** Seconds. */
  duration: z.number().nullish(),
  queued_duration: z.number().nullish(),
  pipeline: z.object({ id: z.int() }),
});
/** A job that has ended, without anything of who started it or what it built. */
export type EndedJob = z.output<typeof endedJob>;

/** A page of a project's jobs that have ended. */
export const endedJobsPage = z.array(endedJob);

/** A project or a group, for its id. */
export const identified = z.object({ id: z.int() });

/** A project, for its id and its path. */
export const project = z.object({ id: z.int(), path_with_namespace: z.string() });

/** A page of a group's projects. */
export const projectsPage = z.array(project);

/** A page of what is protected in a project: names of branches or tags, in which `*` stands for any text. */
export const protectionsPage = z.array(z.object({ name: z.string() }));

const manager = z.object({
  system_id: z.string(),
  created_at: time,
  contacted_at: time.nullish(),
  job_execution_status: z.enum(['idle', 'active']),
});
export type GitLabManager = z.output<typeof manager>;

/** A page of a runner's managers. */
export const managersPage = z.array(manager);

/** One runner's details. */
export const runner = z.object({
  id: z.int(),
  description: z.string().nullish(),
  runner_type: z.string(),
  tag_list: z.array(z.string()),
  run_untagged: z.boolean(),
  paused: z.boolean(),
  locked: z.boolean(),
  access_level: z.string(),
  maximum_timeout: z.number().nullish(),
  maintenance_note: z.string().nullish(),
  /** Of a project runner: those of its projects that the token may see. */
  projects: z.array(z.object({ id: z.int() })).nullish(),
  /** Of a group runner: its group, if the token may see it. */
  groups: z.array(z.object({ id: z.int() })).nullish(),
});

export type GitLabRunner = z.output<typeof runner>;

/** A page of runners, as lists show them. */
export const runnersPage = z.array(z.object({ id: z.int(), description: z.string().nullish() }));

/** A token as it is issued. */
export const issuedToken = z.object({ token: z.string(), token_expires_at: time.nullish() });

/** A runner that has just been made. */
export const newRunner = issuedToken.extend({ id: z.int() });

/** GitLab's version. */
export const version = z.object({ version: z.string(), enterprise: z.boolean().optional() });

/** The access token, as GitLab describes it to itself. */
export const accessToken = z.object({
  name: z.string(),
  scopes: z.array(z.string()),
  active: z.boolean(),
  created_at: time.nullish(),
  expires_at: time.nullish(),
});

/** A token that was rotated: the new one, which GitLab never shows again. */
export const rotatedToken = z.object({ token: z.string().min(1) });
