import { GitLabClient } from '../../src/adapters/gitlab/client/client.ts';
import { gitLabRegistrations } from '../../src/adapters/gitlab/runners/registrations.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { Ssm } from '../../src/adapters/memory/ec2/ssm.ts';
import { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import { MemorySecretStore } from '../../src/adapters/memory/secret-store.ts';
import { Enroller } from '../../src/controller/enroller.ts';
import { type KeptPool, Registrar } from '../../src/controller/registrar.ts';
import type { SecretStore } from '../../src/controller/registrations.ts';
import type { Instance } from '../../src/engine/instance.ts';
import type { Duration } from '../../src/engine/time.ts';
import type { RegistrationToken } from '../../src/sandbox/gitlab/registration-token.ts';
import { startGitLab } from '../../src/sandbox/gitlab/start.ts';
import { anInstance } from './observations.ts';
import { OpenApi } from './openapi.ts';

const ACCESS_TOKEN = 'glpat-runtide';
/** For tests: what the names of the tokens' parameters begin with. */
export const TOKEN_PREFIX = '/runtide/acme/linux/runner-token';

export interface RegistrarWorldOptions {
  /** How long a token of a runner is good for; absent: for ever. */
  readonly lifetime?: Duration;
  readonly registrationTokens?: readonly RegistrationToken[];
}

/**
 * For tests: a GitLab double with projects `acme/web`, `acme/tools` and `other/web`, the Parameter Store, and
 * registrars of installation `acme` between the two, in virtual time. Disposing of it fails when something on the wire
 * was not as GitLab documents it.
 */
export async function registrarWorld({ lifetime, registrationTokens }: RegistrarWorldOptions = {}) {
  const clock = new VirtualClock();
  const gitlab = new GitLab({
    timers: clock,
    seed: 1,
    ...(lifetime !== undefined && { runnerTokenLifetime: lifetime }),
  });
  const [web, tools] = ['acme/web', 'acme/tools', 'other/web'].map((path) => gitlab.addProject({ path }).id);
  const openApi = new OpenApi();
  const double = await startGitLab({
    model: gitlab,
    timers: clock,
    tokens: [{ token: ACCESS_TOKEN, scopes: ['api'], name: 'runtide' }],
    observe: openApi.observe,
    ...(registrationTokens !== undefined && { registrationTokens }),
  });
  const client = new GitLabClient({
    url: double.url,
    token: () => ACCESS_TOKEN,
    clock: { now: () => clock.now(), sleep: (duration) => clock.advance(duration) },
    version: '0.0.0',
  });
  const ssm = new Ssm(clock, 1);
  const secrets: SecretStore = new MemorySecretStore({ ssm });
  const instances: Instance[] = [];
  const notes: string[] = [];

  const partsOf = (over: Partial<KeptPool>) => ({
    installation: 'acme',
    pools: [
      {
        pool: 'linux',
        owner: { kind: 'project', project: 'acme/web', others: [] } as const,
        shards: 1,
        settings: { tags: ['linux'], runUntagged: false, protectedOnly: false, locked: true },
        secrets,
        tokenPrefix: TOKEN_PREFIX,
        ...over,
      },
    ],
    registrations: gitLabRegistrations(client),
    clock,
    note: (message: string) => void notes.push(message),
  });

  /** A registrar as a process that has just started has it. */
  const registrar = (over: Partial<KeptPool> = {}): Registrar =>
    new Registrar({
      ...partsOf(over),
      fleet: { find: async (ids) => instances.filter(({ id }) => ids.includes(id)) },
    });

  /** Who makes runners for single instances, likewise. */
  const enroller = (over: Partial<KeptPool> = {}): Enroller => new Enroller(partsOf({ shards: 0, ...over }));

  return {
    clock,
    gitlab,
    ssm,
    secrets,
    notes,
    registrar,
    enroller,
    web: web ?? 0,
    tools: tools ?? 0,
    /** An instance that runs, or has ended. */
    setInstance(id: string, state: Instance['state']): void {
      const others = instances.filter((instance) => instance.id !== id);
      instances.splice(0, instances.length, ...others, anInstance(id, { state }));
    },
    outage: (on: boolean) => double.faults.set(on ? { kind: 'status', status: 503 } : { kind: 'none' }),
    /** The token of a runner as instances read it. */
    token: (runner: number) => ssm.getParameter(`${TOKEN_PREFIX}/${runner}`, true).value,
    async [Symbol.asyncDispose]() {
      await double.close();
      const problems = openApi.problems();
      if (problems.length > 0) throw new Error(`not as GitLab documents it:\n${problems.join('\n')}`);
    },
  };
}
