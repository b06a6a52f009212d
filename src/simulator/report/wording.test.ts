import { describe, expect, it } from 'vitest';
import { instant, milliseconds } from '../../engine/time.ts';
import { countText, dayText, dollarsText, durationText, shareText } from './wording.ts';

describe('words for figures', () => {
  it.each([
    [0, '0 s'],
    [20, '< 0.1 s'],
    [50, '0.1 s'],
    [4240, '4.2 s'],
    [99_960, '100.0 s'],
    [185_400, '185 s'],
    [720_000, '12 min'],
    [3 * 3_600_000, '3.0 h'],
  ])('%i ms are %s', (ms, text) => {
    expect(durationText(milliseconds(ms))).toBe(text);
  });

  it.each([
    [0, '0'],
    [999, '999'],
    [12_345, '12,345'],
    [1_234_567.4, '1,234,567'],
  ])('%d counts as %s', (count, text) => {
    expect(countText(count)).toBe(text);
  });

  it.each([
    [0, '$0.00'],
    [12.345, '$12.35'],
    [1234.5, '$1,235'],
  ])('%d dollars are %s', (dollars, text) => {
    expect(dollarsText(dollars)).toBe(text);
  });

  it.each([
    [0, '0 %'],
    [0.0012, '0.1 %'],
    [0.784, '78 %'],
    [0.9999, '99.9 %'],
    [1, '100 %'],
  ])('the share %d is %s', (share, text) => {
    expect(shareText(share)).toBe(text);
  });

  it('a day is that of UTC', () => {
    expect(dayText(instant(Date.UTC(2026, 0, 5, 23, 59)))).toBe('Mon 5 Jan');
  });
});
