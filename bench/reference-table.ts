import { seconds } from '../src/engine/time.ts';
import type { Autoscaler } from '../src/simulator/autoscaler.ts';
import { awsSample } from '../src/simulator/baselines/aws-sample.ts';
import { dockerMachine } from '../src/simulator/baselines/docker-machine/docker-machine.ts';
import { fixedFleet } from '../src/simulator/baselines/fixed-fleet.ts';
import { keepAlive } from '../src/simulator/baselines/keep-alive.ts';
import { minutePoller } from '../src/simulator/baselines/minute-poller.ts';
import { taskscaler } from '../src/simulator/baselines/taskscaler/taskscaler.ts';
import { webhookPerJob } from '../src/simulator/baselines/webhook-per-job.ts';
import { webhookReuse } from '../src/simulator/baselines/webhook-reuse.ts';
import { clairvoyantBound } from '../src/simulator/clairvoyant.ts';
import { LONG_POLLS, STANDARD } from '../src/simulator/conditions.ts';
import { generateWorkload } from '../src/simulator/generator.ts';
import { simulate } from '../src/simulator/simulate.ts';
import { meanOf } from '../src/simulator/statistics.ts';
import { summarise } from '../src/simulator/summary.ts';
import type { Workload } from '../src/simulator/workload.ts';
import type { Bench, Figure } from './bench.ts';

const JOBS_PER_WEEK = 20_000;
const SEEDS = 3;

/** What an earlier prototype, on another workload and with requests that take no time, found of an autoscaler. */
interface Reference {
  readonly make: () => Autoscaler;
  readonly cost: number;
  /** Seconds. */
  readonly mean: number;
  readonly p95: number;
  /** Share of the jobs that start within one second, in percent. */
  readonly atOnce: number;
}

const CLAIRVOYANT_COST = 1.057;

function reference(
  make: () => Autoscaler,
  cost: number,
  mean: number,
  p95: number,
  atOnce: number,
): Reference {
  return { make, cost, mean, p95, atOnce };
}

const REFERENCES: readonly Reference[] = [
  reference(() => fixedFleet(40), 3.38, 19.8, 134, 86),
  reference(() => fixedFleet(60), 5.07, 1.5, 0, 98),
  reference(() => dockerMachine({ idleCount: 2 }), 1.57, 34.1, 185, 68),
  reference(() => dockerMachine({ idleCount: 5 }), 1.83, 11.1, 72, 81),
  reference(() => taskscaler({ idleCount: 2 }), 1.38, 44.1, 208, 58),
  reference(() => taskscaler({ idleCount: 5 }), 1.63, 15.1, 85, 74),
  reference(() => taskscaler({ idleCount: 10 }), 2, 5.1, 37, 87),
  reference(() => taskscaler({ idleCount: 5, preemptive: false }), 1.68, 7, 42, 78),
  reference(() => taskscaler({ idleCount: 0 }), 1.41, 14.2, 49, 62),
  reference(() => awsSample(), 1.42, 57.2, 265, 57),
  reference(() => awsSample({ newJobs: 5 }), 1.74, 19.2, 116, 76),
  reference(() => awsSample({ newJobs: 10 }), 2.19, 6.1, 44, 89),
  reference(() => minutePoller(), 1.74, 26.8, 137, 68),
  reference(() => webhookPerJob(), 1.075, 46.5, 59, 0),
  reference(() => webhookReuse(), 1.29, 29.3, 80, 48),
  reference(() => keepAlive(), 1.105, 26, 51, 27),
  reference(() => keepAlive({ idleTime: seconds(60) }), 1.15, 22.7, 50, 37),
  reference(() => keepAlive({ idleTime: seconds(600) }), 1.63, 9.9, 47, 73),
];

/** Every baseline on three generated weeks, beside what the prototype found; only the structure is comparable. */
export const referenceTableBench: Bench = {
  name: 'reference-table',
  about: 'the baselines on 20,000 jobs a week, beside the figures of an earlier prototype',
  run: async ({ seed }) => {
    const seeds = Array.from({ length: SEEDS }, (_, index) => seed + index);
    const weeks = seeds.map((one) => generateWorkload({ jobsPerWeek: JOBS_PER_WEEK, weeks: 1, seed: one }));
    const bounds = weeks.map((week) => clairvoyantBound(week, STANDARD)?.cost ?? NaN);
    const figures: Figure[] = beside('clairvoyant', 'cost', meanOf(bounds), CLAIRVOYANT_COST, 'times');
    for (const one of REFERENCES) figures.push(...(await compare(one, weeks, seed)));
    return { settings: { 'jobs a week': JOBS_PER_WEEK, seeds: seeds.join(' ') }, figures };
  },
};

async function compare(
  { make, cost, mean, p95, atOnce }: Reference,
  weeks: readonly Workload[],
  seed: number,
): Promise<readonly Figure[]> {
  const { name } = make();
  const runs = [];
  for (const [index, week] of weeks.entries())
    runs.push(
      summarise(await simulate(week, make(), { ...STANDARD, pollEvery: LONG_POLLS, seed: seed + index })),
    );
  const all = runs.filter((summary) => summary !== undefined);
  const over = (figure: (summary: (typeof all)[number]) => number): number => meanOf(all.map(figure));
  return [
    ...beside(
      name,
      'cost',
      over((summary) => summary.cost),
      cost,
      'times',
    ),
    ...beside(
      name,
      'mean wait',
      over((summary) => summary.mean / 1000),
      mean,
      's',
    ),
    ...beside(
      name,
      'p95 wait',
      over((summary) => summary.p95 / 1000),
      p95,
      's',
    ),
    ...beside(
      name,
      'within one second',
      over((summary) => summary.withinOneSecond * 100),
      atOnce,
      '%',
    ),
  ];
}

function beside(
  name: string,
  what: string,
  value: number,
  published: number,
  unit: Figure['unit'],
): Figure[] {
  return [{ name: `${name}: ${what} (prototype ${published})`, value, unit }];
}
