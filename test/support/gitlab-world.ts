import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { GitLab, type GitLabOptions } from '../../src/adapters/memory/gitlab/gitlab.ts';
import type { JobDefinition } from '../../src/adapters/memory/gitlab/job.ts';

/** A model of GitLab in virtual time with one project, one runner and what a test does with them. */
export function gitlabWorld(
  options: {
    readonly tags?: readonly string[];
    readonly runUntagged?: boolean;
    readonly model?: Partial<GitLabOptions>;
  } = {},
) {
  const timers = new VirtualClock();
  const gitlab = new GitLab({ timers, seed: 1, ...options.model });
  const project = gitlab.addProject({ path: 'acme/web' });
  const runner = gitlab.addRunner({
    tags: options.tags ?? ['linux'],
    runUntagged: options.runUntagged ?? true,
  });
  const contact = { token: runner.token, systemId: 'r_000000000001' };
  const events: string[] = [];
  gitlab.onJobEvent(({ job }) => events.push(`${job.name}#${job.id} ${job.status}`));
  const pipeline = (jobs: readonly JobDefinition[], stages: readonly string[] = ['test']) =>
    gitlab.createPipeline(project.id, { stages, jobs });
  const statuses = () =>
    Object.fromEntries(gitlab.jobsOfProject(project.id).map((job) => [job.name, job.status]));
  const take = () => {
    const job = gitlab.requestJob(contact);
    if (job === undefined) throw new Error('no job for the runner');
    return job;
  };
  const run = (state: 'success' | 'failed' = 'success') => {
    const job = take();
    gitlab.updateJob(job.token, {
      state,
      failureReason: 'script_failure',
      exitCode: state === 'failed' ? 1 : 0,
    });
    return job;
  };
  return { timers, gitlab, project, runner, contact, events, pipeline, statuses, take, run };
}

/** A job of the stage `test`. */
export const job = (name: string, extra: Partial<JobDefinition> = {}): JobDefinition => ({
  name,
  stage: 'test',
  ...extra,
});
