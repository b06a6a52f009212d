import type { Interval } from '../../src/simulator/statistics.ts';
import {
  costToClairvoyant,
  excessGrowth,
  launchCallsPerJob,
  oneSecondShareAt,
  type Row,
  rowsOf,
} from './answers.ts';
import type { CellOutcome } from './outcomes.ts';

/** What comes of all cells. */
export interface Verdict {
  /** Of the base cell. */
  readonly rows: readonly Row[];
  readonly oneSecondShare: Interval | undefined;
  readonly costToClairvoyant: Interval | undefined;
  readonly excessGrowth: number | undefined;
  readonly launchCallsPerJob: number;
}

/** The cost at which the share of jobs within one second is given. */
export const SHARE_AT_COST = 1.6;
/** Seconds of mean wait at which the cost is compared with the clairvoyant's. */
export const CLAIRVOYANT_AT_MEAN = 6;
/** Seconds of mean wait at which the growth of the excess is given. */
export const GROWTH_AT_MEAN = 5;

/** The verdict over the base cell and those that differ from it in size alone. */
export function verdictOf(base: CellOutcome, sizes: readonly CellOutcome[], seed: number): Verdict {
  return {
    rows: rowsOf(base, seed),
    oneSecondShare: oneSecondShareAt(base, SHARE_AT_COST, seed),
    costToClairvoyant: costToClairvoyant(base, CLAIRVOYANT_AT_MEAN, seed),
    excessGrowth: excessGrowth(sizes, GROWTH_AT_MEAN),
    launchCallsPerJob: launchCallsPerJob(base),
  };
}

/** The verdict as the last line of JSON; null is what cannot be said. */
export function verdictDocument({ rows, ...figures }: Verdict) {
  return {
    rows: rows.map(({ baseline, cost, meanRatio, p95Ratio }) => ({
      baseline,
      tier: 'hot',
      cost: rounded(cost),
      meanRatio: rounded(meanRatio?.value),
      p95Ratio: rounded(p95Ratio?.value),
    })),
    oneSecondShareAtCost1_6: rounded(figures.oneSecondShare?.value),
    costToClairvoyantAtMean6s: rounded(figures.costToClairvoyant?.value),
    excessGrowthExponent: rounded(figures.excessGrowth),
    launchCallsPerJob: rounded(figures.launchCallsPerJob),
  };
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toFixed(4));
}
