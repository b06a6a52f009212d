import type { FleetPolicy, Offering, PoolPolicy } from '../engine/pool.ts';
import { generationOf } from './generation.ts';
import type { Config, PoolConfig } from './schema.ts';

/** What the engine is told about what is wanted, with the pools in the order of the file. */
export function policyOf(config: Config): FleetPolicy {
  return {
    pools: Object.values(config.pools).map((pool) => poolPolicy(pool, generationOf(config, pool.name))),
    unservedAfter: config.unservedAfter,
    orphanGrace: config.orphanGrace,
    drainAlarm: config.drainAlarm,
  };
}

function poolPolicy(pool: PoolConfig, generation: string): PoolPolicy {
  const { name, tags, runUntagged, slots, min, max, surge, idle, cooldown, bootTimeout, maxAge } = pool;
  return {
    name,
    tags,
    runUntagged,
    slots,
    min,
    max,
    surge,
    idle,
    cooldown,
    bootTimeout,
    ...(maxAge === undefined ? {} : { maxAge }),
    generation,
    offerings: offeringsOf(pool),
    split: { onDemandBase: 0, spotShare: pool.instances.market === 'spot' ? 1 : 0, onDemandFallback: false },
  };
}

/** Every instance type in every subnet, the first type first. */
function offeringsOf({ instances: { types, subnets, market } }: PoolConfig): readonly Offering[] {
  return types.flatMap((instanceType) => subnets.map((subnet) => ({ instanceType, subnet, market })));
}
