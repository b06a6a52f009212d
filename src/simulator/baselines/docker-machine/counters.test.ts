import { describe, expect, it } from 'vitest';
import { canCreate, type Counters, idleExceeded, type Limits, noMachines, total } from './counters.ts';

const NO_LIMITS: Limits = { idleCount: 0, idleCountMin: 0, idleScaleFactor: 0, maxGrowthRate: 0, limit: 0 };

const machines = (counters: Partial<Counters>): Counters => ({ ...noMachines(), ...counters });
const limits = (some: Partial<Limits>): Limits => ({ ...NO_LIMITS, ...some });

describe('idle machines', () => {
  it.each([
    [{ idle: 4 }, { idleCount: 5 }, false],
    [{ idle: 5 }, { idleCount: 5 }, true],
    [{ idle: 2, acquired: 1, creating: 2 }, { idleCount: 5 }, true],
    [{ idle: 4, used: 100, removing: 7 }, { idleCount: 5 }, false],
    [{}, { idleCount: 0 }, true],
    // With a factor, IdleCount is only the upper bound.
    [{ idle: 1 }, { idleCount: 100, idleScaleFactor: 1.5 }, true],
    [{}, { idleCount: 100, idleScaleFactor: 1.5 }, false],
    [{ idle: 4 }, { idleCount: 100, idleCountMin: 5, idleScaleFactor: 1.5 }, false],
    [{ idle: 5 }, { idleCount: 100, idleCountMin: 5, idleScaleFactor: 1.5 }, true],
    [{ idle: 6, used: 5 }, { idleCount: 100, idleCountMin: 5, idleScaleFactor: 1.5 }, false],
    [{ idle: 7, used: 5 }, { idleCount: 100, idleCountMin: 5, idleScaleFactor: 1.5 }, true],
    [{ idle: 50, used: 60 }, { idleCount: 50, idleCountMin: 5, idleScaleFactor: 1.5 }, true],
  ])('%j within %j: enough is %s', (counters, some, exceeded) => {
    expect(idleExceeded(machines(counters), limits(some))).toBe(exceeded);
  });
});

describe('one more machine', () => {
  it.each([
    [{ idle: 4 }, { idleCount: 5 }, false, true],
    [{ idle: 5 }, { idleCount: 5 }, false, false],
    [{ creating: 2 }, { idleCount: 5, maxGrowthRate: 2 }, false, false],
    [{ creating: 1 }, { idleCount: 5, maxGrowthRate: 2 }, false, true],
    [{ used: 3, removing: 1 }, { idleCount: 5, limit: 4 }, false, false],
    [{ used: 3 }, { idleCount: 5, limit: 4 }, false, true],
    [{}, { idleCount: 0 }, false, false],
    [{ idle: 9 }, { idleCount: 0 }, true, true],
    [{ idle: 9 }, { idleCount: 0, limit: 9 }, true, false],
    [{ creating: 9 }, { idleCount: 0, maxGrowthRate: 9 }, true, false],
    [{ idle: 9 }, { idleCount: 5 }, true, false],
  ])('beside %j within %j, on demand %s: %s', (counters, some, onDemand, may) => {
    expect(canCreate(machines(counters), limits(some), onDemand)).toBe(may);
  });

  it('is bounded by machines in every state', () => {
    expect(total({ idle: 1, acquired: 2, creating: 3, used: 4, removing: 5 })).toBe(15);
  });
});
