import type { GitLabClient } from '../adapters/gitlab/client.ts';
import { gitLabRegistrations } from '../adapters/gitlab/registrations.ts';
import type { PlacedAdapters } from './places.ts';
import type { MadeRunners } from '../config/policy.ts';
import { runnersOf } from '../config/pool-runners.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../controller/ports.ts';
import { type KeptPool, Registrar } from '../controller/registrar.ts';
import type { PoolRunner } from '../controller/registrations.ts';

interface RunnerParts {
  readonly client: GitLabClient;
  readonly placed: Pick<PlacedAdapters, 'fleet' | 'secretsOf' | 'readToken'>;
  readonly clock: Clock;
  readonly note: (message: string) => void;
}

/** Who looks after the runners that Runtide makes. */
export function composeRegistrar(config: Config, { client, placed, clock, note }: RunnerParts): Registrar {
  const pools = Object.values(config.pools).flatMap((pool): readonly KeptPool[] => {
    const runners = runnersOf(config, pool);
    if (!('created' in runners)) return [];
    const { owner, shards, settings, words, tokenPrefix, kmsKey, registrationToken } = runners.created;
    return [
      {
        pool: pool.name,
        owner,
        shards,
        settings,
        tokenPrefix,
        secrets: placed.secretsOf(pool.name, kmsKey),
        ...(words !== undefined && { words }),
        ...(registrationToken !== undefined && { registrationToken: () => registrationToken.reveal() }),
      },
    ];
  });
  const { installation } = config;
  const registrations = gitLabRegistrations(client);
  return new Registrar({ installation, pools, registrations, fleet: placed.fleet, clock, note });
}

/** The runners of every pool, and how their tokens are had: of those that Runtide makes, the registrar knows. */
export function runnersByPool(
  config: Config,
  registrar: Registrar,
  { placed }: Pick<RunnerParts, 'placed'>,
): Readonly<Record<string, (signal: AbortSignal) => Promise<readonly PoolRunner[]>>> {
  return Object.fromEntries(
    Object.values(config.pools).map((pool) => {
      const runners = runnersOf(config, pool);
      if ('created' in runners)
        return [pool.name, (signal: AbortSignal) => registrar.runnersOf(pool.name, signal)];
      const adopted = runners.adopted.map(({ id, tokenParameter }) => ({
        runnerId: id,
        token: (signal: AbortSignal) => placed.readToken(pool.name, tokenParameter, signal),
      }));
      return [pool.name, async () => adopted];
    }),
  );
}

/** Ids of all runners that are known now. */
export function runnerIdsOf(config: Config, made: MadeRunners): readonly number[] {
  return Object.values(config.pools).flatMap((pool) => {
    const runners = runnersOf(config, pool);
    return 'created' in runners ? (made(pool.name) ?? []) : runners.adopted.map(({ id }) => id);
  });
}
