import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../engine/time.ts';
import { ADVERSARIAL } from './adversarial.ts';
import { type Conditions, STANDARD } from './conditions.ts';
import { generateWorkload } from './generator.ts';
import type { Run, Summary } from './result.ts';
import { onePool, reactive, runtide } from './runtide.ts';
import { simulate } from './simulate.ts';
import { summarise } from './summary.ts';
import type { Workload } from './workload.ts';

const DAY = generateWorkload({ jobsPerWeek: 2000, weeks: 1, seed: 3 });
/** The first working day alone. */
const MONDAY: Workload = {
  ...DAY,
  length: minutes(24 * 60),
  pipelines: DAY.pipelines.filter(({ at }) => at < minutes(24 * 60)),
};

const burst = (count: number, duration = minutes(5)): Workload => ({
  name: 'burst',
  start: DAY.start,
  length: minutes(30),
  pipelines: [
    {
      at: seconds(64),
      project: 'acme/web',
      stages: ['test'],
      jobs: Array.from({ length: count }, (_, index) => ({
        name: `job-${index}`,
        stage: 'test',
        tags: ['linux'],
        duration,
      })),
    },
  ],
});

const SHORT = { idleTime: seconds(60), idleSlots: 0 };

const ours = (workload: Workload, over: Partial<Conditions> = {}): Promise<Run> =>
  simulate(workload, reactive(SHORT), { ...STANDARD, ...over });

/** The figures of a run in which jobs ran. */
function figures(run: Run): Summary {
  const summary = summarise(run);
  if (summary === undefined) throw new Error('no job ran');
  return summary;
}

describe('Runtide in the simulation', () => {
  it('runs every job, and ends with no machine left', async () => {
    const run = await ours(MONDAY);
    const { jobs, unfinished, cutOff, throttled } = figures(run);
    expect(jobs).toBeGreaterThan(200);
    expect([unfinished, cutOff, throttled]).toEqual([0, 0, 0]);
    expect(run.billed.filter(({ to }) => to > run.end)).toEqual([]);
  });

  it('is the same to the byte with the same seed, and another with another', async () => {
    const [one, again, other] = [await ours(MONDAY), await ours(MONDAY), await ours(MONDAY, { seed: 2 })];
    expect(JSON.stringify(again)).toBe(JSON.stringify(one));
    expect(JSON.stringify(other)).not.toBe(JSON.stringify(one));
  });

  it('begins no job before its machine can be there, and none waits for ever', async () => {
    const { mean, longest } = figures(await ours(burst(40)));
    expect(mean).toBeGreaterThan(seconds(30));
    expect(longest).toBeLessThan(seconds(90));
  });

  it('leaves out sweeps, and nothing else is different', async () => {
    const settings = {
      name: 'runtide',
      about: '',
      pollInterval: seconds(15),
      webhooks: true,
      policy: (world: Parameters<typeof onePool>[0]) => ({
        pools: [onePool(world, SHORT)],
        unservedAfter: minutes(2),
        orphanGrace: minutes(2),
        drainAlarm: minutes(2),
      }),
    };
    const [lazy, always] = await Promise.all(
      [true, false].map((leavesOut) => simulate(MONDAY, runtide({ ...settings, leavesOut }), STANDARD)),
    );
    expect(lazy?.jobs).toEqual(always?.jobs);
    expect(lazy?.billed).toEqual(always?.billed);
    expect(lazy?.calls['DescribeInstances']).toBeLessThan((always?.calls['DescribeInstances'] ?? 0) / 2);
  });

  it('uses machines for one job alone where they must not be used again', async () => {
    const run = await ours(burst(30), { maxJobs: 1 });
    expect(run.launched).toBeGreaterThanOrEqual(30);
    expect(figures(run)).toMatchObject({ unfinished: 0, cutOff: 0 });
  });

  it('does not wait for machines that have come and gone', async () => {
    const { p95, longest } = figures(await ours(MONDAY, { maxJobs: 1 }));
    expect(p95).toBeLessThan(seconds(65));
    expect(longest).toBeLessThan(seconds(120));
  });

  it('fills machines with several jobs', async () => {
    const run = await ours(burst(40), { slots: 4 });
    expect(run.launched).toBeLessThanOrEqual(12);
    expect(figures(run)).toMatchObject({ jobs: 40, unfinished: 0 });
  });

  it('keeps slots free where it is asked to, which then wait for nobody', async () => {
    const kept = await simulate(burst(5), reactive({ idleTime: minutes(5), idleSlots: 5 }), STANDARD);
    expect(figures(kept).longest).toBeLessThan(seconds(10));
  });

  it('buys again where machines never become ready', async () => {
    const run = await ours(burst(40, minutes(20)), { bootFailures: 0.2 });
    expect(run.launched).toBeGreaterThan(40);
    expect(figures(run)).toMatchObject({ jobs: 40, unfinished: 0 });
  });

  it('buys for a thousand jobs in a dozen calls, none of them throttled', async () => {
    const run = await ours(burst(1000));
    expect(figures(run)).toMatchObject({ jobs: 1000, unfinished: 0, throttled: 0 });
    expect(run.calls['CreateFleet']).toBeLessThanOrEqual(12);
  });

  it.each(['fan-out', 'webhooks-lost', 'zone-out', 'spot-kills'] as const)(
    'comes through %s',
    async (name) => {
      const workload = ADVERSARIAL[name](1);
      const spot = STANDARD.offerings.map((offering) => ({ ...offering, market: 'spot' as const }));
      const zones = spot.flatMap((offering) => [offering, { ...offering, zone: 'eu-central-1b' }]);
      const run = await ours(workload, { offerings: zones });
      expect(run.unfinished).toBe(0);
    },
  );
});

describe('without webhooks', () => {
  it('the sweeps find what waits', async () => {
    const lost = {
      ...burst(10),
      disturbances: [{ kind: 'webhooks lost', at: minutes(0), lasts: minutes(30) } as const],
    };
    const [blind, seeing] = [figures(await ours(lost)), figures(await ours(burst(10)))];
    expect(blind.unfinished).toBe(0);
    expect(blind.mean).toBeGreaterThan(seeing.mean);
    expect(blind.mean).toBeLessThanOrEqual(seeing.mean + seconds(30));
  });
});
