import type { GitLabClient } from '../adapters/gitlab/client/client.ts';
import { gitLabRegistrations } from '../adapters/gitlab/runners/registrations.ts';
import type { PlacedAdapters } from './places.ts';
import type { MadeRunners } from '../config/policy.ts';
import { runnersOf } from '../config/pool-runners.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../controller/ports.ts';
import { Enroller } from '../controller/enroller.ts';
import { type KeptPool, Registrar } from '../controller/registrar.ts';
import type { PoolRunner } from '../controller/registrations.ts';

interface RunnerParts {
  readonly client: GitLabClient;
  readonly placed: Pick<PlacedAdapters, 'fleet' | 'secretsOf' | 'readToken'>;
  readonly clock: Clock;
  readonly note: (message: string) => void;
}

/** Who looks after the runners that Runtide makes: those of pools, and those of single instances. */
export interface RunnerMakers {
  readonly registrar: Registrar;
  readonly enroller: Enroller;
}

/** Wires both over the same pools. */
export function composeRunnerMakers(
  config: Config,
  { client, placed, clock, note }: RunnerParts,
): RunnerMakers {
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
  const common = { installation, pools, registrations, clock, note };
  return { registrar: new Registrar({ ...common, fleet: placed.fleet }), enroller: new Enroller(common) };
}

/** The runners of every pool, and how their tokens are had: of those that Runtide makes, the registrar knows. */
export function runnersByPool(
  config: Config,
  { registrar, enroller }: RunnerMakers,
  { placed }: Pick<RunnerParts, 'placed'>,
): Readonly<Record<string, (signal: AbortSignal) => Promise<readonly PoolRunner[]>>> {
  return Object.fromEntries(
    Object.values(config.pools).map((pool) => {
      const runners = runnersOf(config, pool);
      if ('created' in runners) {
        return [
          pool.name,
          async (signal: AbortSignal) => [
            ...(await registrar.runnersOf(pool.name, signal)),
            ...(await enroller.runnersOf(pool.name, signal)),
          ],
        ];
      }
      const adopted = runners.adopted.map(({ id, tokenParameter }) => ({
        runnerId: id,
        token: (signal: AbortSignal) => placed.readToken(pool.name, tokenParameter, signal),
      }));
      return [pool.name, async () => adopted];
    }),
  );
}

/**
 * Ids of all runners that are known now, for reading what they could take. None where a pool has no runner while it has
 * no instance: its jobs would not be seen.
 */
export function runnerIdsOf(config: Config, made: MadeRunners): readonly number[] {
  const pools = Object.values(config.pools).map((pool) => ({ pool, runners: runnersOf(config, pool) }));
  if (pools.some(({ runners }) => 'created' in runners && runners.created.isolated)) return [];
  return pools.flatMap(({ pool, runners }) =>
    'created' in runners ? (made(pool.name) ?? []) : runners.adopted.map(({ id }) => id),
  );
}
