import { type BudgetStanding, standingsOf, strictest } from './budget.ts';
import type { InstanceView } from './capacity.ts';
import type { IdleTarget } from './idle-target.ts';
import { type Instruction, pauseOf } from './instruction.ts';
import type { Observation } from './observation.ts';
import type { FleetPolicy, PoolPolicy } from './pool.ts';
import { scheduleAt } from './schedule.ts';
import { rateOf } from './spending.ts';
import type { Instant } from './time.ts';

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
  /** Why nothing is bought at all; absent: something may be. */
  readonly closed?: 'pause' | 'budget';
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

function closedBy(
  paused: boolean,
  budget: BudgetStanding | undefined,
  pool: PoolPolicy,
): Terms['closed'] | undefined {
  if (paused) return 'pause';
  if (budget?.allows === 'nothing') return 'budget';
  const onlySpot = budget?.allows === 'spot only';
  return onlySpot && pool.offerings.every(({ market }) => market !== 'spot') ? 'budget' : undefined;
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
  const budgets = [...standingsOf(pool.budget, 'pool', { rate, spent }), ...fleet];
  const budget = strictest(budgets);
  const closed = closedBy(pause !== undefined, budget, pool);
  const open = budget?.allows === 'spot only' && closed === undefined ? onSpotAlone(pool) : pool;
  return {
    // Whoever buys nothing keeps nothing for its own sake.
    pool: closed === undefined ? open : { ...open, min: 0, minAvailable: 0 },
    unscheduledIdle: asConfigured.idle,
    ...(schedule !== undefined && { schedule }),
    ...(pause !== undefined && { pausedAt: pause.at }),
    budgets,
    ...(budget !== undefined && { budget }),
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
