import type { FleetPolicy, Market, MarketSplit, Offering, PoolPolicy } from '../engine/pool.ts';
import { mergedPrices, type Prices, quote } from '../offers/price.ts';
import { readPriceBook } from '../offers/price-book.ts';
import { generationOf } from './generation.ts';
import { groupOf } from './group-settings.ts';
import { splitOf } from './market-schema.ts';
import { runnersOf } from './pool-runners.ts';
import type { Config, PoolConfig } from './schema.ts';

/** Ids of the runners that Runtide made for a pool, by shard; undefined where they are not known. */
export type MadeRunners = (pool: string) => readonly number[] | undefined;

/** What the engine is told about what is wanted, with the pools in the order of the file. */
export function policyOf(config: Config, made: MadeRunners = () => undefined): FleetPolicy {
  return {
    pools: Object.values(config.pools).map((pool) => poolPolicy(pool, config, made)),
    unservedAfter: config.unservedAfter,
    orphanGrace: config.orphanGrace,
    drainAlarm: config.drainAlarm,
  };
}

/** What keeps a pool from buying: nobody could tell its instances whose jobs to take. */
const NO_RUNNER = 'its runner in GitLab is not known yet: see "runtide runners status"';

function poolPolicy(pool: PoolConfig, config: Config, made: MadeRunners): PoolPolicy {
  const { name, tags, runUntagged, slots, maxJobs, min, max, surge, minAvailable } = pool;
  const { idle, cooldown, bootTimeout, maxAge } = pool;
  const { market, maxPrice } = pool.instances;
  const split = splitOf(market);
  const ids = made(name);
  const runners = runnersOf(config, pool);
  const group = groupOf(config, pool);
  const isolated = 'created' in runners && runners.created.isolated;
  return {
    name,
    tags,
    runUntagged,
    slots,
    ...(maxJobs === undefined ? {} : { maxJobs }),
    min,
    max,
    surge,
    minAvailable,
    idle,
    cooldown,
    bootTimeout,
    ...(maxAge === undefined ? {} : { maxAge }),
    generation: generationOf(config, name, ids),
    ...(ids === undefined && 'created' in runners && !isolated && { awaits: NO_RUNNER }),
    ...(isolated && { isolated }),
    offerings: marketsOf(split).flatMap((one) => offeringsOf(pool, one, pricesOf(pool, config))),
    split,
    ...(maxPrice === undefined ? {} : { maxPrice }),
    ...(group !== undefined && { group: { heartbeat: group.heartbeat } }),
  };
}

/** The markets that a pool may buy on. */
function marketsOf({ onDemandBase, spotShare, onDemandFallback }: MarketSplit): readonly Market[] {
  const onDemand = onDemandBase > 0 || spotShare < 1 || onDemandFallback;
  return [...(spotShare > 0 ? (['spot'] as const) : []), ...(onDemand ? (['on-demand'] as const) : [])];
}

function pricesOf({ instances }: PoolConfig, { aws, prices }: Config): Prices {
  return mergedPrices(instances.region ?? aws.region, prices === undefined ? [] : [readPriceBook(prices)]);
}

/** What the type costs in the pool's own region; the price of another region is not this one's. */
function priceIn(prices: Prices, instanceType: string, market: Market): { readonly price?: number } {
  const known = quote(prices, { instanceType, market });
  return known?.region === prices.region ? { price: known.usdPerHour } : {};
}

/** Every instance type in every subnet, the first type first; subnets that are not known are no hindrance. */
function offeringsOf({ instances }: PoolConfig, market: Market, prices: Prices): readonly Offering[] {
  return instances.types.flatMap((instanceType) => {
    const price = priceIn(prices, instanceType, market);
    if (instances.subnets.length === 0) return [{ instanceType, market, ...price }];
    return instances.subnets.map((subnet) => ({ instanceType, subnet, market, ...price }));
  });
}
