import { expect, it } from 'vitest';
import { ago, aPool, NOW } from '../../test/support/observations.ts';
import { coolingUntil } from './cooldown.ts';
import { after, seconds } from './time.ts';

const pool = aPool({ cooldown: seconds(30) });

it.each([
  ['never scaled', undefined, undefined],
  ['scaled just now', NOW, after(NOW, seconds(30))],
  ['scaled 29 s ago', ago(seconds(29)), after(NOW, seconds(1))],
  ['scaled 30 s ago', ago(seconds(30)), undefined],
])('a pool that has %s cools down until %s', (_name, lastScaledAt, until) => {
  expect(coolingUntil(pool, { setbacks: 0, ...(lastScaledAt !== undefined && { lastScaledAt }) }, NOW)).toBe(
    until,
  );
});

it('a pool without a memory need not cool down', () => {
  expect(coolingUntil(pool, undefined, NOW)).toBeUndefined();
});
