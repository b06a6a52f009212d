import { autoscalerOf } from '../src/simulator/autoscalers.ts';
import { LONG_POLLS, STANDARD } from '../src/simulator/conditions.ts';
import { generateWorkload } from '../src/simulator/generator.ts';
import { simulate } from '../src/simulator/simulate.ts';
import type { Bench, Figure } from './bench.ts';
import { timed } from './durations.ts';

/** Jobs a week. */
const JOBS = 20_000;
const NAMES = [
  'runtide-0',
  'runtide-9',
  'keep-alive',
  'webhook-reuse',
  'aws-sample-2',
  'taskscaler-idle-5',
  'docker-machine-5',
];

/** How long one simulated week takes, each autoscaler alone on one core. */
export const simulateBench: Bench = {
  name: 'simulate',
  about: 'how long one simulated week of 20,000 jobs takes, Runtide and some baselines',
  run: async ({ seed }) => {
    const week = generateWorkload({ jobsPerWeek: JOBS, weeks: 1, seed });
    const conditions = { ...STANDARD, pollEvery: LONG_POLLS, seed };
    const figures: Figure[] = [];
    for (const name of NAMES) {
      const value =
        (await timed(() => simulate(week, autoscalerOf({ kind: 'known', name }), conditions))) / 1000;
      figures.push({ name, value, unit: 's' });
    }
    return { settings: { seed, 'jobs a week': JOBS }, figures };
  },
};
