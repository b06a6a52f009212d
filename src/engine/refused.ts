import { EVERY_JOB, fits, type JobKind, type KindDemand, NO_JOBS, type RunnerScope } from './job.ts';
import { isFresh, lastKnown, type Observation, toldUntil } from './observation.ts';
import type { FleetPolicy, PoolPolicy } from './pool.ts';
import { elapsed } from './time.ts';

/** Why GitLab gives jobs to no runner although a pool has their tags. */
export type Refusal = 'paused' | 'protected refs only' | 'other projects only';

/** Waiting jobs of one project that have a pool's tags and that its runner may not take. */
export interface RefusedJobs {
  readonly pool: string;
  readonly project: number;
  readonly because: Refusal;
  readonly jobs: number;
}

function refusalOf({ project }: JobKind, scope: RunnerScope): Refusal {
  if (scope.paused) return 'paused';
  return scope.projects?.has(project) === false ? 'other projects only' : 'protected refs only';
}

/** The first pool that has the tags of such jobs, where no runner of any pool may take them. */
function refusing(
  kind: JobKind,
  pools: readonly PoolPolicy[],
  scopes: Readonly<Record<string, RunnerScope>>,
): PoolPolicy | undefined {
  if (pools.some((pool) => fits(kind, pool, scopes[pool.name]))) return undefined;
  return pools.find((pool) => fits(kind, pool, EVERY_JOB));
}

/**
 * Jobs that count for no pool because GitLab does not give them to its runner, once they have waited for as long as
 * other unserved jobs may.
 */
export function refusedJobs(
  observation: Observation,
  { pools, unservedAfter }: FleetPolicy,
): readonly RefusedJobs[] {
  const { jobs, now, scopes = {} } = observation;
  // Nearly always every runner takes every job.
  if (!isFresh(jobs, now) || Object.keys(scopes).length === 0) return [];
  const readAt = toldUntil(jobs, now);
  const long = ({ pending }: KindDemand) =>
    pending.filter(({ queuedAt }) => elapsed(queuedAt, readAt) >= unservedAfter).length;
  const found = new Map<string, RefusedJobs>();
  for (const demand of lastKnown(jobs, NO_JOBS).demand) {
    const pool = refusing(demand.kind, pools, scopes);
    const scope = scopes[pool?.name ?? ''];
    if (pool === undefined || scope === undefined) continue;
    const { project } = demand.kind;
    const because = refusalOf(demand.kind, scope);
    const key = `${pool.name} ${because} ${project}`;
    const waiting = long(demand) + (found.get(key)?.jobs ?? 0);
    if (waiting > 0) found.set(key, { pool: pool.name, project, because, jobs: waiting });
  }
  return [...found].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, refused]) => refused);
}
