import type { Job } from '../../adapters/memory/gitlab/job.ts';
import type { Double } from './double.ts';

/** Why a job of the double may be reported failed; runners report other reasons as `unknown_failure`. */
const FAILURE_REASONS = [
  'unknown_failure',
  'script_failure',
  'api_failure',
  'stuck_or_timeout_failure',
  'runner_system_failure',
  'runner_unsupported',
  'job_execution_timeout',
  'runner_interrupted',
];

/**
 * A job as a runner gets it. Every type here is what gitlab-runner's decoder insists on: one wrong type and
 * the runner loses the job without a word. There is no repository, so nothing is fetched.
 */
export function jobForRunner(job: Job, double: Double) {
  const { model } = double;
  const project = model.project(job.project);
  const pipeline = model.pipeline(job.pipeline);
  const timeout = Math.ceil(Math.min(job.timeout, job.runner?.maximumTimeout ?? Infinity) / 1000);
  return {
    id: job.id,
    token: job.token,
    allow_git_fetch: false,
    job_info: jobInfo(job, double),
    git_info: {
      repo_url: `${double.url()}/${project?.path ?? ''}.git`,
      ref: job.ref,
      sha: pipeline?.sha ?? '',
      before_sha: pipeline?.beforeSha ?? '',
      ref_type: job.tag ? 'tag' : 'branch',
      refspecs: [],
      depth: 0,
    },
    runner_info: { timeout },
    variables: variables(job, double),
    steps: [{ name: 'script', script: job.script, timeout, when: 'on_success', allow_failure: false }],
    image: null,
    services: [],
    artifacts: [],
    cache: [],
    credentials: [],
    dependencies: [],
    features: { trace_sections: true, failure_reasons: FAILURE_REASONS },
  };
}

function jobInfo(job: Job, { model }: Double) {
  return {
    name: job.name,
    stage: job.stage,
    project_id: job.project,
    project_name: model.project(job.project)?.name ?? '',
    time_in_queue_seconds: (model.now() - (job.queuedAt ?? job.createdAt)) / 1000,
    // A text, although it is a number.
    project_jobs_running_on_instance_runners_count: '0',
    queue_size: model.jobCounts().pending ?? 0,
    queue_depth: 0,
  };
}

function variables(job: Job, double: Double) {
  const open = {
    CI: 'true',
    GITLAB_CI: 'true',
    CI_SERVER: 'yes',
    CI_SERVER_URL: double.url(),
    CI_API_V4_URL: `${double.url()}/api/v4`,
    ...projectVariables(job, double),
    CI_JOB_ID: String(job.id),
    CI_JOB_NAME: job.name,
    CI_JOB_STAGE: job.stage,
    CI_COMMIT_REF_NAME: job.ref,
    CI_RUNNER_ID: String(job.runner?.id ?? ''),
    CI_RUNNER_TAGS: JSON.stringify(job.runner?.tags ?? []),
    GIT_STRATEGY: 'none',
    ...job.variables,
  };
  const shown = Object.entries(open).map(([key, value]) => ({ key, value, public: true, masked: false }));
  return [...shown, { key: 'CI_JOB_TOKEN', value: job.token, public: false, masked: true }];
}

function projectVariables(job: Job, { model }: Double): Record<string, string> {
  const project = model.project(job.project);
  const pipeline = model.pipeline(job.pipeline);
  return {
    CI_PROJECT_ID: String(job.project),
    CI_PROJECT_NAME: project?.name ?? '',
    CI_PROJECT_PATH: project?.path ?? '',
    CI_PIPELINE_ID: String(job.pipeline),
    CI_PIPELINE_IID: String(pipeline?.iid ?? ''),
    CI_COMMIT_SHA: pipeline?.sha ?? '',
  };
}
