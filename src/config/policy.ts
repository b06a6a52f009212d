import type { FleetPolicy, Market, Offering, PoolPolicy } from '../engine/pool.ts';
import type { Prices } from '../offers/price.ts';
import { generationOf } from './generation.ts';
import { groupOf } from './group-settings.ts';
import { marketsOf, priceIn, pricesIn } from './known-prices.ts';
import { fleetLimits, poolLimits, type ProjectIds } from './limits-policy.ts';
import { splitOf } from './market-schema.ts';
import { runnersOf } from './pool-runners.ts';
import type { Config, PoolConfig } from './schema.ts';

/** Ids of the runners that Runtide made for a pool, by shard; undefined where they are not known. */
export type MadeRunners = (pool: string) => readonly number[] | undefined;

/** What is known beside the configuration; absent: nothing. */
export interface KnownIds {
  readonly runners?: MadeRunners;
  readonly projects?: ProjectIds;
}

const NOTHING_KNOWN = () => undefined;

/** What the engine is told about what is wanted, with the pools in the order of the file. */
export function policyOf(config: Config, { runners, projects }: KnownIds = {}): FleetPolicy {
  const known = { runners: runners ?? NOTHING_KNOWN, projects: projects ?? NOTHING_KNOWN };
  return {
    pools: Object.values(config.pools).map((pool) => poolPolicy(pool, config, known)),
    unservedAfter: config.unservedAfter,
    orphanGrace: config.orphanGrace,
    drainAlarm: config.drainAlarm,
    ...fleetLimits(config),
  };
}

/** What keeps a pool from buying: nobody could tell its instances whose jobs to take. */
const NO_RUNNER = 'its runner in GitLab is not known yet: see "runtide runners status"';

function poolPolicy(pool: PoolConfig, config: Config, known: Required<KnownIds>): PoolPolicy {
  const { name, tags, runUntagged, slots, maxJobs, min, max, surge, minAvailable } = pool;
  const { idle, cooldown, bootTimeout, maxAge } = pool;
  const { market, maxPrice } = pool.instances;
  const split = splitOf(market);
  const ids = known.runners(name);
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
    ...poolLimits(config, pool, known.projects),
  };
}

function pricesOf({ instances }: PoolConfig, { aws, prices }: Config): Prices {
  return pricesIn(instances.region ?? aws.region, prices);
}

/** Every instance type in every subnet, the first type first; subnets that are not known are no hindrance. */
function offeringsOf({ instances }: PoolConfig, market: Market, prices: Prices): readonly Offering[] {
  return instances.types.flatMap((instanceType) => {
    const price = priceIn(prices, instanceType, market);
    if (instances.subnets.length === 0) return [{ instanceType, market, ...price }];
    return instances.subnets.map((subnet) => ({ instanceType, subnet, market, ...price }));
  });
}
