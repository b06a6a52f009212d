import type { PoolPolicy } from '../../engine/pool.ts';
import type { OwnContender } from '../../simulator/autoscalers.ts';
import type { Workload, WorkloadJob } from '../../simulator/workload.ts';

/**
 * A generated workload with the tags of the first pool, because its own are those of nobody. Throws where another policy
 * has no pool for them.
 */
export function taggedFor(own: readonly OwnContender[], workload: Workload): Workload {
  const [first] = own;
  const tags = first?.policy.pools[0]?.tags;
  if (first === undefined || tags === undefined) return workload;
  for (const { name, policy } of own) {
    if (policy.pools.some((pool) => serves(pool, tags))) continue;
    throw new Error(
      `simulating ${name}: none of its pools serves jobs tagged ${tags.join(', ')}, as the first pool of ${first.name} does; give it one that does`,
    );
  }
  return withJobs(workload, (job) => ({ ...job, tags }));
}

/** A workload without the jobs that some policy has no pool for, and how many those are, by their tags. */
export interface Served {
  readonly workload: Workload;
  readonly leftOut: ReadonlyMap<string, number>;
}

/** Leaves out what not every policy of the operator's serves: each is to run the same jobs. */
export function servedBy(own: readonly OwnContender[], workload: Workload): Served {
  const leftOut = new Map<string, number>();
  const served = withJobs(workload, (job) => {
    if (own.every(({ policy }) => policy.pools.some((pool) => serves(pool, job.tags)))) return job;
    const tags = job.tags.length === 0 ? 'without tags' : `tagged ${job.tags.join(', ')}`;
    leftOut.set(tags, (leftOut.get(tags) ?? 0) + 1);
    return undefined;
  });
  return { workload: served, leftOut };
}

function serves(pool: PoolPolicy, tags: readonly string[]): boolean {
  return tags.length === 0 ? pool.runUntagged : tags.every((tag) => pool.tags.includes(tag));
}

function withJobs(workload: Workload, change: (job: WorkloadJob) => WorkloadJob | undefined): Workload {
  const pipelines = workload.pipelines.flatMap((pipeline) => {
    const jobs = pipeline.jobs.flatMap((job) => change(job) ?? []);
    const names = new Set(jobs.map(({ name }) => name));
    const kept = jobs.map(({ needs, ...job }) => ({
      ...job,
      ...(needs !== undefined && { needs: needs.filter((name) => names.has(name)) }),
    }));
    return kept.length === 0 ? [] : [{ ...pipeline, jobs: kept }];
  });
  return { ...workload, pipelines };
}
