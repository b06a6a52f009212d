import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../engine/time.ts';
import type { Autoscaler } from './autoscaler.ts';
import { dockerMachine } from './baselines/docker-machine/docker-machine.ts';
import { fixedFleet } from './baselines/fixed-fleet.ts';
import { keepAlive } from './baselines/keep-alive.ts';
import { taskscaler } from './baselines/taskscaler/taskscaler.ts';
import { runJobs, waits } from '../../test/support/simulated-jobs.ts';
import { webhookReuse } from './baselines/webhook-reuse.ts';
import { START_DELAYS } from './conditions.ts';

const jobs = [{ at: minutes(1), count: 20, duration: minutes(90) }];

describe('machines that never become ready', () => {
  it('run no job, and cost what they cost', async () => {
    const run = await runJobs(fixedFleet(10), jobs, { bootFailures: 1 });
    expect([run.launched, run.billed.length, run.jobs.length, run.unfinished]).toEqual([10, 10, 0, 20]);
  });

  it('are as many of a fleet as the conditions say, the same ones for the same seed', async () => {
    const startDelay = START_DELAYS.standard;
    const some = await runJobs(fixedFleet(10), jobs, { startDelay, bootFailures: 0.4 });
    const ready = waits(some).filter((wait) => wait < 5).length;
    expect([some.launched, some.jobs.length]).toEqual([10, 20]);
    expect(ready).toBeGreaterThan(2);
    expect(ready).toBeLessThan(9);
    expect(await runJobs(fixedFleet(10), jobs, { startDelay, bootFailures: 0.4 })).toEqual(some);
    const none = await runJobs(fixedFleet(10), jobs, { startDelay });
    expect(waits(none).filter((wait) => wait < 5)).toHaveLength(10);
  });

  it.each<Autoscaler>([keepAlive(), taskscaler({ idleCount: 0 }), dockerMachine({ idleCount: 0 })])(
    'are given up and replaced by $name',
    async (autoscaler) => {
      const run = await runJobs(autoscaler, jobs, { bootFailures: 0.5 });
      expect(run.launched).toBeGreaterThan(20);
      expect([run.jobs.length, run.unfinished]).toEqual([20, 0]);
    },
  );

  it('are ended by the sweep of webhook-reuse once their time to boot is over', async () => {
    const run = await runJobs(webhookReuse(), jobs, { bootFailures: 1 });
    const times = run.billed.map(({ from, to }) => to - from);
    expect(Math.max(...times)).toBeLessThanOrEqual(minutes(10) - seconds(90));
    expect([run.launched, run.unfinished]).toEqual([20, 20]);
  });
});
