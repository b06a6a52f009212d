import type { Interval } from '../../src/simulator/statistics.ts';
import type { Row } from './answers.ts';
import { CLAIRVOYANT_AT_MEAN, GROWTH_AT_MEAN, SHARE_AT_COST, type Verdict } from './verdict.ts';

/** What stands where ours has no setting that answers. */
export const NO_SETTING = 'none: no setting of ours is so cheap';

/** A figure with its interval: 0.31 [0.28, 0.35]; one seed has none. */
export function intervalText(interval: Interval | undefined, digits = 2): string {
  if (interval === undefined) return '–';
  const { value, low, high } = interval;
  const [at, from, to] = [value, low, high].map((one) => one.toFixed(digits));
  return low === high ? `${at}` : `${at} [${from}, ${to}]`;
}

/** The figures that are no rows, each with what it means. */
export function figureLines(verdict: Verdict): readonly (readonly [string, string])[] {
  const { oneSecondShare, costToClairvoyant, excessGrowth, launchCallsPerJob } = verdict;
  return [
    [`share of jobs within one second at cost ${SHARE_AT_COST}`, answer(oneSecondShare)],
    [`cost over the clairvoyant's at a mean wait of ${CLAIRVOYANT_AT_MEAN} s`, answer(costToClairvoyant)],
    [
      `exponent of the excess machine hours over jobs a week, at a mean wait of ${GROWTH_AT_MEAN} s`,
      excessGrowth === undefined
        ? 'none: a size has no setting of ours with so short a wait'
        : excessGrowth.toFixed(2),
    ],
    ['launch calls for each job, at most', launchCallsPerJob.toFixed(2)],
  ];
}

function answer(interval: Interval | undefined): string {
  return interval === undefined ? 'none: no setting of ours comes there' : intervalText(interval);
}

/** The heads of the table of rows. */
export const ROW_HEADS = [
  'baseline',
  'its cost',
  'its mean',
  'its p95',
  'mean of ours over its',
  'p95 of ours over its',
];

/** One row of that table. */
export function rowCells({ baseline, cost, mean, p95, meanRatio, p95Ratio }: Row): readonly string[] {
  return [
    baseline,
    cost.toFixed(2),
    `${mean.toFixed(1)} s`,
    `${p95.toFixed(1)} s`,
    meanRatio === undefined ? NO_SETTING : intervalText(meanRatio),
    p95Ratio === undefined ? (p95 === 0 ? 'none: it is 0' : NO_SETTING) : intervalText(p95Ratio),
  ];
}
