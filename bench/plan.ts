import { plan } from '../src/engine/plan.ts';
import { remember } from '../src/engine/remember.ts';
import type { Bench, Report } from './bench.ts';
import { spread, timed } from './durations.ts';
import { type FleetSize, largeFleet } from './large-fleet.ts';

const SIZE: FleetSize = { pools: 20, instances: 2000, kinds: 40, pending: 100_000 };
const WARM_UP = 20;
const RUNS = 100;

async function measure(seed: number): Promise<Report> {
  const { policy, readings, history } = largeFleet(SIZE, seed);
  const remembering: number[] = [];
  const planning: number[] = [];
  const whole: number[] = [];
  let actions = 0;
  let heap = 0;
  for (let run = -WARM_UP; run < RUNS; run++) {
    let observation = { ...readings, history };
    const first = await timed(
      () => (observation = { ...readings, history: remember(history, readings, policy) }),
    );
    const second = await timed(() => (actions = plan(observation, policy).actions.length));
    if (run < 0) continue;
    remembering.push(first);
    planning.push(second);
    whole.push(first + second);
    heap = Math.max(heap, process.memoryUsage().heapUsed);
  }
  return {
    settings: { ...SIZE, seed, warmUp: WARM_UP, runs: RUNS, actions },
    figures: [
      ...spread('remember + plan', whole),
      ...spread('remember', remembering),
      ...spread('plan', planning),
      { name: 'heap at most', value: heap / 2 ** 20, unit: 'MiB' },
    ],
  };
}

/** How long the engine takes to decide over a fleet far larger than most. */
export const planBench: Bench = {
  name: 'plan',
  about: 'one decision over 100,000 pending jobs, 20 pools and 2,000 instances',
  run: ({ seed }) => measure(seed),
};
