import { describe, expect, it } from 'vitest';
import { after, backoff, elapsed, instant, later, milliseconds, minutes, seconds } from './time.ts';

describe('a number that is no time', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%s is refused', (ms) => {
    expect(() => instant(ms)).toThrow(new RangeError(`naming an instant: ${ms} is no time`));
    expect(() => milliseconds(ms)).toThrow(new RangeError(`naming a duration: ${ms} is no length of time`));
  });
});

it('durations are milliseconds', () => {
  expect([milliseconds(5), seconds(1.5), minutes(2)]).toEqual([5, 1500, 120_000]);
});

it('instants and durations add up', () => {
  const start = instant(1000);
  expect(after(start, seconds(2))).toBe(3000);
  expect(elapsed(start, instant(3000))).toBe(2000);
  expect(elapsed(instant(3000), start)).toBe(-2000);
  expect(later(start, instant(3000))).toBe(3000);
  expect(later(instant(3000), start)).toBe(3000);
});

it.each([
  [1, 15],
  [2, 30],
  [3, 60],
  [6, 480],
  [7, 900],
  [1000, 900],
  // 2 ** 5000 is no number any more; the longest wait still is.
  [5000, 900],
])('the wait after %s failures in a row is %s s', (times, wait) => {
  expect(backoff(seconds(15), times, minutes(15))).toBe(seconds(wait));
});
