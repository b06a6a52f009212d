import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lifeSpan } from './life-span.ts';
import { milliseconds, minutes } from './time.ts';

const ids = fc
  .string({ unit: fc.constantFrom('0', '7', '9', 'a', 'f'), minLength: 17, maxLength: 17 })
  .map((hex) => `i-${hex}`);

describe('the life span of an instance', () => {
  it('is from nine tenths of maxAge to all of it, the same at every look', () => {
    fc.assert(
      fc.property(ids, fc.integer({ min: 3_600_000, max: 315_360_000_000 }), (id, age) => {
        const span = lifeSpan(id, milliseconds(age));
        expect(span).toBeGreaterThanOrEqual(Math.floor(age * 0.9));
        expect(span).toBeLessThanOrEqual(age);
        expect(lifeSpan(id, milliseconds(age))).toBe(span);
      }),
    );
  });

  it('is spread evenly, also over ids that differ in one digit', () => {
    const day = minutes(24 * 60);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let index = 0; index < 4096; index++) {
      const id = `i-0abcdef01234${index.toString(16).padStart(5, '0')}`;
      const share = (day - lifeSpan(id, day)) / (day * 0.1);
      const tenth = Math.min(9, Math.floor(share * 10));
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    // 410 each, if it were exact.
    expect(Math.min(...tenths)).toBeGreaterThan(330);
    expect(Math.max(...tenths)).toBeLessThan(490);
  });
});
