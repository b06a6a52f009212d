import { JOB_WAYS, type JobWay } from '../../src/adapters/gitlab/jobs/job-ways.ts';
import { gitLabJobs } from '../../src/adapters/gitlab/jobs/jobs.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import { MemoryJobSource } from '../../src/adapters/memory/job-source.ts';
import { gitlabWire } from '../support/gitlab-wire.ts';
import { jobSourceContract } from './job-source.contract.ts';

/** What the contract needs of GitLab, whoever reads it. */
function scene(gitlab: GitLab) {
  const [project, other, unwatched] = ['acme/shop', 'acme/tools/api', 'acme/secret'].map(
    (path) => gitlab.addProject({ path }).id,
  );
  const { id, token } = gitlab.addRunner({ tags: ['linux', 'docker'], runUntagged: true });
  return {
    project: project ?? 0,
    other: other ?? 0,
    unwatched: unwatched ?? 0,
    runner: id,
    runnerToken: token,
  };
}

jobSourceContract('memory', async () => {
  const clock = new VirtualClock();
  const gitlab = new GitLab({ timers: clock, seed: 1 });
  const places = scene(gitlab);
  const outage = { on: false };
  return {
    ...places,
    gitlab,
    clock,
    jobs: new MemoryJobSource({ gitlab, projects: [places.project, places.other], outage }),
    outage: (on) => {
      outage.on = on;
    },
    async [Symbol.asyncDispose]() {},
  };
});

const WAYS = {
  runners: 'GraphQL jobs of runner',
  projects: 'GraphQL by project, 8 a request',
  rest: 'REST by project',
} satisfies Readonly<Record<JobWay, string>>;

for (const way of JOB_WAYS) {
  jobSourceContract(`GitLab over the double, ${WAYS[way]}`, async () => {
    const wire = await gitlabWire();
    const places = scene(wire.gitlab);
    // GitLab proves that it hides no jobs by showing one, wherever that is.
    wire.gitlab.createPipeline(places.unwatched, {
      stages: ['test'],
      jobs: [{ name: 'never runs', stage: 'test', when: 'manual' }],
    });
    const notes: string[] = [];
    const jobs = gitLabJobs({
      client: wire.client,
      // One by its path, one by its id: both are ways to name a project.
      projects: [wire.gitlab.project(places.project)?.path ?? '', String(places.other)],
      clock: wire.clock,
      runners: () => [places.runner],
      note: (message) => notes.push(message),
      ways: [way],
    });
    return {
      ...wire,
      ...places,
      jobs,
      async [Symbol.asyncDispose]() {
        await wire[Symbol.asyncDispose]();
        const { source } = jobs.describe();
        if (!source.startsWith(WAYS[way])) throw new Error(`read by ${source}: ${notes.join('; ')}`);
      },
    };
  });
}
