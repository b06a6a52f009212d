import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { Ssm } from '../../src/adapters/memory/ec2/ssm.ts';
import { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import { MemoryRegistrations } from '../../src/adapters/memory/registrations.ts';
import { MemorySecretStore } from '../../src/adapters/memory/secret-store.ts';
import { Enroller } from '../../src/controller/enroller.ts';
import { registrarWorld, TOKEN_PREFIX } from '../support/registrar-world.ts';
import { enrolmentContract } from './enrolment.contract.ts';

enrolmentContract('memory', async () => {
  const clock = new VirtualClock();
  const gitlab = new GitLab({ timers: clock, seed: 1 });
  for (const path of ['acme/web', 'acme/tools']) gitlab.addProject({ path });
  const ssm = new Ssm(clock, 1);
  const outage = { on: false };
  const secrets = new MemorySecretStore({ ssm });
  return {
    gitlab,
    secrets,
    prefix: TOKEN_PREFIX,
    enrolment: ({ secrets: own = secrets, others = [] } = {}) =>
      new Enroller({
        installation: 'acme',
        pools: [
          {
            pool: 'linux',
            owner: { kind: 'project', project: 'acme/web', others },
            shards: 0,
            settings: { tags: ['linux'], runUntagged: false, protectedOnly: false, locked: true },
            secrets: own,
            tokenPrefix: TOKEN_PREFIX,
          },
        ],
        registrations: new MemoryRegistrations({ gitlab, outage }),
        clock,
        note: () => undefined,
      }),
    names: () => ssm.names(),
    outage: (on) => {
      outage.on = on;
    },
    advance: (duration) => clock.advance(duration),
    async [Symbol.asyncDispose]() {},
  };
});

enrolmentContract('GitLab over the double', async () => {
  const world = await registrarWorld();
  return {
    gitlab: world.gitlab,
    secrets: world.secrets,
    prefix: TOKEN_PREFIX,
    enrolment: ({ secrets = world.secrets, others = [] } = {}) =>
      world.enroller({ secrets, owner: { kind: 'project', project: 'acme/web', others } }),
    names: () => world.ssm.names(),
    outage: world.outage,
    advance: (duration) => world.clock.advance(duration),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
});
