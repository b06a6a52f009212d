import { describe, expect, it } from 'vitest';
import { instant, minutes } from '../engine/time.ts';
import type { Autoscaler } from './autoscaler.ts';
import { dockerMachine } from './baselines/docker-machine/docker-machine.ts';
import { fixedFleet } from './baselines/fixed-fleet.ts';
import { keepAlive } from './baselines/keep-alive.ts';
import { taskscaler } from './baselines/taskscaler/taskscaler.ts';
import { STANDARD } from './conditions.ts';
import { simulate } from './simulate.ts';
import { summarise } from './summary.ts';
import type { Workload } from './workload.ts';
import type { SimulatedWorld } from './world.ts';

const tags: readonly string[] = [];
const WORKLOAD: Workload = {
  name: 'two stages',
  start: instant(Date.UTC(2026, 0, 5, 8)),
  length: minutes(60),
  pipelines: [
    {
      at: minutes(5),
      project: 'web',
      stages: ['build', 'test'],
      jobs: [
        { name: 'long', stage: 'build', tags, duration: minutes(40) },
        { name: 'short', stage: 'build', tags, duration: minutes(4) },
        { name: 'after', stage: 'test', tags, duration: minutes(4) },
      ],
    },
  ],
};

/** At 20 minutes every machine that there is fails. */
function withFailure(autoscaler: Autoscaler): Autoscaler {
  return {
    ...autoscaler,
    start: async (world: SimulatedWorld) => {
      await autoscaler.start(world);
      world.clock.after(minutes(20), () => {
        world.ec2.loseZone('eu-central-1a')();
      });
    },
  };
}

describe('a machine that ends while it runs a job', () => {
  it.each<Autoscaler>([
    fixedFleet(2),
    keepAlive(),
    dockerMachine({ idleCount: 2 }),
    dockerMachine({ idleCount: 0 }),
    taskscaler({ idleCount: 2 }),
    taskscaler({ idleCount: 0 }),
  ])('lets it fail at once, and what waits for it never runs: $name', async (autoscaler) => {
    const run = await simulate(WORKLOAD, withFailure(autoscaler), STANDARD);
    const results = run.jobs.map(({ endedAt, succeeded }) => ({ endedAt: endedAt - run.start, succeeded }));
    expect(results).toEqual([
      { endedAt: minutes(20), succeeded: false },
      { endedAt: expect.any(Number), succeeded: true },
    ]);
    expect([run.cutOff, run.unfinished]).toEqual([1, 0]);
    expect(summarise(run)).toMatchObject({ cutOff: 1, unfinished: 0, jobs: 2 });
  });
});

describe('launches', () => {
  it('count also where the machine still pends at the end', async () => {
    const startDelay = { pending: minutes(120), boot: minutes(1) };
    const workload = { ...WORKLOAD, pipelines: [] };
    const run = await simulate(workload, fixedFleet(3), { ...STANDARD, startDelay });
    expect([run.launched, run.billed, run.peak]).toEqual([3, [], 3]);
  });
});
