import { describe, expect, it } from 'vitest';
import { instant, milliseconds, minutes, seconds } from '../engine/time.ts';
import { clairvoyantBound } from './clairvoyant.ts';
import { type Conditions, START_DELAYS } from './conditions.ts';
import { generateWorkload } from './generator.ts';
import type { Workload } from './workload.ts';

type Asked = Pick<Conditions, 'startDelay' | 'slots' | 'maxJobs'>;

/** A boot of ten seconds, one job a machine. */
const ASKED: Asked = { startDelay: { pending: seconds(5), boot: seconds(10) }, slots: 1 };

/** Jobs from and to, in seconds. */
function workloadOf(...spans: readonly (readonly [number, number])[]): Workload {
  return {
    name: 'by hand',
    start: instant(0),
    length: minutes(60),
    pipelines: spans.map(([from, to]) => ({
      at: seconds(from),
      project: 'shop',
      stages: ['test'],
      jobs: [{ name: 'unit', stage: 'test', tags: [], duration: seconds(to - from) }],
    })),
  };
}

const billed = (asked: Asked, ...spans: readonly (readonly [number, number])[]) =>
  (clairvoyantBound(workloadOf(...spans), asked)?.billed ?? NaN) / 1000;

describe('the bound of who knows every push beforehand', () => {
  it('pays one boot and the script for one job', () => {
    expect(clairvoyantBound(workloadOf([100, 130]), ASKED)).toEqual({
      billed: seconds(40),
      useful: seconds(30),
      cost: 40 / 30,
    });
  });

  it.each([
    {
      name: 'keeps a machine through a gap shorter than a boot',
      spans: [
        [0, 20],
        [24, 30],
      ],
      pays: 10 + 20 + 4 + 6,
    },
    {
      name: 'keeps it through one as long',
      spans: [
        [0, 20],
        [30, 35],
      ],
      pays: 10 + 20 + 10 + 5,
    },
    {
      name: 'boots anew after a longer one',
      spans: [
        [0, 20],
        [31, 36],
      ],
      pays: 10 + 20 + 10 + 5,
    },
    {
      name: 'goes from one job to the next without a gap',
      spans: [
        [0, 20],
        [20, 25],
      ],
      pays: 10 + 25,
    },
    {
      name: 'boots two for two at once',
      spans: [
        [0, 20],
        [5, 10],
      ],
      pays: 10 + 20 + 10 + 5,
    },
    // The one that fell idle at 20 takes the job of 21, and the other one has been idle for 13 seconds when it is needed.
    {
      name: 'takes the machine that fell idle last',
      spans: [
        [0, 9],
        [0, 20],
        [21, 30],
        [22, 25],
      ],
      pays: 20 + 29 + 1 + 9 + 10 + 3,
    },
  ] as const)('$name', ({ spans, pays }) => {
    expect(billed(ASKED, ...spans)).toBe(pays);
  });

  it('boots for every job, or for every so many, where machines are not used again', () => {
    const spans = [
      [0, 20],
      [20, 30],
      [30, 35],
    ] as const;
    expect(billed(ASKED, ...spans)).toBe(10 + 35);
    expect(billed({ ...ASKED, maxJobs: 1 }, ...spans)).toBe(30 + 35);
    expect(billed({ ...ASKED, maxJobs: 2 }, ...spans)).toBe(20 + 35);
    expect(billed({ ...ASKED, maxJobs: 9 }, ...spans)).toBe(10 + 35);
  });

  it('fills the slots of a machine before it boots another', () => {
    const two = { ...ASKED, slots: 2 };
    expect(billed(two, [0, 20], [5, 25])).toBe(10 + 25);
    expect(billed(two, [0, 20], [5, 25], [10, 15])).toBe(10 + 25 + 10 + 5);
    expect(clairvoyantBound(workloadOf([0, 20], [0, 20]), two)?.cost).toBe((30 * 2) / 40);
  });

  it('is below every way to put jobs on machines of two slots', () => {
    // Jobs cannot move: the third one shares with the first until 20, and holds its machine alone until 40.
    const spans = [
      [0, 20],
      [0, 40],
      [10, 40],
    ] as const;
    const byHand = [
      [0, 40],
      [10, 40],
    ].reduce((sum, [from = 0, to = 0]) => sum + 10 + to - from, 0);
    expect(billed({ ...ASKED, slots: 2 }, ...spans)).toBeLessThanOrEqual(byHand);
    expect(billed({ ...ASKED, slots: 2 }, ...spans)).toBe(10 + 40 + 10 + 10);
  });

  it('counts only jobs whose turn comes', () => {
    const { pipelines, ...rest } = workloadOf([0, 20]);
    const failed = pipelines.map((pipeline) => ({
      ...pipeline,
      stages: ['test', 'deploy'],
      jobs: pipeline.jobs.flatMap((job) => [
        { ...job, fails: true as const },
        { ...job, stage: 'deploy' },
      ]),
    }));
    expect(clairvoyantBound({ ...rest, pipelines: failed }, ASKED)?.useful).toBe(seconds(20));
  });

  it('says nothing where no job runs', () => {
    expect(clairvoyantBound(workloadOf(), ASKED)).toBeUndefined();
    expect(clairvoyantBound(workloadOf([5, 5]), ASKED)).toBeUndefined();
  });

  it('takes the median of a boot that is spread', () => {
    const spread = { shortest: seconds(1), median: seconds(10), longest: seconds(90) };
    const startDelay = { pending: milliseconds(0), boot: spread };
    expect(billed({ startDelay, slots: 1 }, [0, 20])).toBe(30);
  });
});

function excess(jobsPerWeek: number, seed: number, startDelay: Conditions['startDelay']): number {
  const workload = generateWorkload({ jobsPerWeek, weeks: 1, seed });
  return (clairvoyantBound(workload, { startDelay, slots: 1 })?.cost ?? NaN) - 1;
}

describe('the bound of a generated week', () => {
  // Measured with an independent simulation of other workloads with the same parameters.
  it.each([
    { delay: 'fast', expected: 0.024 },
    { delay: 'standard', expected: 0.057 },
    { delay: 'slow', expected: 0.123 },
  ] as const)('is $expected above 1 with a $delay start', ({ delay, expected }) => {
    for (const seed of [1, 2, 3]) {
      const ratio = excess(20_000, seed, START_DELAYS[delay]) / expected;
      expect(ratio).toBeGreaterThan(0.85);
      expect(ratio).toBeLessThan(1.15);
    }
  });

  it('is between 1.05 and 1.065 with the standard start', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      expect(excess(20_000, seed, START_DELAYS.standard)).toBeGreaterThan(0.05);
      expect(excess(20_000, seed, START_DELAYS.standard)).toBeLessThan(0.065);
    }
  });

  it('falls with the number of jobs', () => {
    const [small, standard, large] = [2000, 20_000, 100_000].map((size) =>
      excess(size, 1, START_DELAYS.standard),
    );
    expect(small).toBeCloseTo(0.061, 2);
    expect(standard).toBeLessThan(small ?? 0);
    expect(large).toBeLessThan(standard ?? 0);
    expect(large).toBeCloseTo(0.044, 2);
  });
});
