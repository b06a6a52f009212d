import { describe, expect, it } from 'vitest';
import { aPool, NOW } from '../../test/support/observations.ts';
import { booting, busy, idle, launching } from '../../test/support/views.ts';
import type { Allowance, BudgetStanding } from './budget.ts';
import type { InstanceView } from './capacity.ts';
import { desiredFor, type DesiredInput, instancesFor } from './desired.ts';
import type { PoolPolicy } from './pool.ts';
import type { Terms } from './terms.ts';
import { minutes, seconds } from './time.ts';

const keep = (slots: number): PoolPolicy['idle'] => ({ slots, time: minutes(5) });

/** Nothing holds for the pool beside its own limits. */
const someTerms = (pool: PoolPolicy, over: Partial<Terms> = {}): Terms => ({
  pool,
  unscheduledIdle: pool.idle,
  budgets: [],
  rate: 0,
  ...over,
});

/** The number and its way there, such as `3: demand 0→2, min 2→3`. */
function desired(over: Partial<DesiredInput>, pool: Partial<PoolPolicy> = {}): string {
  const { count, steps } = desiredFor({ live: [], pending: 0, terms: someTerms(aPool(pool)), ...over });
  return `${count}: ${steps.map(({ rule, from, to }) => `${rule} ${from}→${to}`).join(', ')}`;
}

describe('desired', () => {
  it.each<[string, string, string]>([
    ['nothing waits', desired({}), '0: '],
    ['one slot a job', desired({ pending: 3 }), '3: demand 0→3'],
    ['several slots an instance', desired({ pending: 5 }, { slots: 4 }), '2: demand 0→2'],
    ['running jobs keep their instances', desired({ live: [busy('i-1'), busy('i-2')] }), '2: demand 0→2'],
    [
      'a free slot beside a running job is used',
      desired({ live: [busy('i-1', 1, { slots: 4 })], pending: 3 }),
      '1: demand 0→1',
    ],
    [
      'what boots is used',
      desired({ live: [booting('i-1'), launching('i-2')], pending: 2 }),
      '2: demand 0→2',
    ],
    ['idle instances that nothing needs are not counted', desired({ live: [idle('i-1')] }), '0: '],
    [
      'free slots on top of the demand',
      desired({ pending: 1 }, { idle: keep(2) }),
      '3: demand 0→1, idle target 1→3',
    ],
    [
      'a free slot beside a running job fills the idle target',
      desired({ live: [busy('i-1', 2, { slots: 4 })] }, { idle: keep(2), slots: 4 }),
      '1: demand 0→1',
    ],
    ['stale demand is capped', desired({ pending: 5, staleCeiling: 2 }), '2: demand 0→5, stale demand 5→2'],
    ['stale demand below its ceiling stays', desired({ pending: 1, staleCeiling: 2 }), '1: demand 0→1'],
    [
      'stale demand caps the idle target too',
      desired({ staleCeiling: 0 }, { idle: keep(1) }),
      '0: idle target 0→1, stale demand 1→0',
    ],
    ['min without demand', desired({}, { min: 2 }), '2: min 0→2'],
    ['min below the demand says nothing', desired({ pending: 3 }, { min: 2 }), '3: demand 0→3'],
    ['min holds against stale demand', desired({ staleCeiling: 0 }, { min: 1 }), '1: min 0→1'],
    ['max caps', desired({ pending: 30 }), '10: demand 0→30, max 30→10'],
    [
      'later rules win',
      desired({ pending: 3, staleCeiling: 4 }, { idle: keep(2), min: 6, max: 5 }),
      '5: demand 0→3, idle target 3→5, stale demand 5→4, min 4→6, max 6→5',
    ],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toBe(expected);
  });
});

const ROOM_FOR_TWO = {
  affordable: {
    count: 2,
    standing: { of: 'pool', period: 'hour', spent: 0.5, limit: 1, allows: 'everything' },
  },
} as const;

const standing = (allows: Allowance): BudgetStanding => ({
  of: 'pool',
  period: 'day',
  spent: 1,
  limit: 1,
  allows,
});

describe('desired under limits', () => {
  const pool = aPool({ idle: keep(2), min: 1 });
  const terms = (over: Partial<Terms>): Terms => someTerms(pool, over);

  it.each<[string, string, string]>([
    [
      'a schedule takes the place of the idle target',
      desired({
        terms: { ...someTerms(aPool({ idle: keep(4) }), { unscheduledIdle: keep(1) }), schedule: 'day' },
      }),
      '4: idle target 0→1, schedule 1→4',
    ],
    [
      'jobs of a capped project do not count',
      desired({ terms: someTerms(aPool()), pending: 2, capped: 5 }),
      '2: demand 0→7, project cap 7→2',
    ],
    [
      'a budget that allows no idle buys for jobs alone',
      desired({ terms: terms({ budget: standing('no idle') }), pending: 3 }),
      '3: demand 0→3, idle target 3→5, budget 5→3',
    ],
    [
      'and keeps what is there to be idle',
      desired({ terms: terms({ budget: standing('spot only') }), live: [idle('i-1'), idle('i-2')] }),
      '2: idle target 0→2',
    ],
    [
      'a budget that is spent leaves what runs jobs, and min does not hold',
      desired({
        terms: { ...someTerms({ ...pool, min: 0 }, { budget: standing('nothing') }), closed: 'budget' },
        live: [busy('i-1'), idle('i-2')],
        pending: 3,
      }),
      '2: demand 0→4, budget 4→2',
    ],
    [
      'an hour that is nearly full leaves room for some',
      desired({ terms: terms({}), live: [busy('i-1')], pending: 5, share: ROOM_FOR_TWO }),
      '3: demand 0→6, idle target 6→8, budget 8→3',
    ],
    [
      'min must be paid as well',
      desired({ terms: someTerms(aPool({ min: 4 })), share: ROOM_FOR_TWO }),
      '2: min 0→2',
    ],
    [
      'launches are paced',
      desired({
        terms: terms({}),
        pending: 5,
        share: { tokens: { at: NOW, requests: 1, instances: 3.5 } },
      }),
      '3: demand 0→5, idle target 5→7, launch pacing 7→3',
    ],
    [
      'a paused pool buys nothing, whatever waits',
      desired({
        terms: { ...someTerms({ ...pool, min: 0 }), closed: 'pause' },
        live: [busy('i-1')],
        pending: 3,
      }),
      '1: demand 0→4, pause 4→1',
    ],
    [
      'all pools together have a most',
      desired({ terms: terms({}), live: [busy('i-1')], pending: 5, share: { room: { count: 1, max: 9 } } }),
      '2: demand 0→6, idle target 6→8, fleet max 8→2',
    ],
    [
      'a factor follows the jobs that run and wait',
      desired({
        terms: someTerms(aPool({ idle: { ...keep(9), factor: 0.5 } })),
        live: [busy('i-1'), busy('i-2'), busy('i-3')],
        pending: 3,
      }),
      '9: demand 0→6, idle target 6→9',
    ],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toBe(expected);
  });
});

/** How many instances `slots` waiting jobs need, and which of the live ones those are. */
function needed(slots: number, live: readonly InstanceView[], pool: Partial<PoolPolicy> = {}): unknown {
  const { count, kept } = instancesFor(slots, live, aPool(pool));
  return [count, [...kept]];
}

describe('the instances that are kept', () => {
  const mixed = [
    launching('i-1'),
    booting('i-2', seconds(1), { slots: 2 }),
    idle('i-3', minutes(9), { slots: 4 }),
    busy('i-4', 1, { slots: 2 }),
    idle('i-5', minutes(2), { slots: 4 }),
  ];

  it.each<[number, number, readonly string[]]>([
    [0, 1, ['i-4']],
    [1, 1, ['i-4']],
    [2, 2, ['i-4', 'i-5']],
    [5, 2, ['i-4', 'i-5']],
    [6, 3, ['i-4', 'i-5', 'i-3']],
    [9, 3, ['i-4', 'i-5', 'i-3']],
    [11, 4, ['i-4', 'i-5', 'i-3', 'i-2']],
    [12, 5, ['i-4', 'i-5', 'i-3', 'i-2', 'i-1']],
    [13, 6, ['i-4', 'i-5', 'i-3', 'i-2', 'i-1']],
    [18, 7, ['i-4', 'i-5', 'i-3', 'i-2', 'i-1']],
    [19, 8, ['i-4', 'i-5', 'i-3', 'i-2', 'i-1']],
  ])('%s waiting jobs need %s: busy, then the freshest idle, then what boots', (slots, count, kept) => {
    expect(needed(slots, mixed, { slots: 3 })).toEqual([count, kept]);
  });

  it('all busy ones, however much is free', () => {
    const views = [busy('i-1', 1, { slots: 4 }), busy('i-2', 1, { slots: 4 })];
    expect(needed(0, views)).toEqual([2, ['i-1', 'i-2']]);
    expect(needed(1, views)).toEqual([2, ['i-1', 'i-2']]);
  });

  it('by id where nothing else tells them apart', () => {
    expect(needed(1, [idle('i-2'), idle('i-1')])).toEqual([1, ['i-1']]);
  });
});
