import { describe, expect, it } from 'vitest';
import { type Duration, instant, minutes } from '../engine/time.ts';
import { ADVERSARIAL, isAdversarial } from './adversarial.ts';
import type { Autoscaler } from './autoscaler.ts';
import { dockerMachine } from './baselines/docker-machine/docker-machine.ts';
import { fixedFleet } from './baselines/fixed-fleet.ts';
import { keepAlive } from './baselines/keep-alive.ts';
import { minutePoller } from './baselines/minute-poller.ts';
import { taskscaler } from './baselines/taskscaler/taskscaler.ts';
import { webhookPerJob } from './baselines/webhook-per-job.ts';
import { webhookReuse } from './baselines/webhook-reuse.ts';
import { type Conditions, type SimulatedOffering, STANDARD } from './conditions.ts';
import { simulate } from './simulate.ts';
import type { Disturbance, Workload } from './workload.ts';

const ON_DEMAND: SimulatedOffering = {
  instanceType: 'c7i.large',
  zone: 'eu-central-1a',
  market: 'on-demand',
  price: 0.1,
};
const SPOT: SimulatedOffering = { ...ON_DEMAND, market: 'spot', price: 0.04 };
const TWO_ZONES = [ON_DEMAND, { ...ON_DEMAND, zone: 'eu-central-1b' }];

/** Ten jobs of so many minutes at each of the times, in minutes; each has another behind it. */
function workloadOf(
  at: readonly number[],
  duration: Duration,
  ...disturbances: readonly Disturbance[]
): Workload {
  const job = { tags: [], duration };
  return {
    name: 'disturbed',
    start: instant(Date.UTC(2026, 0, 5, 8)),
    length: minutes(120),
    pipelines: at.flatMap((minute) =>
      Array.from({ length: 10 }, () => ({
        at: minutes(minute),
        project: 'web',
        stages: ['test', 'deploy'],
        jobs: [
          { ...job, name: 'test', stage: 'test' },
          { ...job, name: 'deploy', stage: 'deploy' },
        ],
      })),
    ),
    disturbances,
  };
}

const run = (autoscaler: Autoscaler, workload: Workload, conditions: Partial<Conditions> = {}) =>
  simulate(workload, autoscaler, { ...STANDARD, offerings: [ON_DEMAND], ...conditions });

const lost = (at: number, lasts: number): Disturbance => ({
  kind: 'webhooks lost',
  at: minutes(at),
  lasts: minutes(lasts),
});

const short = (market: 'spot' | 'on-demand'): Disturbance => ({
  kind: 'no capacity',
  market,
  at: minutes(30),
  lasts: minutes(30),
});

const offeringsOf = (name: string) => (name === 'spot-kills' ? [SPOT] : TWO_ZONES);

describe('lost webhooks', () => {
  it('are heard by nobody while that lasts, and by all before and after', async () => {
    const quiet = workloadOf([10, 40, 70], minutes(2));
    expect((await run(webhookPerJob(), quiet)).unfinished).toBe(0);
    const { unfinished, launched } = await run(webhookPerJob(), { ...quiet, disturbances: [lost(35, 20)] });
    // Those at 40 min had no machine of their own; which of the jobs take the later ones is GitLab's choice.
    expect(launched).toBe(40 - 10 + (20 - 10));
    expect(unfinished).toBeGreaterThan(0);
  });

  it('come again only when the last of several such disturbances is over', async () => {
    const { launched } = await run(
      webhookPerJob(),
      workloadOf([30, 50], minutes(2), lost(10, 30), lost(20, 5), lost(25, 10)),
    );
    expect(launched).toBe(20);
  });
});

describe('a zone that is out', () => {
  const out: Disturbance = { kind: 'zone out', zone: 'eu-central-1a', at: minutes(30), lasts: minutes(30) };

  it('takes its machines and their jobs; the fleet is bought again in another zone', async () => {
    const { end, ...all } = await run(fixedFleet(10), workloadOf([25], minutes(10), out), {
      offerings: TWO_ZONES,
    });
    expect(all).toMatchObject({ cutOff: 10, launched: 20, unfinished: 0 });
    const gone = all.billed.filter(({ to }) => to < end);
    expect(gone.map(({ to }) => to - all.start)).toEqual(Array.from({ length: 10 }, () => minutes(30)));
  });

  it('gives nothing until it is back, where there is no other', async () => {
    const { jobs, start, launched } = await run(keepAlive(), workloadOf([31, 80], minutes(2), out));
    const first = Math.min(...jobs.map(({ scriptAt }) => scriptAt - start));
    expect(first).toBeGreaterThan(minutes(60));
    expect(first).toBeLessThan(minutes(62));
    expect([launched, jobs.length]).toEqual([20, 40]);
  });
});

describe('a market without capacity', () => {
  it('gives nothing until that is over, and takes nothing away', async () => {
    const workload = workloadOf([25, 40], minutes(20), short('on-demand'));
    const { jobs, start, cutOff } = await run(keepAlive(), workload);
    const starts = jobs.map(({ scriptAt }) => scriptAt - start).toSorted((one, other) => one - other);
    expect([jobs.length, cutOff]).toEqual([40, 0]);
    // Until it is over, only the first ten machines run jobs.
    expect(starts.filter((at) => at < minutes(60))).toHaveLength(20);
  });

  it('leaves the other market alone', async () => {
    const workload = workloadOf([40], minutes(2), short('spot'));
    const plain = await run(keepAlive(), { ...workload, disturbances: [] });
    expect(await run(keepAlive(), workload)).toEqual(plain);
  });
});

describe('spot interruptions', () => {
  const storm: Disturbance = {
    kind: 'spot interruptions',
    perHour: 0.9,
    at: minutes(30),
    lasts: minutes(60),
  };
  const workload = workloadOf([20], minutes(90), storm);

  it('take spot machines, which end what they run', async () => {
    const { cutOff, launched } = await run(fixedFleet(10), workload, { offerings: [SPOT] });
    expect(cutOff).toBeGreaterThan(3);
    expect(launched).toBeGreaterThan(10 + 3);
  });

  it('begin and end at their times', async () => {
    const { billed, start, end } = await run(fixedFleet(20), workload, { offerings: [SPOT] });
    const ends = billed.filter(({ to }) => to < end).map(({ to }) => to - start);
    expect(ends.length).toBeGreaterThan(10);
    expect(Math.min(...ends)).toBeGreaterThan(minutes(30));
    // A notice of the last minute gives two more.
    expect(Math.max(...ends)).toBeLessThanOrEqual(minutes(92));
  });

  it('leave machines on demand alone', async () => {
    expect(await run(fixedFleet(10), workload)).toMatchObject({ cutOff: 0, launched: 10 });
  });
});

describe('adversarial workloads', () => {
  const names = Object.keys(ADVERSARIAL).filter(isAdversarial);

  it.each(names)('%s comes to its end, whoever scales', { timeout: 60_000 }, async (name) => {
    const workload = ADVERSARIAL[name](1);
    const kills = ['zone-out', 'spot-kills'].includes(name);
    for (const autoscaler of [minutePoller(), dockerMachine({ idleCount: 5 })]) {
      const result = await run(autoscaler, workload, { offerings: offeringsOf(name) });
      expect([autoscaler.name, result.unfinished]).toEqual([autoscaler.name, 0]);
      expect(result.jobs.length).toBeGreaterThan(350);
      expect([autoscaler.name, result.cutOff > 0]).toEqual([autoscaler.name, kills]);
    }
  });

  it('spot-kills costs taskscaler also jobs that never began: it gives them to machines that are gone', async () => {
    const { unfinished, cutOff } = await run(taskscaler({ idleCount: 5 }), ADVERSARIAL['spot-kills'](1), {
      offerings: [SPOT],
    });
    expect([unfinished > 0, cutOff > 0]).toEqual([true, true]);
  });

  it.each([
    { name: 'zone-out', autoscaler: webhookReuse() },
    { name: 'spot-kills', autoscaler: dockerMachine({ idleCount: 5 }) },
  ] as const)('$name is the same again, to the byte', async ({ name, autoscaler }) => {
    const conditions = { offerings: offeringsOf(name), bootFailures: 0.01 };
    const once = async () => JSON.stringify(await run(autoscaler, ADVERSARIAL[name](1), conditions));
    const first = await once();
    expect(JSON.parse(first)).toMatchObject({ cutOff: expect.any(Number), unfinished: 0 });
    expect(await once()).toBe(first);
  });
});
