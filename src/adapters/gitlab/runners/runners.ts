import { isPortError, PortError } from '../../../controller/errors.ts';
import type { RunnerRegistry } from '../../../controller/ports.ts';
import type { PoolRunner } from '../../../controller/registrations.ts';
import { instanceIdOf } from '../../../controller/system-id.ts';
import { unitedManagers, unitedScope } from '../../../controller/united-runners.ts';
import type { Manager } from '../../../engine/instance.ts';
import type { RunnerScope } from '../../../engine/job.ts';
import type { GitLabClient } from '../client/client.ts';
import { GroupProjects } from '../jobs/group-projects.ts';
import { RunnerScopes } from './runner-scopes.ts';
import {
  type GitLabManager,
  type GitLabRunner,
  managersPage,
  runner as runnerShape,
} from '../client/schemas.ts';

export interface GitLabRunnersOptions {
  readonly client: GitLabClient;
  /** The runners of each pool by its name, asked for each time; `not-found` while a pool has none. */
  readonly pools: Readonly<Record<string, (signal: AbortSignal) => Promise<readonly PoolRunner[]>>>;
  /** Whose jobs a runner of the pool would get, where it has none until there is an instance; absent: nobody knows. */
  readonly unmade?: (pool: string, signal: AbortSignal) => Promise<RunnerScope>;
  /** Which projects lie in groups; shared with whoever asks the same. */
  readonly members?: GroupProjects;
}

/** How a runner is set up in GitLab, for checks against the pool's configuration. */
export interface RunnerDescription {
  readonly id: number;
  readonly description: string;
  /** `instance_type`, `group_type` or `project_type`. */
  readonly type: string;
  readonly tags: readonly string[];
  readonly runUntagged: boolean;
  readonly paused: boolean;
  readonly locked: boolean;
  /** `not_protected` or `ref_protected`. */
  readonly accessLevel: string;
  /** In seconds; absent where the projects' own limit rules. */
  readonly maximumTimeout?: number;
}

/** The registry, and what only checks ask for. */
export interface GitLabRunners extends RunnerRegistry {
  /** How each of the pool's runners is set up. Fails like every other reading. */
  describe(pool: string, signal: AbortSignal): Promise<readonly RunnerDescription[]>;
  /** Whether the scope of any pool that was asked for is protected refs only. */
  needsProtection(): boolean;
}

const NEEDS = 'the scope read_api, and the role Maintainer (project runner) or Owner (group runner)';

/** The runners of the pools and their managers, over GitLab's REST API. */
export function gitLabRunners({ client, pools, unmade, members }: GitLabRunnersOptions): GitLabRunners {
  const { clock } = client;
  const scopes = new RunnerScopes(client, clock, members ?? new GroupProjects(client, clock));
  const managersOf = async (doing: string, { runnerId, instance }: PoolRunner, signal: AbortSignal) => {
    const path = `/runners/${runnerId}/managers`;
    try {
      return await client.list({ doing, needs: NEEDS, path, signal }, managersPage);
    } catch (error) {
      // One for a single instance may go at any time, and its manager with it.
      if (instance !== undefined && isPortError(error, 'not-found')) return [];
      throw error;
    }
  };

  const detailsOf = (doing: string, { runnerId }: PoolRunner, signal: AbortSignal) => {
    const query = [['include_projects', 'false']] as const;
    return client.get({ doing, needs: NEEDS, path: `/runners/${runnerId}`, query, signal }, runnerShape);
  };

  return {
    needsProtection: () => scopes.someProtectedOnly,

    async managers(pool, signal) {
      const doing = `listing the managers of pool ${pool}'s runner`;
      const runners = await runnersOf(pools, pool, doing, signal);
      const found = await Promise.all(runners.map((runner) => managersOf(doing, runner, signal)));
      return unitedManagers(found.map((managers) => managers.map(managerOf)));
    },

    async scope(pool, signal) {
      const doing = `reading pool ${pool}'s runner`;
      const runners = await runnersOf(pools, pool, doing, signal);
      const asked = scopedBy(runners);
      if (asked.length === 0 && unmade !== undefined) return unmade(pool, signal);
      const found = await Promise.all(
        asked.map(({ runnerId }) =>
          scopes.of(runnerId, { doing, needs: NEEDS, path: `/runners/${runnerId}`, signal }),
        ),
      );
      return unitedScope(found);
    },

    async forget(pool, systemId, signal) {
      const doing = `removing manager ${systemId} of pool ${pool}'s runner`;
      const runners = await runnersOf(pools, pool, doing, signal);
      const instance = instanceIdOf(systemId);
      for (const runner of runners) {
        if (runner.instance !== undefined && runner.instance !== instance) continue;
        // Where there are several, the token of one that does not have it need not be read.
        const has =
          runners.length === 1 ||
          (await managersOf(doing, runner, signal)).some((manager) => manager.system_id === systemId);
        if (has) await forgetIn(client, { doing, pool, systemId }, runner, signal);
      }
    },

    async describe(pool, signal) {
      const doing = `reading pool ${pool}'s runner`;
      const runners = await runnersOf(pools, pool, doing, signal);
      const found = await Promise.all(runners.map((runner) => detailsOf(doing, runner, signal)));
      return found.map(descriptionOf);
    },
  };
}

/** The runners whose scopes are that of the pool: those of single instances are all alike, and the newest stays longest. */
function scopedBy(runners: readonly PoolRunner[]): readonly PoolRunner[] {
  const newest = runners.findLast(({ instance }) => instance !== undefined);
  return runners.filter((runner) => runner.instance === undefined || runner === newest);
}

async function forgetIn(
  client: GitLabClient,
  { doing, pool, systemId }: { readonly doing: string; readonly pool: string; readonly systemId: string },
  runner: PoolRunner,
  signal: AbortSignal,
): Promise<void> {
  const token = await runner.token(signal);
  const call = { doing, needs: `pool ${pool}'s runner token`, path: '/runners/managers', signal };
  try {
    await client.deleteAsRunner(call, { token, system_id: systemId });
  } catch (error) {
    if (!isPortError(error, 'not-found')) throw error;
  }
}

async function runnersOf(
  pools: GitLabRunnersOptions['pools'],
  pool: string,
  doing: string,
  signal: AbortSignal,
): Promise<readonly PoolRunner[]> {
  const runners = Object.hasOwn(pools, pool) ? pools[pool] : undefined;
  if (runners !== undefined) return runners(signal);
  throw new PortError({
    kind: 'not-found',
    system: 'gitlab',
    doing,
    why: 'no runner is configured for this pool',
    next: "name the pool's runner in the configuration",
  });
}

function descriptionOf(found: GitLabRunner): RunnerDescription {
  return {
    id: found.id,
    description: found.description ?? '',
    type: found.runner_type,
    tags: found.tag_list,
    runUntagged: found.run_untagged,
    paused: found.paused,
    locked: found.locked,
    accessLevel: found.access_level,
    ...(typeof found.maximum_timeout === 'number' ? { maximumTimeout: found.maximum_timeout } : {}),
  };
}

/** A manager as the engine knows it. */
export function managerOf(manager: GitLabManager): Manager {
  const instance = instanceIdOf(manager.system_id);
  const { contacted_at: contactedAt } = manager;
  return {
    systemId: manager.system_id,
    ...(instance === undefined ? {} : { instance }),
    firstSeenAt: manager.created_at,
    ...(contactedAt === undefined || contactedAt === null ? {} : { contactedAt }),
    active: manager.job_execution_status === 'active',
  };
}
