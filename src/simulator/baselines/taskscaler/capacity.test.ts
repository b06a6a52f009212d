import { describe, expect, it } from 'vitest';
import { requiredChange } from './capacity.ts';

describe('the required scaling change', () => {
  it.each([
    ['an idle instance leaves', [1, 6, 0, 0, 0, 0, 0, 0, 0, 2], -1],
    ['the documents’ oscillation: a request keeps one', [1, 1000, 0, 0, 0, 1, 0, 0, 0, 1], 0],
    ['the documents’ oscillation: without a request it leaves', [1, 1000, 0, 0, 0, 0, 0, 0, 0, 1], -1],
    ['merge request 49: a job on an instance that is gone', [0, 10, 1, 0, 0, 0, 0, 0, 0, 1], 0],
    ['the documents’ example: five idle slots are one instance of five', [0, 10, 0, 0, 0, 0, 5, 0, 0, 5], 1],
    ['issue 37673: one busy, one to be idle', [1, 5, 1, 0, 0, 0, 1, 0, 0, 1], 1],
    ['issue 37673: two idle, one to be', [2, 5, 0, 0, 0, 0, 1, 0, 0, 1], -1],
    ['a job that waits', [0, 10, 0, 0, 1, 0, 0, 0, 0, 1], 1],
    ['the bound', [8, 10, 8, 0, 20, 0, 0, 0, 0, 1], 2],
    ['a factor above the idle count', [10, 0, 10, 0, 0, 0, 2, 0.5, 0, 1], 5],
    ['a factor below it', [2, 0, 2, 0, 0, 0, 2, 0.5, 0, 1], 2],
    ['a factor at its limit', [10, 0, 10, 0, 0, 0, 2, 1.5, 8, 1], 8],
    ['a limit below the idle count', [10, 0, 10, 0, 0, 0, 9, 1.5, 8, 1], 9],
    ['slots of an instance that has had its jobs', [2, 0, 2, 2, 0, 0, 1, 0, 0, 2], 1],
  ])(
    '%s',
    (_why, [count, max, acquired, unavailable, pending, reserved, idle, factor, limit, per], required) => {
      expect(
        requiredChange({
          instanceCount: count ?? NaN,
          maxInstanceCount: max ?? NaN,
          acquired: acquired ?? NaN,
          unavailableCapacity: unavailable ?? NaN,
          pending: pending ?? NaN,
          reserved: reserved ?? NaN,
          idleCount: idle ?? NaN,
          scaleFactor: factor ?? NaN,
          scaleFactorLimit: limit ?? NaN,
          capacityPerInstance: per ?? NaN,
        }),
      ).toBe(required);
    },
  );

  it('counts instances being deleted against the bound', () => {
    const info = {
      instanceCount: 1,
      deleting: 2,
      acquired: 1,
      unavailableCapacity: 0,
      pending: 9,
      reserved: 0,
    };
    const policy = { maxInstanceCount: 5, idleCount: 0, scaleFactor: 0, scaleFactorLimit: 0 };
    expect(requiredChange({ ...info, ...policy, capacityPerInstance: 1 })).toBe(2);
  });
});
