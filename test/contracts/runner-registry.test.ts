import { gitLabRunners } from '../../src/adapters/gitlab/runners/runners.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import { MemoryRunnerRegistry } from '../../src/adapters/memory/runner-registry.ts';
import type { PoolRunner } from '../../src/controller/registrations.ts';
import { gitlabWire } from '../support/gitlab-wire.ts';
import { runnerRegistryContract } from './runner-registry.contract.ts';

/** What the contract needs of GitLab, whoever asks it. */
function scene(gitlab: GitLab) {
  const project = gitlab.addProject({ path: 'acme/tools' }).id;
  const linux = gitlab.addRunner({ tags: ['linux'], runUntagged: true });
  const docker = gitlab.addRunner({ tags: ['docker'], runUntagged: false });
  const other = gitlab.addProject({ path: 'acme/teams/api' }).id;
  const own = gitlab.addRunner({ tags: [], runUntagged: true, projects: [project] });
  const group = gitlab.groups.at('acme/teams').id;
  const team = gitlab.addRunner({ tags: [], runUntagged: true, group });
  const pools = { linux, docker, own, team };
  return { project, other, pools, tokens: { linux: linux.token, docker: docker.token } };
}

function poolRunner({ id, token }: { readonly id: number; readonly token: string }): PoolRunner {
  return { runnerId: id, token: async () => token };
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
  return {
    ...wire,
    ...places,
    runners: gitLabRunners({
      client: wire.client,
      pools: {
        ...Object.fromEntries(
          Object.entries(pools).map(([pool, one]) => [pool, async () => [poolRunner(one)]]),
        ),
        both: async () => [poolRunner(pools.linux), poolRunner(pools.docker)],
      },
    }),
  };
});
