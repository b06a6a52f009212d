import { describe, expect, it } from 'vitest';
import { type Budget, standingsOf, strictest } from './budget.ts';

const budget = (limits: Partial<Budget>): Budget => ({
  timeZone: 'UTC',
  idleUntil: 0.8,
  onDemandUntil: 0.9,
  ...limits,
});
const spent = (ofDay: number, ofMonth: number) => ({ day: '2026-01-05', ofDay, month: '2026-01', ofMonth });

describe('how a budget stands', () => {
  it.each([
    [0, 'everything'],
    [7.99, 'everything'],
    [8, 'no idle'],
    [8.99, 'no idle'],
    [9, 'spot only'],
    [9.99, 'spot only'],
    [10, 'nothing'],
    [25, 'nothing'],
  ])('$%s of $10 today allow %s', (dollars, allows) => {
    expect(standingsOf(budget({ day: 10 }), 'pool', { rate: 0, spent: spent(dollars, 0) })).toEqual([
      { of: 'pool', period: 'day', spent: dollars, limit: 10, allows },
    ]);
  });

  it('looks at the hour by what runs, at day and month by what was spent', () => {
    const all = standingsOf(budget({ hour: 1, day: 10, month: 100 }), 'fleet', {
      rate: 0.85,
      spent: spent(9.5, 20),
    });
    expect(all.map(({ period, spent: so, allows }) => [period, so, allows])).toEqual([
      ['hour', 0.85, 'no idle'],
      ['day', 9.5, 'spot only'],
      ['month', 20, 'everything'],
    ]);
    expect(strictest(all)?.period).toBe('day');
  });

  it('that nobody set, or of which nothing was spent, takes nothing away', () => {
    expect(standingsOf(undefined, 'pool', { rate: 9, spent: undefined })).toEqual([]);
    expect(strictest([])).toBeUndefined();
    expect(standingsOf(budget({ month: 5 }), 'pool', { rate: 9, spent: undefined })).toEqual([
      { of: 'pool', period: 'month', spent: 0, limit: 5, allows: 'everything' },
    ]);
  });
});
