import { type Random, seededRandom } from '../adapters/memory/random.ts';
import { type Duration, type Instant, instant, milliseconds, minutes, seconds } from '../engine/time.ts';
import { type Arrival, type ArrivalSettings, origins, WEEK, weekOfArrivals } from './arrivals.ts';
import { below, logNormal, weighted } from './distributions.ts';
import {
  jobsPerPipeline,
  type ProjectDefinition,
  projectDefinitions,
  type ProjectSettings,
  type StageDefinition,
} from './project-definitions.ts';
import type { Workload, WorkloadJob, WorkloadPipeline } from './workload.ts';

/** Every number that a generated workload rests on. */
export interface GeneratorSettings {
  /** A Monday at midnight UTC. */
  readonly start: Instant;
  readonly arrivals: ArrivalSettings;
  readonly projects: ProjectSettings;
  /** The log-normal spread of one job's durations around its median. */
  readonly noise: number;
  /** No script is shorter. */
  readonly shortest: Duration;
  /** The share of stages, 0 to 1, in which a job fails, so that later stages never run. */
  readonly stageFailures: number;
}

/**
 * Fitted to two public traces of GitLab jobs: one burst of jobs has 4.2 on average, 17 at the 95th percentile and 43 at
 * most; durations are log-normal, with a mean of a few minutes. A week of 20,000 jobs has some 2,000 hours of work.
 */
export const GENERATOR: GeneratorSettings = {
  start: instant(Date.UTC(2026, 0, 5)),
  arrivals: {
    bumps: [9.5, 14.5, 19.5].map((hour) => ({ at: minutes(hour * 60), width: minutes(80), height: 1 })),
    base: 0.1,
    weekend: 0.12,
    followUps: { share: 0.3, soonest: minutes(1), latest: minutes(10) },
    cron: { share: 0.08, jitter: seconds(20) },
    bots: { share: 0.05, at: minutes(65), within: minutes(8) },
  },
  projects: {
    projects: 40,
    popularity: 0.3,
    fewestStages: 1,
    mostStages: 5,
    fanOut: { median: 2.8, sigma: 1, most: 37 },
    jobMedian: { median: seconds(240), sigma: 0.95 },
    tags: ['linux'],
  },
  noise: 0.3,
  shortest: seconds(1),
  stageFailures: 0.08,
};

/** What is generated. */
export interface GeneratorRequest {
  /** Jobs a week on average, those included that never run because an earlier stage fails; some 8 % are such. */
  readonly jobsPerWeek: number;
  readonly weeks: number;
  readonly seed: number;
}

/** Jobs a week of the workloads that results are given for. */
export const WORKLOAD_SIZES = [2000, 20_000, 100_000] as const;

/** Streams of their own, so that a week does not depend on how many there are. */
const PROJECT_STREAM = 0x5eed_0201;
const SCHEDULE_STREAM = 0x5eed_0202;
const WEEK_STREAM = 0x5eed_0300;

/**
 * A workload made by chance. The same request and settings give the same workload, to the byte; the first weeks are the
 * same however many follow, and projects keep their jobs, so that what was learnt of one week holds for the next.
 */
export function generateWorkload(request: GeneratorRequest, settings = GENERATOR): Workload {
  const { jobsPerWeek, weeks, seed } = request;
  const projects = projectDefinitions(settings.projects, seededRandom(seed ^ PROJECT_STREAM));
  const pipelines = jobsPerWeek / jobsPerPipeline(projects);
  const schedules = schedulesOf(settings, pipelines, projects, seededRandom(seed ^ SCHEDULE_STREAM));
  const length = milliseconds(weeks * WEEK);
  const choose = (random: Random): ProjectDefinition => weighted(projects, random);
  const all = Array.from({ length: weeks }, (_, week) => {
    const random = seededRandom(seed ^ (WEEK_STREAM + week));
    return weekOfArrivals(settings.arrivals, pipelines, schedules, choose, random).map((arrival) =>
      pipelineOf(settings, week, arrival, random),
    );
  });
  return {
    name: `generated ${jobsPerWeek} jobs a week`,
    start: settings.start,
    length,
    pipelines: all
      .flat()
      .filter(({ at }) => at < length)
      .toSorted((one, other) => one.at - other.at),
  };
}

function schedulesOf(
  { arrivals }: GeneratorSettings,
  pipelines: number,
  projects: readonly ProjectDefinition[],
  random: Random,
) {
  return Array.from({ length: origins(arrivals, pipelines).scheduledEachDay }, () => ({
    hour: below(24, random),
    project: weighted(projects, random),
  }));
}

function pipelineOf(
  settings: GeneratorSettings,
  week: number,
  { at, project }: Arrival<ProjectDefinition>,
  random: Random,
): WorkloadPipeline {
  return {
    at: milliseconds(week * WEEK + at),
    project: project.name,
    stages: project.stages.map(({ name }) => name),
    jobs: project.stages.flatMap((stage) => jobsOf(settings, stage, random)),
  };
}

function jobsOf(
  { noise, shortest, stageFailures, projects: { tags } }: GeneratorSettings,
  { name: stage, jobs }: StageDefinition,
  random: Random,
): readonly WorkloadJob[] {
  const failing = random() < stageFailures ? below(jobs.length, random) : -1;
  return jobs.map(({ name, median }, index) => {
    const duration = milliseconds(
      Math.max(shortest, Math.round(logNormal({ median, sigma: noise }, random))),
    );
    return { name, stage, tags, duration, ...(index === failing && { fails: true as const }) };
  });
}
