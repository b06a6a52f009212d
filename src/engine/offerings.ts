import type { InstanceView } from './capacity.ts';
import type { Shortfall } from './history.ts';
import type { Offering, PoolPolicy } from './pool.ts';
import { after, backoff, type Duration, type Instant, minutes } from './time.ts';

/** Instances to buy from offerings of one market. */
export interface Purchase {
  readonly count: number;
  readonly offerings: readonly Offering[];
}

/** What is bought, and why something wanted is not. */
export interface Purchases {
  readonly purchases: readonly Purchase[];
  readonly held?: string;
}

/** The code of a shortfall that came later: the cloud gave the instance and took it back. */
export const INTERRUPTED = 'interrupted';

/** How long an offering is avoided after the cloud could not give it: longer each time, as long as it is remembered. */
const SHORT_FOR: Duration = minutes(1);
const LONGEST_SHORT_FOR: Duration = minutes(10);
/** How long an offering is avoided after the cloud has taken an instance of it back. */
const INTERRUPTED_FOR: Duration = minutes(10);

function concerns(shortfall: Shortfall, pool: string, offering: Offering): boolean {
  const short = shortfall.offering;
  if (shortfall.pool !== pool || short === undefined) return false;
  return (
    short.instanceType === offering.instanceType &&
    short.market === offering.market &&
    (short.subnet === undefined || short.subnet === offering.subnet)
  );
}

/** Until when the offering is avoided; absent: it may be bought. */
function avoidedUntil(
  offering: Offering,
  pool: string,
  shortfalls: readonly Shortfall[],
  now: Instant,
): Instant | undefined {
  const ours = shortfalls.filter((shortfall) => concerns(shortfall, pool, offering));
  const wait = backoff(SHORT_FOR, ours.filter(({ code }) => code !== INTERRUPTED).length, LONGEST_SHORT_FOR);
  const ends = ours.map(({ at, code }) => after(at, code === INTERRUPTED ? INTERRUPTED_FOR : wait));
  return ends.filter((end) => end > now).toSorted((a, b) => b - a)[0];
}

const isAffordable = ({ price }: Offering, ceiling: number | undefined): boolean =>
  // A price that nobody knows must not keep a job waiting.
  ceiling === undefined || price === undefined || price <= ceiling;

/** How many of `count` new instances should be on-demand, by what the pool has and its split says. */
function onDemandOf(count: number, pool: PoolPolicy, live: readonly InstanceView[]): number {
  const { onDemandBase, spotShare } = pool.split;
  const total = live.length + count;
  const beyondBase = Math.max(0, total - onDemandBase);
  const wanted = Math.min(total, onDemandBase) + Math.ceil(beyondBase * (1 - spotShare));
  const have = live.filter(({ instance }) => instance.offering.market === 'on-demand').length;
  return Math.min(count, Math.max(0, wanted - have));
}

function earliest(pool: PoolPolicy, shortfalls: readonly Shortfall[], now: Instant): string {
  const ends = pool.offerings.flatMap((offering) => avoidedUntil(offering, pool.name, shortfalls, now) ?? []);
  const [first] = ends.toSorted((a, b) => a - b);
  if (first === undefined) return 'every offering is above the price ceiling';
  return `every offering was short or taken back lately: trying again in ${Math.ceil((first - now) / 1000)} s`;
}

/**
 * Splits a launch between the markets and leaves out what was short lately or is too dear. Where the
 * policy allows, on-demand stands in for spot that cannot be had; never the other way round, because who
 * asked for on-demand asked for machines that stay.
 */
export function purchasesOf(
  count: number,
  pool: PoolPolicy,
  live: readonly InstanceView[],
  { shortfalls, now }: { readonly shortfalls: readonly Shortfall[]; readonly now: Instant },
): Purchases {
  const buyable = pool.offerings.filter(
    (offering) =>
      isAffordable(offering, pool.maxPrice) &&
      avoidedUntil(offering, pool.name, shortfalls, now) === undefined,
  );
  const spot = buyable.filter(({ market }) => market === 'spot');
  const onDemand = buyable.filter(({ market }) => market === 'on-demand');
  const steady = onDemandOf(count, pool, live);
  const fallsBack = spot.length === 0 && pool.split.onDemandFallback;
  const plain = fallsBack ? count : steady;
  const purchases = [
    { count: plain, offerings: onDemand },
    { count: count - plain, offerings: spot },
  ].filter((purchase) => purchase.count > 0 && purchase.offerings.length > 0);
  const bought = purchases.reduce((sum, purchase) => sum + purchase.count, 0);
  return bought === count ? { purchases } : { purchases, held: earliest(pool, shortfalls, now) };
}
