import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../engine/time.ts';
import { keepAlive } from './keep-alive.ts';
import { billed, runJobs, waits } from '../../../test/support/simulated-jobs.ts';

describe('keep-alive', () => {
  it('launches for each job at once, all in one call', async () => {
    const run = await runJobs(keepAlive(), [{ at: seconds(60), count: 20, duration: minutes(2) }]);
    expect([run.launched, run.calls['CreateFleet'], run.peak]).toEqual([20, 1, 20]);
    expect([waits(run)[0], waits(run).at(-1)]).toEqual([30, 30]);
  });

  it('launches none for jobs that booting or free machines will take', async () => {
    const jobs = [
      { at: seconds(60), count: 3, duration: seconds(30) },
      { at: seconds(140), count: 3, duration: seconds(30) },
      { at: seconds(150), count: 1, duration: seconds(30) },
      { at: seconds(151), count: 1, duration: seconds(30) },
    ];
    const run = await runJobs(keepAlive(), jobs);
    expect([run.jobs.length, run.launched]).toEqual([8, 5]);
  });

  it.each([28, 600])('ends a machine that was idle for %i s', async (idle) => {
    const run = await runJobs(keepAlive({ idleTime: seconds(idle) }), [
      { at: seconds(60), count: 1, duration: minutes(2) },
    ]);
    const [time = 0] = billed(run);
    expect(time).toBeGreaterThanOrEqual(20 + 120 + idle);
    expect(time).toBeLessThan(20 + 120 + idle + 6);
  });

  it('also where no job came to it', async () => {
    const jobs = [
      { at: seconds(60), count: 1, duration: seconds(80) },
      { at: seconds(139), count: 1, duration: seconds(10) },
    ];
    const run = await runJobs(keepAlive(), jobs);
    expect(run.launched).toBe(2);
    // The first machine took both jobs; the second is billed the minute that EC2 bills at least.
    expect(billed(run)[0]).toBe(60);
  });

  it('counts the slots of machines', async () => {
    const run = await runJobs(keepAlive(), [{ at: seconds(60), count: 9, duration: minutes(2) }], {
      slots: 4,
    });
    expect(run.launched).toBe(3);
  });

  it('replaces machines that have had their jobs', async () => {
    const jobs = [60, 200, 260].map((at) => ({ at: seconds(at), count: 2, duration: seconds(90) }));
    const run = await runJobs(keepAlive(), jobs, { maxJobs: 1 });
    expect([run.launched, run.jobs.length, run.unfinished]).toEqual([6, 6, 0]);
  });

  it('tries again what EC2 refuses', async () => {
    const jobs = [{ at: seconds(60), count: 1100, duration: minutes(2) }];
    const run = await runJobs(keepAlive(), jobs);
    expect([run.unfinished, run.throttled > 0]).toEqual([0, true]);
  });
});
