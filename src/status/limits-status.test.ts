import { describe, expect, it } from 'vitest';
import { ALWAYS } from '../../test/support/limit-situations.ts';
import {
  ago,
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  jobs,
  NOW,
  OFFERING,
  pending,
} from '../../test/support/observations.ts';
import { emptyHistory } from '../engine/history.ts';
import { plan } from '../engine/plan.ts';
import { minutes } from '../engine/time.ts';
import { METRICS } from './metric-catalogue.ts';
import { StatusBoard } from './model.ts';

const BUDGET = { timeZone: 'UTC', idleUntil: 0.8, onDemandUntil: 0.9 };
const spent = (ofDay: number) => ({ day: '2026-01-05', ofDay, month: '2026-01', ofMonth: ofDay });

/** Under every limit there is. */
function limited() {
  const pool = aPool({
    offerings: [{ ...OFFERING, price: 0.1 }],
    schedules: [{ name: 'office', periods: [ALWAYS], timeZone: 'UTC', idle: { slots: 3 } }],
    projectCaps: { others: 1, of: {} },
    budget: { ...BUDGET, day: 10 },
  });
  const policy = { ...aPolicy(pool), budget: { ...BUDGET, hour: 5, month: 100 } };
  const observation = anObservation({
    jobs: fresh(jobs([pending(3)])),
    instances: fresh([anInstance('i-1', { offering: { ...OFFERING, price: 0.1 } })]),
    instructions: [{ kind: 'pause', pool: 'linux', at: ago(minutes(3)) }],
    history: { ...emptyHistory(NOW), spending: { pools: { linux: spent(8.123456) }, fleet: spent(40) } },
  });
  const board = new StatusBoard('acme', NOW);
  const decided = plan(observation, policy);
  board.passed({ pass: 'acted', observation, plan: decided, outcomes: [] }, NOW, NOW);
  return board.status(NOW);
}

describe('limits in the status', () => {
  it('say what holds and since when', () => {
    expect(limited().pools[0]).toMatchObject({
      idleTarget: 0,
      schedule: 'office',
      pausedAt: '2026-01-05T07:57:00.000Z',
      capped: { jobs: 2, projects: [1] },
      dollarsPerHour: 0.1,
      budgets: [
        {
          period: 'day',
          spent: 8.1235,
          limit: 10,
          allows: 'no idle',
          text: 'budget of the pool: $8.12 of $10.00 today: nothing is bought to be idle',
        },
      ],
    });
  });

  it('tell the budget of all pools once', () => {
    const { budgets, pools } = limited();
    expect(budgets?.map(({ text }) => text)).toEqual([
      'budget of all pools: $0.10 of $5.00 an hour: everything may be bought',
      'budget of all pools: $40.00 of $100.00 this month: everything may be bought',
    ]);
    expect(pools[0]?.budgets).toHaveLength(1);
  });

  it('are absent where there are none', () => {
    const board = new StatusBoard('acme', NOW);
    const observation = anObservation();
    board.passed(
      { pass: 'acted', observation, plan: plan(observation, aPolicy(aPool())), outcomes: [] },
      NOW,
      NOW,
    );
    const status = board.status(NOW);
    expect(status).not.toHaveProperty('budgets');
    for (const key of ['schedule', 'pausedAt', 'capped', 'budgets']) {
      expect(status.pools[0]).not.toHaveProperty(key);
    }
  });

  it.each([
    ['runtide_dollars_per_hour', { pool: 'linux' }, 0.1],
    ['runtide_capped_jobs', { pool: 'linux' }, 2],
    ['runtide_paused', { pool: 'linux' }, 1],
    ['runtide_budget_spent_dollars', { pool: 'linux', period: 'day' }, 8.1235],
    ['runtide_budget_limit_dollars', { pool: 'linux', period: 'day' }, 10],
    ['runtide_fleet_budget_spent_dollars', { period: 'month' }, 40],
    ['runtide_fleet_budget_limit_dollars', { period: 'hour' }, 5],
  ])('are measured: %s %j is %d', (name, labels, value) => {
    const samples = METRICS.find((metric) => metric.name === name)?.samples(limited());
    expect(samples).toContainEqual({ labels, value });
  });
});
