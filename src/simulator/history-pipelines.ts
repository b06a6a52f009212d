import { after, elapsed, type Instant, seconds } from '../engine/time.ts';
import type { HistoryJob } from './history-job.ts';
import type { WorkloadJob, WorkloadPipeline } from './workload.ts';

/** GitLab may take so long to queue what has waited for a job's end. */
const REACTION = seconds(1);

/** The pipelines of the jobs that ran, in the order in which they came; `at` is from `start`. */
export function pipelinesOf(jobs: readonly HistoryJob[], start: Instant): readonly WorkloadPipeline[] {
  const byPipeline = Map.groupBy(jobs, ({ project, pipeline }) => JSON.stringify([project, pipeline]));
  return [...byPipeline.values()]
    .map((ofPipeline) => rebuilt(ofPipeline.toSorted(byTurn), start))
    .toSorted((one, other) => one.at - other.at);
}

/** What was queued at the same time stays in the order of GitLab's numbers, which follow the stages. */
function byTurn(one: HistoryJob, other: HistoryJob): number {
  return one.queuedAt - other.queuedAt || Number(one.id ?? one.line) - Number(other.id ?? other.line) || 0;
}

/** From jobs in the order in which they were queued. */
function rebuilt(jobs: readonly HistoryJob[], start: Instant): WorkloadPipeline {
  const stages = [...new Set(jobs.map(({ stage }) => stage))];
  return {
    at: elapsed(start, jobs[0]?.queuedAt ?? start),
    project: jobs[0]?.project ?? '',
    stages,
    jobs: jobs.map((job) => rebuiltJob(job, jobs, stages)),
  };
}

function rebuiltJob(job: HistoryJob, all: readonly HistoryJob[], stages: readonly string[]): WorkloadJob {
  const { name, stage, tags, duration } = job;
  const needs = job.needs ?? apparentNeeds(job, all, stages);
  return {
    name,
    stage,
    tags,
    duration,
    ...(needs !== undefined && { needs }),
    ...(job.failed && isLast(job, all, stages) && { fails: true as const }),
  };
}

/**
 * What a job seems to have needed that was queued while stages before its own had not ended: all jobs of them that had
 * ended by then. Undefined where it may as well have waited for its stage.
 */
function apparentNeeds(
  { stage, queuedAt }: HistoryJob,
  all: readonly HistoryJob[],
  stages: readonly string[],
): readonly string[] | undefined {
  const earlier = all.filter((one) => stages.indexOf(one.stage) < stages.indexOf(stage));
  const ended = earlier.filter(({ endedAt }) => endedAt <= after(queuedAt, REACTION));
  return ended.length === earlier.length ? undefined : [...new Set(ended.map(({ name }) => name))];
}

/** Whether nothing ran behind the job. Where something did, its failure was allowed, or mended by a retry. */
function isLast({ name, stage }: HistoryJob, all: readonly HistoryJob[], stages: readonly string[]): boolean {
  return !all.some(
    (one) => stages.indexOf(one.stage) > stages.indexOf(stage) || one.needs?.includes(name) === true,
  );
}
