import { cappedUpkeep } from '../adapters/gitlab/jobs/capped-upkeep.ts';
import type { GitLabClient } from '../adapters/gitlab/client/client.ts';
import { GitLabNamedProjects } from '../adapters/gitlab/jobs/named-projects.ts';
import { cappedPaths } from '../config/limits-policy.ts';
import { type KnownIds, type MadeRunners, policyOf } from '../config/policy.ts';
import type { Config } from '../config/schema.ts';
import type { NamedProjects } from '../controller/ports.ts';
import type { Upkeep } from '../controller/upkeep.ts';
import type { FleetPolicy } from '../engine/pool.ts';

/** The policy, and what finds out what it needs to know. */
export interface ComposedPolicy {
  /** Asked at every pass: it changes with the runners that Runtide made and the projects that it has looked up. */
  readonly policy: () => FleetPolicy;
  /** Whether it is known what to launch for a pool. */
  readonly isKnown: (pool: string) => boolean;
  /** Absent: no cap names a project by its path. */
  readonly namedProjects?: NamedProjects;
  readonly upkeeps: readonly Upkeep[];
}

/** The policy of a configuration, with what is known now. */
export function composePolicy(config: Config, client: GitLabClient, runners: MadeRunners): ComposedPolicy {
  const paths = cappedPaths(config);
  const projects = new GitLabNamedProjects(client, paths);
  const policy = policyAsOfNow(config, { runners, projects: (path) => projects.idOf(path) });
  return {
    policy,
    isKnown: (pool) => policy().pools.find(({ name }) => name === pool)?.awaits === undefined,
    ...(paths.length > 0 && { namedProjects: projects }),
    upkeeps: paths.length > 0 ? [cappedUpkeep(projects)] : [],
  };
}

/** Made anew only when what is known changes. */
function policyAsOfNow(config: Config, { runners, projects }: Required<KnownIds>): () => FleetPolicy {
  const pools = Object.keys(config.pools);
  const paths = cappedPaths(config);
  const ids = (): string => JSON.stringify([pools.map(runners), paths.map(projects)]);
  const made = (): FleetPolicy => policyOf(config, { runners, projects });
  let known = { ids: ids(), policy: made() };
  return () => {
    const now = ids();
    if (now !== known.ids) known = { ids: now, policy: made() };
    return known.policy;
  };
}
