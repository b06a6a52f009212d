import { describe, expect, it } from 'vitest';
import { milliseconds, minutes, seconds } from '../../../engine/time.ts';
import { START_DELAYS } from '../../conditions.ts';
import { burst, type BurstRow, differences, lull } from '../../../../test/support/simulated-burst.ts';
import { robbed, runJobs } from '../../../../test/support/simulated-jobs.ts';
import { dockerMachine, type DockerMachineSettings } from './docker-machine.ts';

const row = (settings: DockerMachineSettings): Promise<BurstRow> =>
  burst(dockerMachine({ idleTime: minutes(20), ...settings }), seconds(90));

describe('fifty jobs at once', () => {
  it('start by IdleCount for each boot, since nobody counts the queue', async () => {
    expect(differences(await row({ idleCount: 5 }), { p50: 450, p95: 810, hours: 7.8, peak: 25 })).toEqual(
      [],
    );
  });

  it('start by MaxGrowthRate where that is less', async () => {
    expect(
      differences(await row({ idleCount: 5, maxGrowthRate: 2 }), {
        p50: 1070,
        p95: 2060,
        hours: 5.8,
        peak: 10,
      }),
    ).toEqual([]);
  });

  it('start after one boot on demand, all “running” in GitLab long before', async () => {
    expect(differences(await row({ idleCount: 0 }), { p50: 92, p95: 94, hours: 5.4, peak: 50 })).toEqual([]);
  });

  it('start faster with IdleScaleFactor, by the factor for each boot', async () => {
    const scaled = { idleCount: 50, idleCountMin: 5, idleScaleFactor: 1.5 };
    expect(differences(await row(scaled), { p50: 181, p95: 271, hours: 24.8, peak: 100 })).toEqual([]);
  });
});

describe('docker+machine', () => {
  it.each([
    { idleCount: 5 },
    { idleCount: 0 },
    { idleCount: 3, maxBuilds: 2, maxGrowthRate: 1 },
    { idleCount: 20, idleCountMin: 1, idleScaleFactor: 0.5, limit: 12, concurrent: 7 },
  ])('does the same with %j whether it polls through the lulls or not', async (settings) => {
    const always = await lull(dockerMachine({ ...settings, ticking: 'always' }));
    expect(always.jobs).toHaveLength(30);
    expect(await lull(dockerMachine(settings))).toEqual(always);
  });

  it('runs no more jobs than `concurrent`, and makes nothing while all workers are busy', async () => {
    const run = await lull(dockerMachine({ idleCount: 2, concurrent: 1 }));
    const ordered = run.jobs.toSorted((one, other) => one.scriptAt - other.scriptAt);
    for (const [index, { scriptAt }] of ordered.entries())
      expect(scriptAt).toBeGreaterThanOrEqual(ordered[index - 1]?.endedAt ?? scriptAt);
    expect(run.peak).toBe(2);
  });

  it('has no more machines than `limit`', async () => {
    const run = await lull(dockerMachine({ idleCount: 3, limit: 4 }));
    expect([run.peak, run.jobs.length]).toEqual([4, 30]);
  });

  it.each(['lazy', 'always'] as const)(
    'fails the job of a machine that is gone, and goes on (%s)',
    async (ticking) => {
      const jobs = [
        { at: minutes(1), count: 2, duration: minutes(10) },
        { at: minutes(20), count: 3, duration: minutes(10) },
      ];
      const run = await runJobs(robbed(dockerMachine({ idleCount: 0, ticking }), minutes(5)), jobs);
      expect([run.cutOff, run.unfinished, run.jobs.length, run.launched]).toEqual([1, 0, 5, 4]);
    },
  );

  it('makes a machine for each MaxBuilds jobs', async () => {
    const run = await lull(dockerMachine({ idleCount: 0, maxBuilds: 1 }));
    expect(run.launched).toBe(30);
  });

  it('retries calls that EC2 throttles, and fails jobs that get no machine by that', async () => {
    const limits = { capacity: 1, perSecond: 0.01 };
    const scarce = { categories: all(limits), actions: { CreateFleet: limits }, resources: {} };
    const run = await lull(dockerMachine({ idleCount: 0 }), { apiLimits: scarce });
    expect(run.throttled).toBeGreaterThan(0);
    expect(run.unfinished).toBeGreaterThan(0);
    expect(run.cutOff).toBe(0);
  });

  it('waits for a growth slot within jobs, too', async () => {
    const settings = { idleCount: 0, maxGrowthRate: 1, requestConcurrency: 3 };
    const startDelay = { pending: milliseconds(0), boot: START_DELAYS.fast.boot };
    const run = await lull(dockerMachine(settings), { startDelay });
    expect(run.jobs).toHaveLength(30);
    const starts = run.billed.map(({ from }) => from).toSorted((one, other) => one - other);
    for (const [index, start] of starts.entries())
      expect(start - (starts[index - 1] ?? -Infinity)).toBeGreaterThan(5000);
  });
});

function all(size: { readonly capacity: number; readonly perSecond: number }) {
  const large = { capacity: 1000, perSecond: 1000 };
  return { 'non-mutating': large, unnarrowed: large, mutating: size, 'resource-intensive': size };
}
