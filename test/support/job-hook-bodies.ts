import * as fc from 'fast-check';
import { JOB_STATUSES, type JobHook } from './job-hook-shape.ts';

/** Whatever people write: other scripts, emoji, quotes, line ends, what is no character at all. */
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('fix: größer 🚀\r\n\r\nCo-authored-by: 李雷 <li@example.com>\n', '\u0000\u2028"\\', ''),
);

/** A commit message of `bytes` bytes in UTF-8. */
export function longMessage(bytes: number): string {
  return `${'ä'.repeat(Math.floor(bytes / 2))}${'.'.repeat(bytes % 2)}`;
}

const anyId = fc.oneof(
  fc.integer({ min: 1, max: 10_000 }),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
);
const anySha = fc.string({ unit: fc.constantFrom('0', '7', 'a', 'f'), minLength: 40, maxLength: 40 });
const anyRef = fc.constantFrom(
  'main',
  'feature/größe/日本語-🚀',
  'refs/merge-requests/7/head',
  'v1.0.0',
  'a'.repeat(255),
);
const anyPath = fc.constantFrom('acme/web', 'acme/Deep/er/down/web.app', 'a_b/c-d.e');
const anyDuration = fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }));
const anyVisibility = fc.constantFrom(0 as const, 10 as const, 20 as const);

/** One moment as the two fields of a hook say it. */
interface Moment {
  readonly time: string;
  readonly iso: string;
}

/** All that GitLab's serializers make of a moment: by name of the zone, by offset, with milliseconds. */
const anyMoment: fc.Arbitrary<Moment> = fc
  .record({
    at: fc.integer({ min: 1_500_000_000_000, max: 2_000_000_000_000 }),
    as: fc.constantFrom('UTC', '+0100', 'ms'),
  })
  .map(({ at, as }) => {
    const ahead = as === '+0100' ? 3_600_000 : 0;
    const text = new Date(at + ahead).toISOString();
    const whole = text.slice(0, 19);
    return {
      time: as === 'ms' ? text : `${whole.replace('T', ' ')} ${as}`,
      iso: as === '+0100' ? `${whole}+01:00` : `${whole}Z`,
    };
  });

const anyRunner = fc.record({
  id: anyId,
  description: fc.option(anyText),
  runner_type: fc.constantFrom('instance_type' as const, 'group_type' as const, 'project_type' as const),
  active: fc.boolean(),
  is_shared: fc.boolean(),
  tags: fc.array(anyText, { maxLength: 5 }),
});

const anyEnvironment = fc.record({
  name: fc.constantFrom('production', 'review/größe-7'),
  action: fc.constantFrom('start', 'prepare', 'stop', 'verify', 'access'),
  deployment_tier: fc.option(fc.constantFrom('production', 'staging', 'other')),
});

/** What the parts of one body have in common, and what they may say. */
const anyFacts = fc.record({
  projectId: anyId,
  path: anyPath,
  pipeline: anyId,
  build: anyId,
  status: fc.constantFrom(...JOB_STATUSES),
  ref: anyRef,
  tag: fc.boolean(),
  sha: anySha,
  beforeSha: fc.constantFrom('0'.repeat(40), 'f'.repeat(40)),
  retries: fc.nat({ max: 100 }),
  name: anyText,
  text: fc.option(anyText),
  created: anyMoment,
  started: fc.option(anyMoment),
  finished: fc.option(anyMoment),
  duration: anyDuration,
  queued: anyDuration,
  allowFailure: fc.boolean(),
  failureReason: fc.option(fc.constantFrom('unknown_failure', 'script_failure', 'runner_system_failure')),
  runner: fc.option(anyRunner),
  environment: fc.option(anyEnvironment),
  visibility: anyVisibility,
  hasUser: fc.boolean(),
  source: fc.option(fc.record({ project: anyId, job: fc.option(anyId), pipeline: anyId })),
});

/** The body of a Job Hook, as GitLab sends it, with a commit message of that kind. */
export function jobHookBody(messages: fc.Arbitrary<string> = anyText): fc.Arbitrary<JobHook> {
  return fc.tuple(anyFacts, fc.option(messages)).map(([facts, message]) => bodyOf(facts, message));
}

type Facts = typeof anyFacts extends fc.Arbitrary<infer T> ? T : never;

function bodyOf(facts: Facts, message: string | null): JobHook {
  const { started, finished, source } = facts;
  return {
    object_kind: 'build',
    ref: facts.ref,
    tag: facts.tag,
    before_sha: facts.beforeSha,
    sha: facts.sha,
    retries_count: facts.retries,
    build_id: facts.build,
    build_name: facts.name,
    build_stage: facts.name,
    build_status: facts.status,
    build_created_at: facts.created.time,
    build_started_at: started?.time ?? null,
    build_finished_at: finished?.time ?? null,
    build_created_at_iso: facts.created.iso,
    build_started_at_iso: started?.iso ?? null,
    build_finished_at_iso: finished?.iso ?? null,
    build_duration: facts.duration,
    build_queued_duration: facts.queued,
    build_allow_failure: facts.allowFailure,
    build_failure_reason: facts.failureReason,
    pipeline_id: facts.pipeline,
    runner: facts.runner,
    project_id: facts.projectId,
    project_name: facts.path.replaceAll('/', ' / '),
    user: facts.hasUser ? userOf(facts) : null,
    commit: commitOf(facts, message),
    repository: repositoryOf(facts),
    project: projectOf(facts),
    environment: facts.environment,
    ...(source !== null && { source_pipeline: sourceOf(source) }),
  };
}

function userOf({ name }: Facts): JobHook['user'] {
  return { id: 3, name, username: 'ada', avatar_url: null, email: '[REDACTED]' };
}

function commitOf(
  { pipeline, sha, text, status, duration, started, finished }: Facts,
  message: string | null,
) {
  return {
    id: pipeline,
    name: text,
    sha,
    message,
    author_name: text,
    author_email: text,
    author_url: 'mailto:ada@example.com',
    status,
    duration,
    started_at: started?.time ?? null,
    finished_at: finished?.time ?? null,
    started_at_iso: started?.iso ?? null,
    finished_at_iso: finished?.iso ?? null,
  };
}

function repositoryOf({ path, text, visibility }: Facts) {
  return {
    name: path,
    url: `git@gitlab.example:${path}.git`,
    description: text,
    homepage: `https://gitlab.example/${path}`,
    git_http_url: `https://gitlab.example/${path}.git`,
    git_ssh_url: `git@gitlab.example:${path}.git`,
    visibility_level: visibility,
  };
}

function projectOf({ projectId, path, text, visibility }: Facts) {
  return {
    id: projectId,
    name: path,
    description: text,
    web_url: `https://gitlab.example/${path}`,
    avatar_url: null,
    git_ssh_url: `git@gitlab.example:${path}.git`,
    git_http_url: `https://gitlab.example/${path}.git`,
    namespace: 'Acme',
    visibility_level: visibility,
    path_with_namespace: path,
    default_branch: 'main',
    ci_config_path: text,
  };
}

function sourceOf({ project, job, pipeline }: NonNullable<Facts['source']>) {
  const path = 'acme/upstream';
  return {
    project: { id: project, web_url: `https://gitlab.example/${path}`, path_with_namespace: path },
    job_id: job,
    pipeline_id: pipeline,
  };
}
