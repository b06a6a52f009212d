import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../engine/time.ts';
import { burst, type BurstRow, differences, lull } from '../../../../test/support/simulated-burst.ts';
import { robbed, runJobs } from '../../../../test/support/simulated-jobs.ts';
import { taskscaler, type TaskscalerSettings } from './taskscaler.ts';

const row = (settings: TaskscalerSettings): Promise<BurstRow> =>
  burst(taskscaler({ idleTime: minutes(20), ...settings }), seconds(60));

describe('fifty jobs at once', () => {
  it('start by the idle count for each boot, since preemptive mode asks for none without a slot', async () => {
    const published = { p50: 300, p95: 540, hours: 7.7, peak: 30 };
    expect(differences(await row({ idleCount: 5 }), published)).toEqual([]);
  });

  it('start after one boot without it', async () => {
    const published = { p50: 62, p95: 64, hours: 8.5, peak: 55 };
    expect(differences(await row({ idleCount: 5, preemptive: false }), published)).toEqual([]);
  });

  it('start after one boot where nothing is kept idle', async () => {
    expect(differences(await row({ idleCount: 0 }), { p50: 62, p95: 64, hours: 5, peak: 50 })).toEqual([]);
  });

  it('start faster with a scale factor, by the factor for each boot', async () => {
    const scaled = { idleCount: 5, scaleFactor: 1.5, scaleFactorLimit: 50, maxInstances: 60 };
    const published = { p50: 121, p95: 181, hours: 17.7, peak: 60 };
    expect(differences(await row({ ...scaled, idleTime: minutes(30) }), published)).toEqual([]);
    // The table names neither the bound nor the idle time: the bound is its peak, and 20 minutes, which are right for
    // all other rows, are too short for this one's hours alone.
    const shorter = await row(scaled);
    expect(shorter.hours).toBeCloseTo(15.4, 1);
    expect(differences({ ...shorter, hours: published.hours }, published)).toEqual([]);
  });
});

describe('taskscaler', () => {
  it.each([
    { idleCount: 5 },
    { idleCount: 5, preemptive: false, maxInstances: 8, concurrent: 9 },
    { idleCount: 0 },
    { idleCount: 0, capacityPerInstance: 3, maxUseCount: 4, maxInstances: 4 },
    { idleCount: 2, scaleFactor: 1.5, scaleThrottle: { limit: 0.1, burst: 1 }, idleTime: seconds(30) },
  ])('does the same with %j whether it looks through the lulls or not', async (settings) => {
    const always = await lull(taskscaler({ ...settings, ticking: 'always' }));
    expect(always.jobs).toHaveLength(30);
    expect(await lull(taskscaler(settings))).toEqual(always);
  });

  it('fails jobs that get no slot in time, as GitLab’s issue 38931 describes', async () => {
    const never = { startDelay: { pending: seconds(10), boot: minutes(600) } };
    const run = await lull(taskscaler({ idleCount: 0, maxInstances: 2 }), never);
    expect([run.cutOff, run.unfinished > 0, run.end - run.start < minutes(600)]).toEqual([0, true, true]);
    expect(await lull(taskscaler({ idleCount: 1 }), never)).toMatchObject({ cutOff: 0, jobs: [] });
  });

  it.each(['lazy', 'always'] as const)(
    'fails the job of an instance that is gone, and goes on (%s)',
    async (ticking) => {
      const jobs = [
        { at: minutes(1), count: 2, duration: minutes(10) },
        { at: minutes(20), count: 3, duration: minutes(10) },
      ];
      const run = await runJobs(robbed(taskscaler({ idleCount: 0, ticking }), minutes(5)), jobs);
      expect([run.cutOff, run.unfinished, run.jobs.length]).toEqual([1, 0, 5]);
    },
  );

  it('gives an instance `max_use_count` jobs and no more', async () => {
    const run = await lull(taskscaler({ idleCount: 0, maxUseCount: 1 }));
    expect([run.launched, run.jobs.length]).toEqual([30, 30]);
  });

  it('lets no more instances be than `max_instances`', async () => {
    const run = await lull(taskscaler({ idleCount: 3, maxInstances: 4 }));
    expect([run.peak, run.jobs.length]).toEqual([4, 30]);
  });

  it('creates instances as fast as `scale_throttle` lets it', async () => {
    const run = await lull(taskscaler({ idleCount: 4, scaleThrottle: { limit: 0.01, burst: 1 } }));
    const first = run.billed.map(({ from }) => from).toSorted((one, other) => one - other);
    expect((first[3] ?? 0) - (first[0] ?? 0)).toBeGreaterThan(290_000);
  });
});
