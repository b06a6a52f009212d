import type { Spending, Spent } from './budget.ts';
import type { Instance } from './instance.ts';
import { lastKnown, type Observation } from './observation.ts';
import type { FleetPolicy, PoolPolicy } from './pool.ts';
import { elapsed, type Instant, later, minutes } from './time.ts';
import { wallClock } from './wall-clock.ts';

const HOUR = minutes(60);

/**
 * What an instance costs, dollars an hour: by its own offering, else by the pool's price for the same, else as much as
 * the dearest that the pool knows, because too little would let a budget be overrun. Undefined where no price is known.
 */
export function priceOf(
  { offering }: Pick<Instance, 'offering'>,
  pool: PoolPolicy | undefined,
): number | undefined {
  if (offering.price !== undefined) return offering.price;
  const { offerings = [] } = pool ?? {};
  const same = offerings.find(
    ({ instanceType, market, price }) =>
      price !== undefined && instanceType === offering.instanceType && market === offering.market,
  );
  if (same?.price !== undefined) return same.price;
  const prices = offerings.flatMap(({ price }) => price ?? []);
  return prices.length === 0 ? undefined : Math.max(...prices);
}

/** Dollars an hour that the instances cost while they are billed. */
export function rateOf(
  instances: readonly Pick<Instance, 'offering' | 'state'>[],
  pool: PoolPolicy | undefined,
): number {
  const alive = instances.filter(({ state }) => state === 'running' || state === 'pending');
  return alive.reduce((sum, instance) => sum + (priceOf(instance, pool) ?? 0), 0);
}

/** Dollars that the instance has cost since `since`. EC2 bills what runs, from when it is `running`. */
function costSince(instance: Instance, pool: PoolPolicy | undefined, since: Instant, now: Instant): number {
  if (instance.state !== 'running') return 0;
  const hours = Math.max(0, elapsed(later(since, instance.launchedAt), now)) / HOUR;
  return hours * (priceOf(instance, pool) ?? 0);
}

function addTo(spent: Spent | undefined, dollars: number, now: Instant, timeZone: string): Spent {
  const { year, month, day } = wallClock(now, timeZone);
  const thisMonth = `${year}-${String(month).padStart(2, '0')}`;
  const today = `${thisMonth}-${String(day).padStart(2, '0')}`;
  return {
    day: today,
    ofDay: dollars + (spent?.day === today ? spent.ofDay : 0),
    month: thisMonth,
    ofMonth: dollars + (spent?.month === thisMonth ? spent.ofMonth : 0),
  };
}

/**
 * Adds what the instances have cost since the last pass, by the listing as it is known last; what lived and died between
 * two passes, and the minute that EC2 bills at least, are not seen. Undefined where nothing has a budget.
 */
export function rememberSpending(
  before: Spending | undefined,
  { instances, now }: Pick<Observation, 'instances' | 'now'>,
  { pools, budget }: FleetPolicy,
  since: Instant,
): Spending | undefined {
  if (budget === undefined && pools.every((pool) => pool.budget === undefined)) return undefined;
  const byName = new Map(pools.map((pool) => [pool.name, pool]));
  const dollars = new Map<string, number>();
  let all = 0;
  for (const instance of lastKnown(instances, [])) {
    const cost = costSince(instance, byName.get(instance.pool), since, now);
    dollars.set(instance.pool, (dollars.get(instance.pool) ?? 0) + cost);
    all += cost;
  }
  const ofPools = pools.flatMap(({ name, budget: own }) =>
    own === undefined
      ? []
      : [[name, addTo(before?.pools[name], dollars.get(name) ?? 0, now, own.timeZone)] as const],
  );
  return {
    pools: Object.fromEntries(ofPools),
    ...(budget !== undefined && { fleet: addTo(before?.fleet, all, now, budget.timeZone) }),
  };
}
