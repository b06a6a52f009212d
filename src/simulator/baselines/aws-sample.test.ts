import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../engine/time.ts';
import { awsSample, wantedMachines } from './aws-sample.ts';
import { runJobs } from '../../../test/support/simulated-jobs.ts';

describe('AWS’s sample', () => {
  it.each([
    [0, 1],
    [1, 2],
    [2, 2],
    [3, 3],
    [4, 3],
    [5, 4],
    [60, 4],
  ])('with %i jobs on machines of two wants %i of one to four', (jobs, machines) => {
    expect(wantedMachines(jobs, 2, 2, 1, 4)).toBe(machines);
  });

  it.each([
    [2, 30, 88],
    [10, 6, 16],
  ])(
    'with %i slots a machine has the %i that sixty jobs need after %i minutes',
    async (slots, peak, after) => {
      const conditions = { slots, startDelay: { pending: seconds(20), boot: seconds(155) } };
      const jobs = [{ at: minutes(10), count: 60, duration: minutes(180) }];
      const run = await runJobs(awsSample(), jobs, conditions, minutes(120));
      const last = Math.max(...run.jobs.map(({ queuedAt, scriptAt }) => scriptAt - queuedAt));
      expect(Math.abs(last / minutes(after) - 1)).toBeLessThan(0.1);
      // One for the new jobs beside those that the jobs need.
      expect(run.peak).toBe(peak + 1);
    },
  );

  it('lets idle machines leave ten minutes after the last change, never busy ones', async () => {
    const jobs = [
      { at: minutes(5), count: 2, duration: minutes(4) },
      { at: minutes(6), count: 1, duration: minutes(50) },
    ];
    const run = await runJobs(awsSample(), jobs);
    expect([run.jobs.length, run.cutOff]).toEqual([3, 0]);
    const changes = run.billed.flatMap(({ from, to }) => [from, ...(to < run.end ? [to] : [])]);
    const leaves = run.billed.filter(({ to }) => to < run.end).map(({ to }) => to);
    expect(leaves.length).toBeGreaterThan(0);
    const before = Math.max(...changes.filter((at) => at < Math.min(...leaves)));
    expect(Math.min(...leaves) - before).toBeGreaterThan(minutes(9));
  });
});
