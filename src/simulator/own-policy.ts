import type { FleetPolicy, Market, Offering, PoolPolicy } from '../engine/pool.ts';
import type { Conditions } from './conditions.ts';
import { offeringsOf } from './runtide.ts';

/** A policy of the operator's in the model, which has other subnets, no groups and no runners of single instances. */
export function policyInModel(policy: FleetPolicy, conditions: Conditions): FleetPolicy {
  const sold = offeringsOf(conditions);
  return { ...policy, pools: policy.pools.map((pool) => poolInModel(pool, sold)) };
}

function poolInModel(pool: PoolPolicy, sold: readonly Offering[]): PoolPolicy {
  const types = new Set(pool.offerings.map(kindOf));
  const offerings = sold.filter((offering) => types.has(kindOf(offering)));
  const inIt: { -readonly [Key in keyof PoolPolicy]: PoolPolicy[Key] } = { ...pool, offerings };
  delete inIt.group;
  delete inIt.isolated;
  delete inIt.awaits;
  return inIt;
}

/** What instances are bought by, whatever subnet they stand in. */
export function kindOf({
  instanceType,
  market,
}: {
  readonly instanceType: string;
  readonly market: Market;
}): string {
  return `${instanceType} ${market}`;
}

/** What reports say of a policy. */
export function aboutPolicy({ pools }: FleetPolicy): string {
  return pools.map(aboutPool).join('; ');
}

function aboutPool({ name, idle, min, max }: PoolPolicy): string {
  const slots = idle.slots === 1 ? '1 slot' : `${idle.slots === 0 ? 'no' : idle.slots} slots`;
  return `${name}: ${min} to ${max} instances, ${slots} kept free, idle ones leave after ${idle.time / 1000} s`;
}
