/** What may be spent, in dollars. What runs is never touched; what is reached takes away what may be bought. */
export interface Budget {
  /** What the instances together may cost an hour. */
  readonly hour?: number;
  /** What they may have cost since midnight. */
  readonly day?: number;
  /** What they may have cost since the first of the month. */
  readonly month?: number;
  /** Whose midnight; of the IANA database. */
  readonly timeZone: string;
  /** The share of any limit, 0 to 1, from which nothing is bought to be idle. */
  readonly idleUntil: number;
  /** The share of any limit, 0 to 1, from which only spot is bought. */
  readonly onDemandUntil: number;
}

/** What instances have cost so far, in dollars. */
export interface Spent {
  /** The day that it was counted in last, such as `2026-12-01`. */
  readonly day: string;
  readonly ofDay: number;
  /** Such as `2026-12`. */
  readonly month: string;
  readonly ofMonth: number;
}

/** What whoever has a budget has spent. */
export interface Spending {
  /** By pool. */
  readonly pools: Readonly<Record<string, Spent>>;
  readonly fleet?: Spent;
}

/** What a budget still allows to be bought, from everything to nothing. */
export const ALLOWANCES = ['everything', 'no idle', 'spot only', 'nothing'] as const;
export type Allowance = (typeof ALLOWANCES)[number];

/** How one limit of a budget stands. */
export interface BudgetStanding {
  /** Whose budget it is: the pool's own, or that of all pools together. */
  readonly of: 'pool' | 'fleet';
  readonly period: 'hour' | 'day' | 'month';
  /** Dollars: what the instances cost an hour now, or have cost in the day or month so far. */
  readonly spent: number;
  /** Dollars. */
  readonly limit: number;
  readonly allows: Allowance;
}

function allowanceOf(spent: number, limit: number, { idleUntil, onDemandUntil }: Budget): Allowance {
  if (spent >= limit) return 'nothing';
  if (spent >= limit * onDemandUntil) return 'spot only';
  return spent >= limit * idleUntil ? 'no idle' : 'everything';
}

/** How every limit of the budget stands. `rate`: what the instances cost now, dollars an hour. */
export function standingsOf(
  budget: Budget | undefined,
  of: BudgetStanding['of'],
  { rate, spent }: { readonly rate: number; readonly spent: Spent | undefined },
): readonly BudgetStanding[] {
  if (budget === undefined) return [];
  const standing = (period: BudgetStanding['period'], so: number, limit: number | undefined) =>
    limit === undefined ? [] : [{ of, period, spent: so, limit, allows: allowanceOf(so, limit, budget) }];
  return [
    ...standing('hour', rate, budget.hour),
    ...standing('day', spent?.ofDay ?? 0, budget.day),
    ...standing('month', spent?.ofMonth ?? 0, budget.month),
  ];
}

/** The limit that allows least; undefined where there is none. */
export function strictest(standings: readonly BudgetStanding[]): BudgetStanding | undefined {
  const rank = ({ allows }: BudgetStanding): number => ALLOWANCES.indexOf(allows);
  return standings.toSorted((one, other) => rank(other) - rank(one))[0];
}
