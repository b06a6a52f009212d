import { gitLabRunners } from '../../src/adapters/gitlab/runners.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import { MemoryRunnerRegistry } from '../../src/adapters/memory/runner-registry.ts';
import { gitlabWire } from '../support/gitlab-wire.ts';
import { runnerRegistryContract } from './runner-registry.contract.ts';

/** What the contract needs of GitLab, whoever asks it. */
function scene(gitlab: GitLab) {
  const project = gitlab.addProject({ path: 'acme/tools' }).id;
  const linux = gitlab.addRunner({ tags: ['linux'], runUntagged: true });
  const docker = gitlab.addRunner({ tags: ['docker'], runUntagged: false });
  return { project, pools: { linux, docker }, tokens: { linux: linux.token, docker: docker.token } };
}

runnerRegistryContract('memory', async () => {
  const clock = new VirtualClock();
  const gitlab = new GitLab({ timers: clock, seed: 1 });
  const { pools, ...places } = scene(gitlab);
  const outage = { on: false };
  return {
    ...places,
    gitlab,
    clock,
    runners: new MemoryRunnerRegistry({
      gitlab,
      pools: { ...pools, both: [pools.linux, pools.docker] },
      outage,
    }),
    outage: (on) => {
      outage.on = on;
    },
    async [Symbol.asyncDispose]() {},
  };
});

runnerRegistryContract('GitLab over the double', async () => {
  const wire = await gitlabWire();
  const { pools, ...places } = scene(wire.gitlab);
  const linux = { runnerId: pools.linux.id, token: async () => pools.linux.token };
  const docker = { runnerId: pools.docker.id, token: async () => pools.docker.token };
  return {
    ...wire,
    ...places,
    runners: gitLabRunners({
      client: wire.client,
      pools: {
        linux: async () => [linux],
        docker: async () => [docker],
        both: async () => [linux, docker],
      },
    }),
  };
});
