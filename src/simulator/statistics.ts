import { seededRandom } from '../adapters/memory/random.ts';
import { percentile } from './percentile.ts';

/** A stream of its own, apart from those that make workloads and machines. */
const BOOTSTRAP_STREAM = 0x5eed_0201;
const RESAMPLES = 2000;

/** A figure, and between what it lies. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What one setting costs, and how long jobs wait under it. */
export interface CostPoint {
  readonly cost: number;
  readonly wait: number;
}

/** The mean of the values, which may not be empty. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A figure of some seeds, given by their places; a place may come several times. Undefined where there is none. */
export type Statistic = (places: readonly number[]) => number | undefined;

/**
 * A figure of so many seeds, with the percentile bootstrap's interval for it: `confidence`, 0 to 1, of the figures of
 * resamples lie in it. Resamples without a figure are left out. The same `seed` draws the same resamples.
 */
export function bootstrapInterval(
  count: number,
  statistic: Statistic,
  seed: number,
  confidence = 0.95,
): Interval | undefined {
  const places = Array.from({ length: count }, (_, place) => place);
  const value = statistic(places);
  if (value === undefined) return undefined;
  const random = seededRandom(seed ^ BOOTSTRAP_STREAM);
  const figures = Array.from({ length: RESAMPLES }, () =>
    statistic(places.map(() => Math.floor(random() * count))),
  );
  const ascending = figures.filter((figure) => figure !== undefined).toSorted((a, b) => a - b);
  const outside = (1 - confidence) / 2;
  return { value, low: percentile(ascending, outside), high: percentile(ascending, 1 - outside) };
}

/** The points for which no other costs less or as much and has jobs wait less or as long; the cheapest first. */
export function paretoFront<P extends CostPoint>(points: readonly P[]): readonly P[] {
  const front: P[] = [];
  for (const point of points.toSorted((a, b) => a.cost - b.cost || a.wait - b.wait)) {
    const best = front.at(-1);
    if (best === undefined || point.wait < best.wait) front.push(point);
  }
  return front;
}

/** How far apart costs may be that count as equal. */
const EQUAL_COST = 0.01;

/**
 * How long jobs wait under what a front offers at a cost: on the straight line between the points beside it. Dearer
 * than the front, the dearest point's; cheaper by more than one percent, undefined: the front has nothing so cheap.
 */
export function waitAtCost(front: readonly CostPoint[], cost: number): number | undefined {
  const index = front.findIndex((point) => point.cost >= cost);
  const above = front[index];
  if (above === undefined) return front.at(-1)?.wait;
  const below = front[index - 1];
  if (below === undefined) return above.cost <= cost * (1 + EQUAL_COST) ? above.wait : undefined;
  const share = (cost - below.cost) / (above.cost - below.cost);
  return below.wait + share * (above.wait - below.wait);
}

/** What a front asks for to have jobs wait no longer; undefined where none of its points does. */
export function costAtWait(front: readonly CostPoint[], wait: number): number | undefined {
  const index = front.findIndex((point) => point.wait <= wait);
  const below = front[index];
  if (below === undefined) return undefined;
  const above = front[index - 1];
  // What would be cheaper than the cheapest has not been tried.
  if (above === undefined) return below.cost;
  const share = (above.wait - wait) / (above.wait - below.wait);
  return above.cost + share * (below.cost - above.cost);
}

/** The exponent of the power law y = a·x^b through the points, by least squares of the logarithms. */
export function growthExponent(points: readonly { readonly x: number; readonly y: number }[]): number {
  const logs = points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }));
  const x = meanOf(logs.map((point) => point.x));
  const y = meanOf(logs.map((point) => point.y));
  const rise = logs.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0);
  const run = logs.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
  return rise / run;
}
