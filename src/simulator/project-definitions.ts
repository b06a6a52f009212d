import type { Random } from '../adapters/memory/random.ts';
import { type Duration, milliseconds } from '../engine/time.ts';
import { type LogNormal, logNormals, shuffled } from './distributions.ts';

/** What the projects of a generated workload look like. */
export interface ProjectSettings {
  readonly projects: number;
  /** The n-th project gets as many pipelines as 1 / n to this power says: 0 makes all the same. */
  readonly popularity: number;
  readonly fewestStages: number;
  readonly mostStages: number;
  /** Jobs of one stage, at least 1. */
  readonly fanOut: LogNormal & { readonly most: number };
  /** Of jobs' durations, in milliseconds: every job has a median of its own. */
  readonly jobMedian: LogNormal;
  /** Required by every job. */
  readonly tags: readonly string[];
}

/** A job as a project's `.gitlab-ci.yml` defines it. */
export interface JobDefinition {
  readonly name: string;
  /** Half of its runs are shorter. */
  readonly median: Duration;
}

export interface StageDefinition {
  readonly name: string;
  readonly jobs: readonly JobDefinition[];
}

/** A project, whose jobs stay the same for the whole workload. */
export interface ProjectDefinition {
  readonly name: string;
  /** How often it gets a pipeline, against the others. */
  readonly weight: number;
  readonly stages: readonly StageDefinition[];
}

const STAGE_NAMES = ['build', 'test', 'scan', 'package', 'deploy'];

/** The projects of one seed. */
export function projectDefinitions(settings: ProjectSettings, random: Random): readonly ProjectDefinition[] {
  const stages = stageCounts(settings, random);
  const sizes = fanOuts(settings, total(stages), random);
  const medians = logNormals(settings.jobMedian, total(sizes), random);
  const takeSizes = taker(sizes);
  const takeMedians = taker(medians);
  return stages.map((count, index) => ({
    name: `project-${String(index + 1).padStart(2, '0')}`,
    weight: (index + 1) ** -settings.popularity,
    stages: takeSizes(count).map((size, stage) => stageOf(stage, takeMedians(size))),
  }));
}

/** Every number of stages as often as any other. */
function stageCounts({ projects, fewestStages, mostStages }: ProjectSettings, random: Random) {
  const kinds = mostStages - fewestStages + 1;
  return shuffled(
    Array.from({ length: projects }, (_, index) => fewestStages + (index % kinds)),
    random,
  );
}

function fanOuts({ fanOut }: ProjectSettings, count: number, random: Random): readonly number[] {
  return logNormals(fanOut, count, random).map((size) =>
    Math.min(fanOut.most, Math.max(1, Math.round(size))),
  );
}

/** Hands out the items, so many at a time. */
function taker<T>(items: readonly T[]): (count: number) => readonly T[] {
  let taken = 0;
  return (count) => items.slice(taken, (taken += count));
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function stageOf(index: number, medians: readonly number[]): StageDefinition {
  const name = STAGE_NAMES[index] ?? `stage-${index + 1}`;
  return {
    name,
    jobs: medians.map((median, job) => ({
      name: `${name}-${job + 1}`,
      median: milliseconds(Math.round(median)),
    })),
  };
}

/** Jobs that a pipeline has on average. */
export function jobsPerPipeline(projects: readonly ProjectDefinition[]): number {
  const jobs = projects.map(({ weight, stages }) => weight * total(stages.map((stage) => stage.jobs.length)));
  return total(jobs) / total(projects.map(({ weight }) => weight));
}
