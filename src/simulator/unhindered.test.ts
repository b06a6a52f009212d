import { describe, expect, it } from 'vitest';
import { elapsed, instant, minutes, seconds } from '../engine/time.ts';
import { ADVERSARIAL } from './adversarial.ts';
import { fixedFleet } from './baselines/fixed-fleet.ts';
import { STANDARD } from './conditions.ts';
import { readHistory } from './history-file.ts';
import { simulate } from './simulate.ts';
import { unhinderedJobs } from './unhindered.ts';
import type { Workload, WorkloadJob } from './workload.ts';

const job = (name: string, stage: string, length: number, more: Partial<WorkloadJob> = {}): WorkloadJob => ({
  name,
  stage,
  tags: [],
  duration: seconds(length),
  ...more,
});

/** From and to, in seconds. */
function spans(...jobs: readonly WorkloadJob[]): readonly (readonly [number, number])[] {
  const pipelines = [{ at: seconds(100), project: 'shop', stages: ['build', 'test', 'deploy'], jobs }];
  const workload = { name: 'one', start: instant(0), length: minutes(60), pipelines };
  return unhinderedJobs(workload).map(({ from, to }) => [from / 1000, to / 1000]);
}

describe('jobs for which a machine is always ready', () => {
  it('start when all of the stages before theirs has ended', () => {
    expect(
      spans(job('unit', 'test', 5), job('a', 'build', 10), job('b', 'build', 30), job('ship', 'deploy', 1)),
    ).toEqual([
      [100, 110],
      [100, 130],
      [130, 135],
      [135, 136],
    ]);
  });

  it('pass over a stage without jobs', () => {
    expect(spans(job('a', 'build', 10), job('ship', 'deploy', 1))).toEqual([
      [100, 110],
      [110, 111],
    ]);
  });

  it('start when those have ended that they need, and at once when they need none', () => {
    expect(
      spans(
        job('a', 'build', 10),
        job('b', 'build', 30),
        job('quick', 'test', 5, { needs: ['a'] }),
        job('lint', 'test', 2, { needs: [] }),
        job('ship', 'deploy', 1),
      ),
    ).toEqual([
      [100, 110],
      [100, 130],
      [100, 102],
      [110, 115],
      [130, 131],
    ]);
  });

  it('never start behind one that fails', () => {
    expect(
      spans(job('a', 'build', 10, { fails: true }), job('b', 'build', 30), job('unit', 'test', 5)),
    ).toEqual([
      [100, 110],
      [100, 130],
    ]);
    expect(
      spans(
        job('a', 'build', 10, { fails: true }),
        job('of a', 'test', 1, { needs: ['a'] }),
        job('of that', 'deploy', 1, { needs: ['of a'] }),
        job('ship', 'deploy', 1),
      ),
    ).toEqual([[100, 110]]);
  });

  it('never start where they wait for each other', () => {
    expect(spans(job('a', 'build', 1, { needs: ['b'] }), job('b', 'build', 1, { needs: ['a'] }))).toEqual([]);
  });
});

const row = (name: string, stage: string, from: string, length: number, status = 'success') =>
  `1,${name},${stage},${status},2026-01-12T09:${from}Z,${length}`;

/** A pipeline of real jobs in which one began before the stage before its own had ended, and one failed. */
function realJobs(): Workload {
  return readHistory(
    'jobs.csv',
    [
      'pipeline_id,name,stage,status,started_at,duration',
      row('a', 'build', '00:00', 60),
      row('b', 'build', '00:00', 300),
      row('early', 'test', '01:00', 30),
      row('late', 'test', '05:00', 30, 'failed'),
    ].join('\n'),
  ).workload;
}

describe('the jobs that run', () => {
  it.each([
    { name: 'a wave of bots', workload: () => ADVERSARIAL['bot-wave'](1) },
    { name: 'a fan-out', workload: () => ADVERSARIAL['fan-out']() },
    { name: 'jobs that were real', workload: realJobs },
  ])('are those that run in the simulation too, and as long: $name', async ({ workload: made }) => {
    const workload = made();
    const lengths = unhinderedJobs(workload).map(({ from, to }) => to - from);
    const { jobs } = await simulate(workload, fixedFleet(50), STANDARD);
    const simulated = jobs.map(({ scriptAt, endedAt }) => elapsed(scriptAt, endedAt));
    expect(simulated.toSorted((one, other) => one - other)).toEqual(
      lengths.toSorted((one, other) => one - other),
    );
  });
});
