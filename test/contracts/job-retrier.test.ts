import { gitLabJobRetrier } from '../../src/adapters/gitlab/jobs/job-retrier.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import { MemoryJobRetrier } from '../../src/adapters/memory/job-retrier.ts';
import { gitlabWire } from '../support/gitlab-wire.ts';
import { jobRetrierContract } from './job-retrier.contract.ts';

/** What the contract needs of GitLab, whoever asks it. */
function scene(gitlab: GitLab) {
  const willing = gitlab.addProject({ path: 'acme/app' }).id;
  const other = gitlab.addProject({ path: 'acme/other' }).id;
  const { token } = gitlab.addRunner({ tags: [], runUntagged: true });
  return { willing, other, runnerToken: token };
}

jobRetrierContract('memory', async () => {
  const clock = new VirtualClock();
  const gitlab = new GitLab({ timers: clock, seed: 1 });
  const outage = { on: false };
  const places = scene(gitlab);
  return {
    ...places,
    gitlab,
    clock,
    retrier: new MemoryJobRetrier({ gitlab, projects: [places.willing], outage }),
    outage: (on) => {
      outage.on = on;
    },
    async [Symbol.asyncDispose]() {},
  };
});

jobRetrierContract('GitLab over the double', async () => {
  const wire = await gitlabWire();
  const places = scene(wire.gitlab);
  const { client } = wire;
  return {
    ...wire,
    ...places,
    retrier: gitLabJobRetrier({ projects: [{ project: 'acme/app', client }], note: () => undefined }),
  };
});
