import { describe, expect, it } from 'vitest';
import { hex, seededRandom } from './random.ts';

const numbers = (seed: number, count: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random());
};

describe('a seeded source of numbers', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    expect(numbers(7, 50)).toEqual(numbers(7, 50));
    expect(numbers(8, 50)).not.toEqual(numbers(7, 50));
    // These very numbers: what a seed means must not change with the code.
    expect(numbers(1, 3).map((value) => value.toFixed(6))).toEqual(['0.627074', '0.002736', '0.527447']);
  });

  it.each([0, 1, -1, 2 ** 32 - 1, 2 ** 32, 0.5])('takes the seed %s', (seed) => {
    const drawn = numbers(seed, 20);
    expect(new Set(drawn).size).toBe(20);
    expect(drawn).toEqual(numbers(seed, 20));
  });

  it('stays within [0, 1) and fills it evenly', () => {
    const drawn = numbers(3, 10_000);
    expect(drawn.filter((value) => value < 0 || value >= 1)).toEqual([]);
    const tenths = Map.groupBy(drawn, (value) => Math.floor(value * 10));
    expect([...tenths.keys()].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // Five standard deviations of a fair one around a thousand.
    for (const { length } of tenths.values()) expect(Math.abs(length - 1000)).toBeLessThan(150);
  });
});

describe('hexadecimal digits', () => {
  it.each([0, 1, 17, 64])('are %s', (length) => {
    expect(hex(seededRandom(5), length)).toMatch(new RegExp(`^[0-9a-f]{${length}}$`));
  });

  it('come from the source', () => {
    expect(hex(seededRandom(5), 17)).toBe(hex(seededRandom(5), 17));
    expect(hex(seededRandom(6), 17)).not.toBe(hex(seededRandom(5), 17));
    expect(hex(() => 0.999_999, 3)).toBe('fff');
    expect(hex(() => 0, 3)).toBe('000');
  });
});
