import { describe, expect, it } from 'vitest';
import { billedOf, jobOf, runOf } from '../../test/support/simulated-runs.ts';
import { summarise, usefulTime } from './summary.ts';

describe('the figures of a run', () => {
  it('say what it cost, and how long jobs waited', () => {
    const jobs = [jobOf(0, 0, 100), jobOf(0, 1, 100), jobOf(10, 4, 300), jobOf(20, 15, 500)];
    const billed = [billedOf(0, 800), billedOf(0, 700, 0.5)];
    expect(summarise(runOf({ jobs, billed, launched: 2, peak: 2 }))).toEqual({
      jobs: 4,
      cost: 1.5,
      dollars: 800 / 3600 + 700 / 7200,
      mean: 5000,
      p50: 1000,
      p90: 15_000,
      p95: 15_000,
      p99: 15_000,
      longest: 15_000,
      withinOneSecond: 0.5,
      makespan: 535_000,
      launched: 2,
      launchCallsPerJob: 0,
      throttled: 0,
      peak: 2,
      cutOff: 0,
      unfinished: 0,
    });
  });

  it('count every slot of a machine as bought', () => {
    const jobs = [jobOf(0, 0, 100), jobOf(0, 0, 100)];
    expect(summarise(runOf({ jobs, billed: [billedOf(0, 100, 1, 4)] }))?.cost).toBe(2);
  });

  it('have percentiles that are waits of jobs', () => {
    const jobs = Array.from({ length: 200 }, (_, index) => jobOf(0, 200 - index, 60));
    expect(summarise(runOf({ jobs }))).toMatchObject({
      p50: 100_000,
      p90: 180_000,
      p95: 190_000,
      p99: 198_000,
      longest: 200_000,
    });
  });

  it('have one second as the border of at once', () => {
    const jobs = [jobOf(0, 1, 60), jobOf(0, 1.001, 60)];
    expect(summarise(runOf({ jobs }))?.withinOneSecond).toBe(0.5);
  });

  it('have the mean time of pipelines, each from its first job to its last end', () => {
    const jobs = [
      jobOf(0, 10, 100, { pipeline: 1 }),
      jobOf(110, 40, 50, { pipeline: 1 }),
      jobOf(30, 0, 100, { pipeline: 2 }),
    ];
    expect(summarise(runOf({ jobs }))?.makespan).toBe(150_000);
  });

  it('count calls that buy or start machines, refused ones included, and no others', () => {
    const calls = {
      CreateFleet: 3,
      RunInstances: 1,
      StartInstances: 2,
      DescribeInstances: 900,
      CreateTags: 7,
    };
    expect(summarise(runOf({ jobs: [jobOf(0, 0, 1), jobOf(0, 0, 1)], calls }))?.launchCallsPerJob).toBe(3);
  });

  it('are none where no job ran', () => {
    expect(summarise(runOf({ billed: [billedOf(0, 60)], unfinished: 3 }))).toBeUndefined();
  });

  it('have as useful time the time of scripts, whether they succeeded or not', () => {
    expect(usefulTime([jobOf(0, 9, 100), jobOf(5, 9, 50, { succeeded: false })])).toBe(150_000);
  });
});
