import { type BudgetStanding, standingsOf, strictest } from './budget.ts';
import type { InstanceView } from './capacity.ts';
import type { IdleTarget } from './idle-target.ts';
import { type Instruction, pauseOf } from './instruction.ts';
import type { Observation } from './observation.ts';
import type { FleetPolicy, PoolPolicy } from './pool.ts';
import { scheduleAt } from './schedule.ts';
import { rateOf } from './spending.ts';
import type { Instant } from './time.ts';

/** Instances that may still be bought, and the limit that allows no more. */
export interface Affordable {
  readonly count: number;
  readonly standing: BudgetStanding;
}

/** So that three tenths leave room for three of a tenth. */
const ROUNDING = 1e-9;

/** What holds for a pool in one pass, and why. */
export interface Terms {
  /** The pool with what its schedule, its budget and its pause leave of it. */
  readonly pool: PoolPolicy;
  /** The idle target that the pool has where no schedule holds. */
  readonly unscheduledIdle: IdleTarget;
  /** The schedule that holds, by its name. */
  readonly schedule?: string;
  /** Since when the pool is paused. */
  readonly pausedAt?: Instant;
  /** Every limit of its own budget and of that of all pools. */
  readonly budgets: readonly BudgetStanding[];
  /** The limit that allows least. */
  readonly budget?: BudgetStanding;
  /** What its budget leaves room for; absent: as much as it likes. */
  readonly affordable?: Affordable;
  /** Why nothing is bought at all, and nothing kept to be idle; absent: something may be. */
  readonly closed?: 'pause' | 'budget' | undefined;
  /** Dollars an hour that the pool's instances cost now. */
  readonly rate: number;
}

/** With what its schedule says for now. */
function scheduled(
  pool: PoolPolicy,
  now: Instant,
): { readonly pool: PoolPolicy; readonly schedule?: string } {
  const { schedules = [] } = pool;
  const schedule = scheduleAt(schedules, now);
  if (schedule === undefined) return { pool };
  const { min = pool.min, max = pool.max, idle, name } = schedule;
  const minAvailable = Math.min(pool.minAvailable, min);
  return {
    pool: { ...pool, min, max: Math.max(min, max), minAvailable, idle: { ...pool.idle, ...idle } },
    schedule: name,
  };
}

/** With what may be bought on spot alone. */
function onSpotAlone(pool: PoolPolicy): PoolPolicy {
  return {
    ...pool,
    offerings: pool.offerings.filter(({ market }) => market === 'spot'),
    split: { onDemandBase: 0, spotShare: 1, onDemandFallback: false },
  };
}

/** What the dearest of the offerings costs, so that what is bought is never more than what was meant. */
export function dearest({ offerings }: Pick<PoolPolicy, 'offerings'>): number | undefined {
  const prices = offerings.flatMap(({ price }) => price ?? []);
  return prices.length === 0 ? undefined : Math.max(...prices);
}

/** How many instances a limit of dollars an hour leaves room for, where `bought` dollars are spoken for already. */
export function affordableBy(standing: BudgetStanding, pool: PoolPolicy, bought = 0): Affordable | undefined {
  const price = dearest(pool);
  if (standing.period !== 'hour' || price === undefined || price === 0) return undefined;
  const left = standing.limit - standing.spent - bought;
  return { count: Math.max(0, Math.floor(left / price + ROUNDING)), standing };
}

/** The one that leaves room for fewest. */
export function fewest(all: readonly (Affordable | undefined)[]): Affordable | undefined {
  return all.filter((one) => one !== undefined).toSorted((one, other) => one.count - other.count)[0];
}

/** A day or a month that is over its limit; an hour that is full leaves no room, and takes nothing away. */
function isSpent({ period, allows }: BudgetStanding): boolean {
  return period !== 'hour' && allows === 'nothing';
}

function closedBy(paused: boolean, budgets: readonly BudgetStanding[]): Terms['closed'] {
  if (paused) return 'pause';
  return budgets.some(isSpent) ? 'budget' : undefined;
}

/** What its own budget leaves room for: nothing where only spot may be bought, and there is none. */
function affordableTo(
  pool: PoolPolicy,
  own: readonly BudgetStanding[],
  budget: BudgetStanding | undefined,
): Affordable | undefined {
  if (budget?.allows === 'spot only' && pool.offerings.length === 0) return { count: 0, standing: budget };
  return fewest(own.map((standing) => affordableBy(standing, pool)));
}

interface Costs {
  readonly instructions: readonly Instruction[];
  readonly now: Instant;
  readonly history: Observation['history'];
  readonly fleet: readonly BudgetStanding[];
  readonly rate: number;
}

function termsOfPool(asConfigured: PoolPolicy, { instructions, now, history, fleet, rate }: Costs): Terms {
  const { pool, schedule } = scheduled(asConfigured, now);
  const pause = pauseOf(instructions, pool.name);
  const spent = history.spending?.pools[pool.name];
  const own = standingsOf(pool.budget, 'pool', { rate, spent });
  const budgets = [...own, ...fleet];
  const budget = strictest(budgets);
  const closed = closedBy(pause !== undefined, budgets);
  const open = budget?.allows === 'spot only' ? onSpotAlone(pool) : pool;
  const affordable = affordableTo(open, own, budget);
  return {
    // Whoever buys nothing keeps nothing for its own sake.
    pool: closed === undefined ? open : { ...open, min: 0, minAvailable: 0 },
    unscheduledIdle: asConfigured.idle,
    ...(schedule !== undefined && { schedule }),
    ...(pause !== undefined && { pausedAt: pause.at }),
    budgets,
    ...(budget !== undefined && { budget }),
    ...(affordable !== undefined && { affordable }),
    ...(closed !== undefined && { closed }),
    rate,
  };
}

/** What holds for each pool now. `views`: the instances of each pool. */
export function termsOf(
  { now, history, instructions = [] }: Observation,
  { pools, budget }: FleetPolicy,
  views: ReadonlyMap<string, readonly InstanceView[]>,
): readonly Terms[] {
  const rates = pools.map((pool) =>
    rateOf(
      (views.get(pool.name) ?? []).map(({ instance }) => instance),
      pool,
    ),
  );
  const fleet = standingsOf(budget, 'fleet', {
    rate: rates.reduce((sum, rate) => sum + rate, 0),
    spent: history.spending?.fleet,
  });
  return pools.map((pool, index) =>
    termsOfPool(pool, { instructions, now, history, fleet, rate: rates[index] ?? 0 }),
  );
}
