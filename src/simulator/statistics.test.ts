import { describe, expect, it } from 'vitest';
import {
  bootstrapInterval,
  costAtWait,
  growthExponent,
  meanOf,
  paretoFront,
  waitAtCost,
} from './statistics.ts';

const at = (cost: number, wait: number) => ({ cost, wait });

function meanInterval(values: readonly number[], seed: number, confidence?: number) {
  const statistic = (places: readonly number[]) => meanOf(places.map((place) => values[place] ?? Number.NaN));
  return bootstrapInterval(values.length, statistic, seed, confidence);
}

describe('a bootstrap interval', () => {
  it('lies around the mean of what the seeds gave', () => {
    const { value = 0, low = 0, high = 0 } = meanInterval([1, 2, 3, 4, 5], 7) ?? {};
    expect(value).toBe(3);
    // The means of resamples have a standard deviation of sqrt(2 / 5); 1.96 of it is 1.24.
    expect(low).toBeGreaterThanOrEqual(1.6);
    expect(low).toBeLessThanOrEqual(2);
    expect(high).toBeGreaterThanOrEqual(4);
    expect(high).toBeLessThanOrEqual(4.4);
  });

  it('is the same for the same seed', () => {
    const values = [0.3, 0.1, 0.25, 0.21, 0.4];
    expect(meanInterval(values, 3)).toEqual(meanInterval(values, 3));
    expect(meanInterval(values, 3)).not.toEqual(meanInterval(values, 4));
  });

  it('is narrower with less confidence, and a point where all seeds agree', () => {
    const wide = meanInterval([1, 2, 3, 4, 5], 7);
    const narrow = meanInterval([1, 2, 3, 4, 5], 7, 0.5);
    expect(Number(narrow?.high) - Number(narrow?.low)).toBeLessThan(Number(wide?.high) - Number(wide?.low));
    expect(meanInterval([2, 2, 2], 1)).toEqual({ value: 2, low: 2, high: 2 });
  });

  it('leaves out resamples without a figure, and is none where all seeds together have none', () => {
    const all = bootstrapInterval(3, (places) => (places.includes(0) ? 1 : undefined), 1);
    expect(all).toEqual({ value: 1, low: 1, high: 1 });
    expect(bootstrapInterval(3, () => undefined, 1)).toBeUndefined();
  });
});

describe('a Pareto front', () => {
  it('leaves out what another point beats or equals', () => {
    const points = [at(1.5, 10), at(1.2, 20), at(1.6, 10), at(1.5, 12), at(2, 1), at(1.2, 25), at(1.2, 20)];
    expect(paretoFront(points)).toEqual([at(1.2, 20), at(1.5, 10), at(2, 1)]);
  });

  it('keeps what else is said of its points', () => {
    expect(paretoFront([{ ...at(1, 1), name: 'one' }])).toEqual([{ ...at(1, 1), name: 'one' }]);
  });
});

describe('the wait at a cost', () => {
  const front = [at(1.2, 20), at(1.6, 10), at(2, 2)];

  it.each([
    ['of a point is its own', 1.6, 10],
    ['between two lies on their line', 1.3, 17.5],
    ['dearer than the front is that of its dearest point', 3, 2],
    ['cheaper by less than one percent is that of the cheapest', 1.19, 20],
  ])('%s', (_, cost, wait) => {
    expect(waitAtCost(front, cost)).toBeCloseTo(wait, 10);
  });

  it('is not known where the front has nothing so cheap', () => {
    expect(waitAtCost(front, 1.18)).toBeUndefined();
    expect(waitAtCost([], 1.5)).toBeUndefined();
  });
});

describe('the cost of a wait', () => {
  const front = [at(1.2, 20), at(1.6, 10), at(2, 2)];

  it.each([
    ['of a point is its own', 10, 1.6],
    ['between two lies on their line', 6, 1.8],
    ['longer than on the front is that of the cheapest point', 100, 1.2],
  ])('%s', (_, wait, cost) => {
    expect(costAtWait(front, wait)).toBeCloseTo(cost, 10);
  });

  it('is not known where no point is so quick', () => {
    expect(costAtWait(front, 1)).toBeUndefined();
  });
});

describe('the exponent of a growth', () => {
  it('is that of an exact power law', () => {
    const points = [2000, 20_000, 100_000].map((x) => ({ x, y: 3 * x ** 0.25 }));
    expect(growthExponent(points)).toBeCloseTo(0.25, 10);
  });

  it('is the least squares of the logarithms otherwise', () => {
    // In powers of ten the points are (0, 0), (1, 1), (2, 1): the slope is 1/2.
    const points = [
      { x: 1, y: 1 },
      { x: 10, y: 10 },
      { x: 100, y: 10 },
    ];
    expect(growthExponent(points)).toBeCloseTo(0.5, 10);
  });
});
