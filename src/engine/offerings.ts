import type { InstanceView } from './capacity.ts';
import type { Shortfall } from './history.ts';
import type { Market, Offering, PoolPolicy } from './pool.ts';
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

/** Why an offering is left alone for a while. */
interface Avoidance {
  readonly until: Instant;
  /** Whether the cloud could not give it; otherwise it gave one and took it back. */
  readonly short: boolean;
}

/** How long the offering is avoided; absent: it may be bought. */
function avoidanceOf(
  offering: Offering,
  pool: string,
  shortfalls: readonly Shortfall[],
  now: Instant,
): Avoidance | undefined {
  const ours = shortfalls.filter((shortfall) => concerns(shortfall, pool, offering));
  const wait = backoff(SHORT_FOR, ours.filter(({ code }) => code !== INTERRUPTED).length, LONGEST_SHORT_FOR);
  const lasting = ours
    .map(({ at, code }) => ({
      until: after(at, code === INTERRUPTED ? INTERRUPTED_FOR : wait),
      short: code !== INTERRUPTED,
    }))
    .filter(({ until }) => until > now)
    .toSorted((a, b) => b.until - a.until);
  const [longest] = lasting;
  return longest && { until: longest.until, short: lasting.some(({ short }) => short) };
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

interface Candidate {
  readonly offering: Offering;
  readonly avoidance: Avoidance | undefined;
}

function earliest(candidates: readonly Candidate[]): Instant | undefined {
  return candidates.flatMap(({ avoidance }) => avoidance?.until ?? []).toSorted((a, b) => a - b)[0];
}

function whyHeld(candidates: readonly Candidate[], now: Instant): string {
  const first = earliest(candidates);
  if (first === undefined) return 'every offering is above the price ceiling';
  return `every offering was short lately: trying again in ${Math.ceil((first - now) / 1000)} s`;
}

function offered(candidates: readonly Candidate[], market: Market): readonly Offering[] {
  return candidates.flatMap(({ offering, avoidance }) =>
    offering.market === market && avoidance === undefined ? [offering] : [],
  );
}

/** Spot that was taken back and may be had again: better than to let jobs wait, the least lately taken first. */
function takenBack(candidates: readonly Candidate[]): readonly Offering[] {
  return candidates
    .filter(({ offering, avoidance }) => offering.market === 'spot' && avoidance?.short === false)
    .toSorted((a, b) => (a.avoidance?.until ?? 0) - (b.avoidance?.until ?? 0))
    .map(({ offering }) => offering);
}

/**
 * Splits a launch between the markets and leaves out what was short lately or is too dear, and what was taken
 * back lately where there is anything else. Where the policy allows, on-demand stands in for spot that cannot
 * be had; never the other way round, because who asked for on-demand asked for machines that stay.
 */
export function purchasesOf(
  count: number,
  pool: PoolPolicy,
  live: readonly InstanceView[],
  { shortfalls, now }: { readonly shortfalls: readonly Shortfall[]; readonly now: Instant },
): Purchases {
  const candidates = pool.offerings
    .filter((offering) => isAffordable(offering, pool.maxPrice))
    .map((offering) => ({ offering, avoidance: avoidanceOf(offering, pool.name, shortfalls, now) }));
  const onDemand = offered(candidates, 'on-demand');
  const unavoided = offered(candidates, 'spot');
  const fallsBack = unavoided.length === 0 && pool.split.onDemandFallback && onDemand.length > 0;
  const plain = fallsBack ? count : onDemandOf(count, pool, live);
  const spot = unavoided.length > 0 ? unavoided : takenBack(candidates);
  const purchases = [
    { count: plain, offerings: onDemand },
    { count: count - plain, offerings: spot },
  ].filter((purchase) => purchase.count > 0 && purchase.offerings.length > 0);
  const bought = purchases.reduce((sum, purchase) => sum + purchase.count, 0);
  return bought === count ? { purchases } : { purchases, held: whyHeld(candidates, now) };
}
