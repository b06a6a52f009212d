import type { Ssm } from '../../src/adapters/memory/ec2/ssm.ts';
import type { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import type { GitLabOutage } from '../../src/adapters/memory/outage.ts';
import { MemoryRegistrations } from '../../src/adapters/memory/registrations.ts';
import { MemorySecretStore } from '../../src/adapters/memory/secret-store.ts';
import { Enroller } from '../../src/controller/enroller.ts';
import type { Clock } from '../../src/controller/ports.ts';
import type { SecretStore } from '../../src/controller/registrations.ts';
import { identityIn } from '../../src/controller/runner-identity.ts';
import type { PoolPolicy } from '../../src/engine/pool.ts';

export interface OwnRunnersOptions {
  readonly gitlab: GitLab;
  readonly ssm: Ssm;
  readonly clock: Clock;
  readonly outage: GitLabOutage;
  /** Id of the project that owns them. */
  readonly project: number;
  /** Puts something between the controller and the tokens. */
  readonly secrets?: (secrets: SecretStore) => SecretStore;
}

/** For tests: the runners of single instances in virtual time. */
export class OwnRunners {
  readonly #options: OwnRunnersOptions;

  constructor(options: OwnRunnersOptions) {
    this.#options = options;
  }

  /** What an instance of an isolated pool reads as its token; undefined until there is one. */
  token(pool: string, instance: string): string | undefined {
    const { ssm } = this.#options;
    const name = `${tokenPrefix(pool)}/${instance}`;
    return ssm.names().includes(name) ? ssm.getParameter(name, true).value : undefined;
  }

  /** Who makes them, as a process that has just started has it. */
  enroller(installation: string, pools: readonly PoolPolicy[]): Enroller {
    const { gitlab, outage, clock, ssm, project } = this.#options;
    const { secrets: breakSecrets = (same: SecretStore) => same } = this.#options;
    return new Enroller({
      installation,
      pools: isolatedOf(pools).map(({ name, tags, runUntagged }) => ({
        pool: name,
        owner: { kind: 'project', project: String(project), others: [] },
        shards: 0,
        settings: { tags, runUntagged, protectedOnly: false, locked: true },
        secrets: breakSecrets(new MemorySecretStore({ ssm })),
        tokenPrefix: tokenPrefix(name),
      })),
      registrations: new MemoryRegistrations({ gitlab, outage }),
      clock,
      note: () => undefined,
    });
  }

  /** By isolated pool, who tells the runners that it has now. */
  byPool(installation: string, pools: readonly PoolPolicy[]) {
    return Object.fromEntries(
      isolatedOf(pools).map(({ name }) => [name, () => this.#ofPool(installation, name)] as const),
    );
  }

  #ofPool(installation: string, pool: string) {
    return this.#options.gitlab.runners().flatMap(({ id, description }) => {
      const instance = identityIn(description, installation, pool)?.instance;
      return instance === undefined ? [] : [{ id, token: this.token(pool, instance) ?? '' }];
    });
  }
}

function isolatedOf(pools: readonly PoolPolicy[]): readonly PoolPolicy[] {
  return pools.filter(({ isolated }) => isolated === true);
}

/** What the names of the tokens of an isolated pool begin with. */
function tokenPrefix(pool: string): string {
  return `/runtide/test/${pool}/runner-token`;
}
