import { isPortError, PortError } from '../../controller/errors.ts';
import type { RunnerRegistry } from '../../controller/ports.ts';
import { instanceIdOf } from '../../controller/system-id.ts';
import type { Manager } from '../../engine/instance.ts';
import type { GitLabClient } from './client.ts';
import { GroupProjects } from './group-projects.ts';
import { RunnerScopes } from './runner-scopes.ts';
import { type GitLabManager, managersPage, runner as runnerShape } from './schemas.ts';

/** One pool's runner. */
export interface PoolRunner {
  /** GitLab's id of the runner. */
  readonly runnerId: number;
  /** The runner's authentication token (`glrt-…`), asked for each time it is needed. */
  readonly token: () => Promise<string>;
}

export interface GitLabRunnersOptions {
  readonly client: GitLabClient;
  /** By pool name. */
  readonly pools: Readonly<Record<string, PoolRunner>>;
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
  /** How the pool's runner is set up. Fails like every other reading. */
  describe(pool: string, signal: AbortSignal): Promise<RunnerDescription>;
  /** Whether the scope of any pool that was asked for is protected refs only. */
  needsProtection(): boolean;
}

const NEEDS = 'the scope read_api, and the role Maintainer (project runner) or Owner (group runner)';

/** The runners of the pools and their managers, over GitLab's REST API. */
export function gitLabRunners({ client, pools, members }: GitLabRunnersOptions): GitLabRunners {
  const { clock } = client;
  const scopes = new RunnerScopes(client, clock, members ?? new GroupProjects(client, clock));
  return {
    needsProtection: () => scopes.someProtectedOnly,

    async managers(pool, signal) {
      const doing = `listing the managers of pool ${pool}'s runner`;
      const { runnerId } = runnerOf(pools, pool, doing);
      const path = `/runners/${runnerId}/managers`;
      const managers = await client.list({ doing, needs: NEEDS, path, signal }, managersPage);
      return managers.map(managerOf);
    },

    async scope(pool, signal) {
      const doing = `reading pool ${pool}'s runner`;
      const { runnerId } = runnerOf(pools, pool, doing);
      return scopes.of(runnerId, { doing, needs: NEEDS, path: `/runners/${runnerId}`, signal });
    },

    async forget(pool, systemId, signal) {
      const doing = `removing manager ${systemId} of pool ${pool}'s runner`;
      const token = await runnerOf(pools, pool, doing).token();
      const call = { doing, needs: `pool ${pool}'s runner token`, path: '/runners/managers', signal };
      try {
        await client.deleteAsRunner(call, { token, system_id: systemId });
      } catch (error) {
        if (!isPortError(error, 'not-found')) throw error;
      }
    },

    async describe(pool, signal) {
      const doing = `reading pool ${pool}'s runner`;
      const path = `/runners/${runnerOf(pools, pool, doing).runnerId}`;
      const query = [['include_projects', 'false']] as const;
      const found = await client.get({ doing, needs: NEEDS, path, query, signal }, runnerShape);
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
    },
  };
}

function runnerOf(pools: GitLabRunnersOptions['pools'], pool: string, doing: string): PoolRunner {
  const runner = Object.hasOwn(pools, pool) ? pools[pool] : undefined;
  if (runner !== undefined) return runner;
  throw new PortError({
    kind: 'not-found',
    system: 'gitlab',
    doing,
    why: 'no runner is configured for this pool',
    next: "name the pool's runner in the configuration",
  });
}

function managerOf(manager: GitLabManager): Manager {
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
