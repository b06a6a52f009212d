import type { BudgetStanding } from '../engine/budget.ts';
import type { CappedJobs } from '../engine/demand.ts';
import { explainBudget } from '../engine/limit-holds.ts';
import type { PoolPlan } from '../engine/pool-plan.ts';

/** How one limit of a budget stands, and the same in words: with what it takes away. */
export interface BudgetStatus extends Omit<BudgetStanding, 'of'> {
  readonly text: string;
}

/** What limits a pool beside its numbers. */
export interface LimitsStatus {
  /** Free slots wanted beyond the demand now. */
  readonly idleTarget: number;
  /** The schedule that holds, as it is written; absent: none does. */
  readonly schedule?: string;
  /** ISO 8601; absent: it is not paused. */
  readonly pausedAt?: string;
  /** Jobs that do not count because of caps, and the ids of their projects; absent: there are none. */
  readonly capped?: CappedJobs;
  /** Dollars an hour that its instances cost, as far as prices are known. */
  readonly dollarsPerHour: number;
  /** The pool's own; absent: it has none. */
  readonly budgets?: readonly BudgetStatus[];
}

/** In ten-thousandths of a dollar: what was added up has more digits than it has meaning. */
function rounded(dollars: number): number {
  return Math.round(dollars * 10_000) / 10_000;
}

function budgetStatus(standing: BudgetStanding): BudgetStatus {
  const { of: _of, spent, ...rest } = standing;
  return { ...rest, spent: rounded(spent), text: explainBudget(standing) };
}

/** The budgets of a pool, or of all pools together; undefined where there are none. */
function budgetsOf(
  { budgets }: Pick<PoolPlan, 'budgets'>,
  whose: BudgetStanding['of'],
): readonly BudgetStatus[] | undefined {
  const all = budgets.filter(({ of }) => of === whose).map(budgetStatus);
  return all.length === 0 ? undefined : all;
}

/** What limits the pool, and what it costs. */
export function limitsStatus(plan: PoolPlan): LimitsStatus {
  const { idleSlots, schedule, pausedAt, rate, demand } = plan;
  const budgets = budgetsOf(plan, 'pool');
  return {
    idleTarget: idleSlots,
    ...(schedule !== undefined && { schedule }),
    ...(pausedAt !== undefined && { pausedAt: new Date(pausedAt).toISOString() }),
    ...(demand.capped !== undefined && { capped: demand.capped }),
    dollarsPerHour: rounded(rate),
    ...(budgets !== undefined && { budgets }),
  };
}

/** The budget of all pools, which every pool of a plan tells alike. */
export function fleetBudgets([first]: readonly PoolPlan[]): readonly BudgetStatus[] | undefined {
  return first === undefined ? undefined : budgetsOf(first, 'fleet');
}
