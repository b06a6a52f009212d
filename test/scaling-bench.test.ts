import { describe, expect, it } from 'vitest';
import {
  excessGrowth,
  launchCallsPerJob,
  rowsOf,
  costToClairvoyant,
  oneSecondShareAt,
} from '../bench/scaling/answers.ts';
import { baseCell, cellName, fullGrid, quickGrid } from '../bench/scaling/cell.ts';
import { type CellOutcome, frontOf, MEAN } from '../bench/scaling/outcomes.ts';
import { BASELINES, OURS, settingsOf } from '../bench/scaling/setting.ts';
import { verdictDocument, verdictOf } from '../bench/scaling/verdict.ts';
import { benchmarkPage } from '../bench/scaling/page.ts';
import { seconds } from '../src/engine/time.ts';
import { knownAutoscaler } from '../src/simulator/autoscalers.ts';
import type { Summary } from '../src/simulator/result.ts';

/** Figures of one run; mean and p95 in seconds. */
function figures(cost: number, mean: number, p95: number, more: Partial<Summary> = {}): Summary {
  return {
    jobs: 1000,
    cost,
    dollars: 1,
    mean: seconds(mean),
    p50: seconds(mean),
    p90: seconds(p95),
    p95: seconds(p95),
    p99: seconds(p95),
    longest: seconds(p95),
    withinOneSecond: 1 - mean / 100,
    makespan: seconds(600),
    launched: 100,
    launchCallsPerJob: 0.2,
    throttled: 0,
    peak: 10,
    cutOff: 0,
    unfinished: 0,
    ...more,
  };
}

/** The base cell with these figures of ours and of the first baseline, one of each for every seed. */
function outcomeOf(
  ours: readonly (readonly Summary[])[],
  theirs: readonly Summary[] = [],
  jobs = 20_000,
): CellOutcome {
  const seeds = ours[0]?.map((_, index) => index + 1) ?? [];
  return {
    cell: { ...baseCell(1, seeds.length, false), jobs, seeds },
    bounds: seeds.map(() => ({ cost: 1.05, useful: jobs * 360_000 })),
    settings: [
      ...ours.map((bySeed, index) => ({
        setting: { family: OURS, contender: { kind: 'known', name: `ours-${index}` } as const },
        bySeed,
      })),
      {
        setting: {
          family: BASELINES[0]?.family ?? '',
          contender: { kind: 'known', name: BASELINES[0]?.name ?? '' } as const,
        },
        bySeed: theirs,
      },
    ],
  };
}

const CHEAP = [figures(1.2, 20, 60), figures(1.2, 24, 60)];
const DEAR = [figures(1.6, 4, 40), figures(1.6, 8, 40)];
const THEIRS = [figures(1.4, 28, 100), figures(1.4, 28, 100)];

describe('the scaling bench', () => {
  it('compares at the cost of the baseline, between the nearest settings of ours', () => {
    const [row] = rowsOf(outcomeOf([CHEAP, DEAR], THEIRS), 1);
    // Means of 22 at cost 1.2 and 6 at 1.6 are 14 at 1.4; the p95s are 50.
    expect(row).toMatchObject({ baseline: 'taskscaler-idle-5', cost: 1.4, mean: 28, p95: 100 });
    expect(row?.meanRatio?.value).toBeCloseTo(0.5, 10);
    expect(row?.p95Ratio?.value).toBeCloseTo(0.5, 10);
  });

  it('gives intervals over the seeds: with one seed alone 12 of 28, with the other 16', () => {
    const [row] = rowsOf(outcomeOf([CHEAP, DEAR], THEIRS), 1);
    expect(row?.meanRatio?.low).toBeCloseTo(12 / 28, 10);
    expect(row?.meanRatio?.high).toBeCloseTo(16 / 28, 10);
  });

  it('has no ratio where nothing of ours is so cheap, and no row where the baseline left jobs', () => {
    const [row] = rowsOf(outcomeOf([DEAR], THEIRS), 1);
    expect(row).toMatchObject({ meanRatio: undefined, p95Ratio: undefined });
    const lame = [figures(1.4, 28, 100), figures(1.4, 28, 100, { unfinished: 1 })];
    expect(rowsOf(outcomeOf([CHEAP], lame), 1)).toEqual([]);
  });

  it('leaves settings of ours out that left jobs', () => {
    const lame = [figures(1.1, 1, 1, { unfinished: 3 }), figures(1.1, 1, 1)];
    expect(frontOf(outcomeOf([lame, DEAR]), OURS, MEAN, [0, 1])).toEqual([{ cost: 1.6, wait: 6 }]);
  });

  it('gives the share within one second at a cost', () => {
    const outcome = outcomeOf([CHEAP, DEAR]);
    expect(oneSecondShareAt(outcome, 1.6, 1)?.value).toBeCloseTo(0.94, 10);
    expect(oneSecondShareAt(outcome, 1.4, 1)?.value).toBeCloseTo(0.86, 10);
    expect(oneSecondShareAt(outcome, 1.1, 1)).toBeUndefined();
  });

  it('gives what a short wait costs over the clairvoyant', () => {
    const outcome = outcomeOf([CHEAP, DEAR]);
    expect(costToClairvoyant(outcome, 6, 1)?.value).toBeCloseTo(1.6 / 1.05, 10);
    expect(costToClairvoyant(outcome, 5, 1)?.value).toBeUndefined();
  });

  it('gives how the excess grows: half as much for each job where there are sixteen times as many', () => {
    const small = outcomeOf([[figures(1.8, 5, 40)]], [], 2000);
    const large = outcomeOf([[figures(1.4, 5, 40)]], [], 32_000);
    expect(excessGrowth([small, large], 5)).toBeCloseTo(0.75, 10);
    expect(excessGrowth([small, large], 4)).toBeUndefined();
    expect(excessGrowth([small], 5)).toBeUndefined();
  });

  it('gives the most launch calls for each job of ours', () => {
    const more = figures(1.3, 9, 40, { launchCallsPerJob: 0.5 });
    expect(launchCallsPerJob(outcomeOf([CHEAP, [more, more]], THEIRS))).toBe(0.5);
  });

  it('has null in its document for what cannot be said', () => {
    const base = outcomeOf([DEAR], THEIRS);
    expect(verdictDocument(verdictOf(base, [base], 1))).toEqual({
      rows: [{ baseline: 'taskscaler-idle-5', tier: 'hot', cost: 1.4, meanRatio: null, p95Ratio: null }],
      oneSecondShareAtCost1_6: 0.94,
      costToClairvoyantAtMean6s: 1.5238,
      excessGrowthExponent: null,
      launchCallsPerJob: 0.2,
    });
  });

  it('writes a page with the rows, the fronts and the settings', async () => {
    const base = outcomeOf([CHEAP, DEAR], THEIRS);
    const page = await benchmarkPage(base, [base], verdictOf(base, [base], 1), 1);
    const cells = page.split('\n').map((line) => line.replaceAll(/ +/g, ' '));
    expect(cells).toContain('| taskscaler-idle-5 | 1.40 | 28.0 s | 100.0 s | 0.50 [0.43, 0.57] | 0.50 |');
    expect(cells).toContain('| ours-0 | 1.20 | 22.0 s | 60.0 s | 78 % |');
    expect(page).toContain('20k jobs a week, 45 s to start, 1 slot, reuse; seeds 1 to 2.');
  });

  it('names only autoscalers that there are', () => {
    const names = fullGrid(1)
      .flatMap(settingsOf)
      .flatMap(({ contender }) => (contender.kind === 'known' ? [contender.name] : []));
    expect(names.filter((name) => knownAutoscaler(name) === undefined)).toEqual([]);
  });

  it('tries every size, start delay, number of slots and use, the base cell with five seeds', () => {
    const cells = fullGrid(1);
    const values = (of: (cell: (typeof cells)[number]) => unknown) => [...new Set(cells.map(of))];
    expect(values(({ jobs }) => jobs)).toEqual([20_000, 2000, 100_000]);
    expect(values(({ startDelay }) => startDelay)).toEqual(['standard', 'fast', 'slow']);
    expect(values(({ slots }) => slots)).toEqual([1, 4]);
    expect(values(({ singleUse }) => singleUse)).toEqual([false, true]);
    expect(cells).toContainEqual(baseCell(1, 5, true));
    expect(quickGrid(3)[0]).toEqual(baseCell(3, 1, false));
    expect(new Set(cells.map(cellName)).size).toBe(cells.length);
  });
});
