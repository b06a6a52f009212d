import { gitLabJobs } from '../../src/adapters/gitlab/jobs.ts';
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
  const { token } = gitlab.addRunner({ tags: ['linux', 'docker'], runUntagged: true });
  return { project: project ?? 0, other: other ?? 0, unwatched: unwatched ?? 0, runnerToken: token };
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

jobSourceContract('GitLab over the double', async () => {
  const wire = await gitlabWire();
  const places = scene(wire.gitlab);
  return {
    ...wire,
    ...places,
    // One by its path, one by its id: both are ways to name a project.
    jobs: gitLabJobs({
      client: wire.client,
      projects: [wire.gitlab.project(places.project)?.path ?? '', String(places.other)],
      clock: wire.clock,
    }),
  };
});
