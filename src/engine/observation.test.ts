import { expect, it } from 'vitest';
import { ago, NOW } from '../../test/support/observations.ts';
import { isFresh, lastKnown, type Part } from './observation.ts';
import { after, milliseconds, seconds } from './time.ts';

const read = (readAt = NOW): Part<string> => ({ known: true, value: 'seen', readAt, freshFor: seconds(45) });
const UNKNOWN: Part<string> = { known: false, failure: 'not read yet' };

it.each<[string, Part<string> | undefined, boolean]>([
  ['read just now', read(), true],
  ['read as long ago as it is fresh for', read(ago(seconds(45))), true],
  ['read a moment longer ago', read(ago(milliseconds(45_001))), false],
  ['read by a clock that is ahead', read(after(NOW, seconds(9))), true],
  ['that failed since, within its time', { ...read(ago(seconds(45))), failure: '500' }, true],
  ['that was never read', UNKNOWN, false],
  ['that nobody has', undefined, false],
])('a part %s is fresh or not', (_name, part, expected) => {
  expect(isFresh(part, NOW)).toBe(expected);
});

it('the last answer counts, however old; without one the fallback', () => {
  expect(lastKnown(read(ago(seconds(1e6))), 'fallback')).toBe('seen');
  expect(lastKnown(UNKNOWN, 'fallback')).toBe('fallback');
  expect(lastKnown(undefined, 'fallback')).toBe('fallback');
});
