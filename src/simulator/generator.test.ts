import { describe, expect, it } from 'vitest';
import { minutes } from '../engine/time.ts';
import { WEEK } from './arrivals.ts';
import { GENERATOR, generateWorkload, WORKLOAD_SIZES } from './generator.ts';
import { unhinderedJobs } from './unhindered.ts';
import type { Workload } from './workload.ts';

const HOUR = minutes(60);
const DAY = 24 * HOUR;

function peakOf(workload: Workload): number {
  const changes = unhinderedJobs(workload)
    .flatMap(({ from, to }) => [
      { at: from, by: 1 },
      { at: to, by: -1 },
    ])
    .toSorted((one, other) => one.at - other.at || one.by - other.by);
  let running = 0;
  return changes.reduce((peak, { by }) => Math.max(peak, (running += by)), 0);
}

function hoursOf(workload: Workload): number {
  return unhinderedJobs(workload).reduce((sum, { from, to }) => sum + to - from, 0) / HOUR;
}

/** Jobs of each stage that a pipeline has. */
function fanOuts({ pipelines }: Workload): readonly number[] {
  return pipelines
    .flatMap(({ jobs }) => [...Map.groupBy(jobs, ({ stage }) => stage).values()].map(({ length }) => length))
    .toSorted((one, other) => one - other);
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

describe('a generated week of 20,000 jobs', () => {
  it.each([1, 2, 3, 4])('has the load of the traces it is fitted to, with seed %i', (seed) => {
    const workload = generateWorkload({ jobsPerWeek: 20_000, weeks: 1, seed });
    const jobs = unhinderedJobs(workload).length;
    expect(jobs).toBeGreaterThanOrEqual(17_000);
    expect(jobs).toBeLessThanOrEqual(20_000);
    expect(hoursOf(workload)).toBeGreaterThan(1800);
    expect(hoursOf(workload)).toBeLessThan(2200);
    expect(peakOf(workload)).toBeGreaterThanOrEqual(87);
    expect(peakOf(workload)).toBeLessThanOrEqual(138);
  });

  it.each([1, 2, 3, 4])('has bursts like them, with seed %i', (seed) => {
    const sizes = fanOuts(generateWorkload({ jobsPerWeek: 20_000, weeks: 1, seed }));
    expect(Math.abs(mean(sizes) - 4.4)).toBeLessThan(0.5);
    expect(sizes[Math.floor(sizes.length * 0.95)]).toBeGreaterThanOrEqual(11);
    expect(sizes[Math.floor(sizes.length * 0.95)]).toBeLessThanOrEqual(17);
    expect(sizes.at(-1)).toBeGreaterThanOrEqual(16);
    expect(sizes.at(-1)).toBeLessThanOrEqual(37);
    expect(sizes[0]).toBe(1);
  });

  it('has jobs of a few minutes, and one that fails in 8 % of the stages', () => {
    const { pipelines } = generateWorkload({ jobsPerWeek: 20_000, weeks: 1, seed: 1 });
    const durations = pipelines.flatMap(({ jobs }) => jobs.map(({ duration }) => duration));
    expect(mean(durations) / minutes(1)).toBeGreaterThan(5);
    expect(mean(durations) / minutes(1)).toBeLessThan(8);
    const stages = pipelines.flatMap(({ jobs }) => [...Map.groupBy(jobs, ({ stage }) => stage).values()]);
    const failing = stages.filter((jobs) => jobs.some(({ fails }) => fails === true));
    expect(failing.length / stages.length).toBeCloseTo(0.08, 2);
    expect(failing.every((jobs) => jobs.filter(({ fails }) => fails === true).length === 1)).toBe(true);
  });

  it('is quiet at the weekend and at night, and busy around 09:30, 14:30 and 19:30', () => {
    const { pipelines } = generateWorkload({ jobsPerWeek: 100_000, weeks: 1, seed: 1 });
    const perHour = (of: (at: number) => boolean, hours: number) =>
      pipelines.filter(({ at }) => of(at)).length / hours;
    const onWorkdays = (from: number, to: number) =>
      perHour((at) => at < 5 * DAY && at % DAY >= from * HOUR && at % DAY < to * HOUR, 5 * (to - from));
    for (const top of [9, 14, 19]) expect(onWorkdays(top, top + 1)).toBeGreaterThan(1.5 * onWorkdays(12, 13));
    expect(onWorkdays(2, 6)).toBeLessThan(onWorkdays(9, 10) / 5);
    // Schedules and bots know no weekend.
    expect(perHour((at) => at >= 5 * DAY, 48)).toBeLessThan(0.35 * perHour((at) => at < 5 * DAY, 120));
  });

  it('has a wave of bots every night and schedules at full hours', () => {
    const { pipelines } = generateWorkload({ jobsPerWeek: 20_000, weeks: 1, seed: 1 });
    for (const day of [0, 1, 2, 3, 4, 5, 6]) {
      const wave = pipelines.filter(
        ({ at }) => at >= day * DAY + 65 * 60_000 && at < day * DAY + 73 * 60_000,
      );
      expect(wave.length).toBeGreaterThanOrEqual(Math.round((pipelines.length * 0.05) / 7) - 2);
    }
    const atTheHour = pipelines.filter(({ at }) => Math.min(at % HOUR, HOUR - (at % HOUR)) <= 20_000).length;
    expect(atTheHour / pipelines.length).toBeGreaterThan(0.07);
    expect(atTheHour / pipelines.length).toBeLessThan(0.11);
  });
});

const text = (seed: number) => JSON.stringify(generateWorkload({ jobsPerWeek: 2000, weeks: 2, seed }));

describe('a generated workload', () => {
  it('is the same for the same seed, to the byte, and another for another', () => {
    expect(text(1)).toBe(text(1));
    expect(text(2)).not.toBe(text(1));
  });

  it('begins with the same weeks however many follow, and its projects keep their jobs', () => {
    const one = generateWorkload({ jobsPerWeek: 2000, weeks: 1, seed: 3 });
    const four = generateWorkload({ jobsPerWeek: 2000, weeks: 4, seed: 3 });
    expect(four.length).toBe(4 * WEEK);
    expect(four.pipelines.filter(({ at }) => at < WEEK)).toEqual(one.pipelines);
    for (const pipelines of Map.groupBy(four.pipelines, ({ project }) => project).values()) {
      const names = pipelines.map(({ jobs }) => jobs.map(({ name }) => name).join());
      expect(new Set(names).size).toBe(1);
    }
  });

  it.each(WORKLOAD_SIZES)('has some %i jobs a week, in order of time', (jobsPerWeek) => {
    const { pipelines, length } = generateWorkload({ jobsPerWeek, weeks: 1, seed: 1 });
    const jobs = pipelines.reduce((sum, one) => sum + one.jobs.length, 0);
    expect(Math.abs(jobs / jobsPerWeek - 1)).toBeLessThan(0.2);
    expect(pipelines).toEqual(pipelines.toSorted((one, other) => one.at - other.at));
    expect(pipelines.filter(({ at }) => at < 0 || at >= length)).toEqual([]);
  });

  it('follows settings of others', () => {
    const { arrivals, projects } = GENERATOR;
    const settings = {
      ...GENERATOR,
      stageFailures: 0,
      arrivals: {
        ...arrivals,
        weekend: 0,
        cron: { ...arrivals.cron, share: 0 },
        bots: { ...arrivals.bots, share: 0 },
      },
      projects: { ...projects, projects: 1, fewestStages: 2, mostStages: 2, tags: ['arm'] },
    };
    const { pipelines } = generateWorkload({ jobsPerWeek: 2000, weeks: 1, seed: 1 }, settings);
    expect(new Set(pipelines.map(({ project, stages }) => `${project} ${stages.join()}`))).toEqual(
      new Set(['project-01 build,test']),
    );
    expect(pipelines.filter(({ at }) => at > 5 * DAY + minutes(10))).toEqual([]);
    expect(
      pipelines
        .flatMap(({ jobs }) => jobs)
        .every(({ fails, tags }) => fails === undefined && tags[0] === 'arm'),
    ).toBe(true);
  });
});
