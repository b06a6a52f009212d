import {
  bootstrapInterval,
  costAtWait,
  growthExponent,
  type Interval,
  meanOf,
  waitAtCost,
} from '../../src/simulator/statistics.ts';
import { type CellOutcome, frontOf, LATE, MEAN, P95, placesOf, pointOf, type WaitOf } from './outcomes.ts';
import { BASELINES, OURS } from './setting.ts';

/** Ours against one baseline at that one's cost. */
export interface Row {
  readonly baseline: string;
  readonly cost: number;
  /** Seconds. */
  readonly mean: number;
  /** Seconds. */
  readonly p95: number;
  /** Ours over the baseline's; undefined where ours has no setting that is so cheap. */
  readonly meanRatio: Interval | undefined;
  readonly p95Ratio: Interval | undefined;
}

/** The rows of a cell; baselines that did not run every job have none. */
export function rowsOf(outcome: CellOutcome, seed: number): readonly Row[] {
  return BASELINES.flatMap(({ name }) => {
    const mean = baselinePoint(outcome, name, MEAN, placesOf(outcome));
    const p95 = baselinePoint(outcome, name, P95, placesOf(outcome));
    if (mean === undefined || p95 === undefined) return [];
    return [
      {
        baseline: name,
        cost: mean.cost,
        mean: mean.wait,
        p95: p95.wait,
        meanRatio: ratio(outcome, name, MEAN, seed),
        p95Ratio: ratio(outcome, name, P95, seed),
      },
    ];
  });
}

function baselinePoint({ settings }: CellOutcome, name: string, wait: WaitOf, places: readonly number[]) {
  const found = settings.find(({ setting }) => setting.contender.name === name);
  return found === undefined ? undefined : pointOf(found, wait, places);
}

/** How long jobs wait under ours, over how long they wait under the baseline, both at the baseline's cost. */
function ratio(outcome: CellOutcome, name: string, wait: WaitOf, seed: number): Interval | undefined {
  return bootstrapInterval(
    outcome.cell.seeds.length,
    (places) => {
      const theirs = baselinePoint(outcome, name, wait, places);
      if (theirs === undefined || theirs.wait === 0) return undefined;
      const ours = waitAtCost(frontOf(outcome, OURS, wait, places), theirs.cost);
      return ours === undefined ? undefined : ours / theirs.wait;
    },
    seed,
  );
}

/** The share of jobs that start within one second under ours, at a cost. */
export function oneSecondShareAt(outcome: CellOutcome, cost: number, seed: number): Interval | undefined {
  return bootstrapInterval(
    outcome.cell.seeds.length,
    (places) => {
      const late = waitAtCost(frontOf(outcome, OURS, LATE, places), cost);
      return late === undefined ? undefined : 1 - late;
    },
    seed,
  );
}

/** What ours costs where jobs wait so many seconds on average at most, over what the clairvoyant pays. */
export function costToClairvoyant(outcome: CellOutcome, wait: number, seed: number): Interval | undefined {
  return bootstrapInterval(
    outcome.cell.seeds.length,
    (places) => {
      const cost = costAtWait(frontOf(outcome, OURS, MEAN, places), wait);
      const bound = meanOf(places.map((place) => outcome.bounds[place]?.cost ?? Number.NaN));
      return cost === undefined ? undefined : cost / bound;
    },
    seed,
  );
}

/**
 * How the machine hours that are paid for beyond the time of scripts grow with the jobs a week, where they wait so many
 * seconds on average at most: the exponent of a power law. Undefined where a size has no setting for it.
 */
export function excessGrowth(outcomes: readonly CellOutcome[], wait: number): number | undefined {
  const points = outcomes.flatMap((outcome) => {
    const cost = costAtWait(frontOf(outcome, OURS, MEAN, placesOf(outcome)), wait);
    const useful = meanOf(outcome.bounds.map((bound) => bound.useful));
    return cost === undefined ? [] : [{ x: outcome.cell.jobs, y: (cost - 1) * useful }];
  });
  return points.length < outcomes.length || points.length < 2 ? undefined : growthExponent(points);
}

/** The most launch calls for each job of any setting of ours that ran every job. */
export function launchCallsPerJob({ settings }: CellOutcome): number {
  const ours = settings.filter(({ setting }) => setting.family === OURS);
  const calls = ours.map(({ bySeed }) => meanOf(bySeed.map((summary) => summary?.launchCallsPerJob ?? 0)));
  return Math.max(...calls);
}
