import type { BudgetStatus } from './limits-status.ts';
import { type Metric, ofPools, type Sample } from './metric.ts';
import type { Status } from './model.ts';

type Value = (budget: BudgetStatus) => number;

function ofFleet(value: Value): (status: Status) => readonly Sample[] {
  return ({ budgets = [] }) =>
    budgets.map((budget) => ({ labels: { period: budget.period }, value: value(budget) }));
}

function ofEachPool(value: Value): (status: Status) => readonly Sample[] {
  return ({ pools }) =>
    pools.flatMap(({ pool, budgets = [] }) =>
      budgets.map((budget) => ({ labels: { pool, period: budget.period }, value: value(budget) })),
    );
}

/** Budgets are numbers of dollars, which neither Prometheus nor CloudWatch has a unit for. */
const BUDGET = { kind: 'gauge', unit: 'None', published: false } as const;

/** What limits pools beside their numbers, and what they cost. */
export const LIMIT_METRICS: readonly Metric[] = [
  ofPools(
    {
      name: 'runtide_dollars_per_hour',
      unit: 'None',
      help: 'Dollars an hour that the instances of the pool cost now, as far as prices are known.',
      published: true,
    },
    ({ dollarsPerHour }) => dollarsPerHour,
  ),
  ofPools(
    {
      name: 'runtide_idle_target_slots',
      unit: 'Count',
      help: 'Free slots that the pool wants beyond the demand now.',
      published: false,
    },
    ({ idleTarget }) => idleTarget,
  ),
  ofPools(
    {
      name: 'runtide_capped_jobs',
      unit: 'Count',
      help: 'Pending jobs that do not count because their project counts for as many as its cap lets.',
      published: false,
    },
    ({ capped }) => capped?.jobs ?? 0,
  ),
  ofPools(
    {
      name: 'runtide_paused',
      unit: 'None',
      help: 'Whether the pool is paused by command (1) or not (0).',
      published: false,
    },
    ({ pausedAt }) => (pausedAt === undefined ? 0 : 1),
  ),
  {
    ...BUDGET,
    name: 'runtide_budget_spent_dollars',
    help: 'What counts against the budget of the pool, by period: hour (as it runs now), day, month.',
    labels: ['pool', 'period'],
    samples: ofEachPool(({ spent }) => spent),
  },
  {
    ...BUDGET,
    name: 'runtide_budget_limit_dollars',
    help: 'What the pool may cost, by period.',
    labels: ['pool', 'period'],
    samples: ofEachPool(({ limit }) => limit),
  },
  {
    ...BUDGET,
    name: 'runtide_fleet_budget_spent_dollars',
    help: 'What counts against the budget of all pools, by period.',
    labels: ['period'],
    samples: ofFleet(({ spent }) => spent),
  },
  {
    ...BUDGET,
    name: 'runtide_fleet_budget_limit_dollars',
    help: 'What all pools together may cost, by period.',
    labels: ['period'],
    samples: ofFleet(({ limit }) => limit),
  },
];
