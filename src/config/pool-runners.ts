import type { Duration } from '../engine/time.ts';
import type { Config, PoolConfig } from './schema.ts';
import type { Secret } from './secret.ts';

/** A runner that somebody made in GitLab. */
export interface AdoptedRunner {
  readonly id: number;
  readonly tokenParameter: string;
}

/** Runners that Runtide makes in GitLab. */
export interface CreatedRunners {
  readonly owner:
    | { readonly kind: 'project'; readonly project: string; readonly others: readonly string[] }
    | { readonly kind: 'group'; readonly group: string }
    | { readonly kind: 'instance' };
  /** What the names of the parameters with the tokens begin with. */
  readonly tokenPrefix: string;
  /** Each instance has a runner of its own. */
  readonly isolated: boolean;
  /** Over how many runners the instances are spread: none where each has its own. */
  readonly shards: number;
  readonly settings: {
    readonly tags: readonly string[];
    readonly runUntagged: boolean;
    readonly protectedOnly: boolean;
    readonly locked?: boolean;
    readonly maximumTimeout?: Duration;
    readonly maintenanceNote?: string;
  };
  /** The operator's words in the description. */
  readonly words?: string;
  readonly kmsKey?: string;
  readonly registrationToken?: Secret;
}

/** The runners of a pool. */
export type PoolRunners =
  { readonly adopted: readonly AdoptedRunner[] } | { readonly created: CreatedRunners };

type Runner = Exclude<PoolConfig['runner'], readonly unknown[]>;

/** SSM parameters with the tokens of a pool's runners, and which of them an instance uses; `own`: what they begin with. */
export interface TokensOfPool {
  readonly parameters: readonly string[];
  readonly use: 'all' | 'one' | 'own';
}

/** Requests for jobs that GitLab takes in a minute from all managers of a runner, since 18.5. */
export const MOST_REQUESTS = 2000;

/** How often in a minute the managers of a pool ask for jobs when it is as large as it may be. */
export function requestsAMinute({ max, surge, checkInterval }: PoolConfig): number {
  return ((max + surge) * 60_000) / checkInterval;
}

/** The runners of a pool, with everything that is not said. */
export function runnersOf(config: Config, pool: PoolConfig): PoolRunners {
  const { runner } = pool;
  if (isList(runner)) return { adopted: runner };
  const { id, tokenParameter, create } = runner;
  if (create !== undefined) return { created: createdRunners(config, pool, runner, create) };
  if (id !== undefined && tokenParameter !== undefined) return { adopted: [{ id, tokenParameter }] };
  throw new Error(`reading the runner of pool ${pool.name}: it has neither an id nor \`create\``);
}

function isList(runner: PoolConfig['runner']): runner is Extract<PoolConfig['runner'], readonly unknown[]> {
  return Array.isArray(runner);
}

function createdRunners(
  config: Config,
  pool: PoolConfig,
  runner: Runner,
  create: NonNullable<Runner['create']>,
): CreatedRunners {
  const owner = ownerOf(create);
  const isolated = runner.isolation === 'runner-per-instance';
  const enough = Math.max(1, Math.ceil(requestsAMinute(pool) / MOST_REQUESTS));
  const { maximumTimeout, description, maintenanceNote, kmsKey, registrationToken } = runner;
  return {
    owner,
    tokenPrefix: runner.tokenParameter ?? `/runtide/${config.installation}/${pool.name}/runner-token`,
    isolated,
    shards: isolated ? 0 : (runner.shards ?? enough),
    settings: {
      tags: pool.tags,
      runUntagged: pool.runUntagged,
      protectedOnly: runner.protected ?? false,
      ...(owner.kind === 'project' && { locked: runner.locked ?? true }),
      ...(maximumTimeout !== undefined && { maximumTimeout }),
      ...(maintenanceNote !== undefined && { maintenanceNote }),
    },
    ...(description !== undefined && { words: description }),
    ...(kmsKey !== undefined && { kmsKey }),
    ...(registrationToken !== undefined && { registrationToken }),
  };
}

function ownerOf({ project, projects = [], group }: NonNullable<Runner['create']>): CreatedRunners['owner'] {
  if (project !== undefined) {
    return { kind: 'project', project: String(project), others: projects.map(String) };
  }
  return group === undefined ? { kind: 'instance' } : { kind: 'group', group: String(group) };
}

/**
 * Where an instance finds the tokens of its runners; `runners` are the ids of those that Runtide made, by shard. While
 * they are not known, 0 stands for the one that is not made yet.
 */
export function tokensOf(config: Config, pool: PoolConfig, runners: readonly number[] = [0]): TokensOfPool {
  const all = runnersOf(config, pool);
  if ('adopted' in all) {
    return { parameters: all.adopted.map(({ tokenParameter }) => tokenParameter), use: 'all' };
  }
  const { tokenPrefix, isolated } = all.created;
  if (isolated) return { parameters: [tokenPrefix], use: 'own' };
  const parameters = runners.map((id) => `${tokenPrefix}/${id}`);
  return { parameters, use: runners.length > 1 ? 'one' : 'all' };
}
