import { describe, expect, it } from 'vitest';
import { linearScale } from './scale.ts';

describe('a scale', () => {
  it('ends at ticks that read well', () => {
    expect(linearScale([1, 1.83], [0, 100]).ticks).toEqual([1, 1.2, 1.4, 1.6, 1.8, 2]);
    expect(linearScale([0, 47], [0, 100]).ticks).toEqual([0, 10, 20, 30, 40, 50]);
    expect(linearScale([0, 0.3], [0, 100], 3).ticks).toEqual([0, 0.1, 0.2, 0.3]);
  });

  it('places values in proportion, upside down too', () => {
    const { at } = linearScale([0, 50], [200, 100]);
    expect([at(0), at(25), at(50)]).toEqual([200, 150, 100]);
  });

  it('has room where there is but one value', () => {
    const { at, ticks } = linearScale([3, 3], [0, 100]);
    expect(ticks.length).toBeGreaterThan(1);
    expect(at(3)).toBe(0);
  });
});
