import type { HeldJob } from './job.ts';

/**
 * Jobs that were seen on an instance that ends after some. A lower bound: one that comes and goes between
 * two readings is missed, which is safe, because the runner of the instance counts them itself.
 */
export interface JobsSeen {
  readonly count: number;
  /** Those of the last reading that showed any. */
  readonly last: readonly number[];
}

/** The count after a reading that shows these jobs on the instance. */
export function withJobs(before: JobsSeen | undefined, held: readonly number[]): JobsSeen | undefined {
  if (held.length === 0) return before;
  const known = new Set(before?.last);
  const news = held.filter((id) => !known.has(id));
  return { count: (before?.count ?? 0) + news.length, last: held.toSorted((a, b) => a - b) };
}

/** Which jobs each of these instances holds. */
export function heldBy(
  instances: ReadonlySet<string>,
  held: readonly HeldJob[],
): ReadonlyMap<string, readonly number[]> {
  const jobs = new Map<string, number[]>();
  // Nearly always no instance is counted: then a long list need not be looked through.
  if (instances.size === 0) return jobs;
  for (const { id, instance } of held) {
    if (instance === undefined || !instances.has(instance)) continue;
    const ofInstance = jobs.get(instance);
    if (ofInstance === undefined) jobs.set(instance, [id]);
    else ofInstance.push(id);
  }
  return jobs;
}
