import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { milliseconds } from '../engine/time.ts';
import { formatDuration, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['15s', 15_000],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['0s', 0],
    [15, 15_000],
    [0.5, 500],
    [0, 0],
  ])('reads %s', (written, expected) => {
    expect(parseDuration(written)).toBe(expected);
  });

  it.each([
    '',
    '15',
    's',
    '15 s',
    '-1s',
    '1h30m',
    '15S',
    '1w',
    '1e3s',
    '.5s',
    ' 1s',
    '1s\n',
    -1,
    NaN,
    Infinity,
  ])('refuses %j', (written) => {
    expect(parseDuration(written)).toBeUndefined();
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [500, '500ms'],
    [90_000, '90s'],
    [300_000, '5m'],
    [7_200_000, '2h'],
    [604_800_000, '7d'],
  ])('writes %i ms as %s', (ms, expected) => {
    expect(formatDuration(milliseconds(ms))).toBe(expected);
  });

  it('is read back as the same duration', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 40 }), (ms) => {
        expect(parseDuration(formatDuration(milliseconds(ms)))).toBe(ms);
      }),
    );
  });
});
