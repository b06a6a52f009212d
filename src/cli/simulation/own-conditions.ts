import type { Offering, PoolPolicy } from '../../engine/pool.ts';
import type { Contender, OwnContender } from '../../simulator/autoscalers.ts';
import type { Conditions, SimulatedOffering } from '../../simulator/conditions.ts';
import { kindOf } from '../../simulator/own-policy.ts';
import type { Workload } from '../../simulator/workload.ts';

/** What a spot machine costs of the on-demand price: the median saving is 59 %. */
const SPOT_PRICE = 0.41;

/**
 * Conditions under which others are to be compared with a policy of the operator's: they buy the machine of its first
 * pool, with as many slots, and use it as often.
 */
export function conditionsLike(conditions: Conditions, own: OwnContender | undefined): Conditions {
  const [pool] = own?.policy.pools ?? [];
  if (pool === undefined) return conditions;
  const { slots, maxJobs } = pool;
  const offerings = soldIn(zonesOf(conditions), pricedOf(pool).slice(0, 1));
  return {
    ...conditions,
    slots,
    ...(maxJobs !== undefined && { maxJobs }),
    offerings: offerings.length === 0 ? conditions.offerings : offerings,
  };
}

/** The conditions of one of those that are compared: EC2 sells everything that a policy of the operator's names. */
export function conditionsOf(conditions: Conditions, contender: Contender): Conditions {
  if (contender.kind === 'known') return conditions;
  const all = contender.policy.pools.flatMap(pricedOf);
  const [usual] = conditions.offerings;
  // Whatever nobody knows the price of costs what the others pay.
  const unpriced = contender.policy.pools.flatMap(({ offerings }) =>
    offerings.filter(({ price }) => price === undefined).map((one) => ({ ...one, price: usual?.price ?? 0 })),
  );
  return { ...conditions, offerings: soldIn(zonesOf(conditions), [...all, ...unpriced]) };
}

/** Conditions in which what a workload disturbs is there: a second zone beside one that goes, spot that is taken. */
export function conditionsFor(conditions: Conditions, { disturbances = [] }: Workload): Conditions {
  const kinds = new Set(disturbances.map(({ kind }) => kind));
  const offerings = conditions.offerings.map((one): SimulatedOffering =>
    kinds.has('spot interruptions') ? { ...one, market: 'spot', price: one.price * SPOT_PRICE } : one,
  );
  const elsewhere = kinds.has('zone out') ? offerings.map((one) => ({ ...one, zone: 'eu-central-1b' })) : [];
  return { ...conditions, offerings: [...offerings, ...elsewhere] };
}

type Priced = Offering & { readonly price: number };

function pricedOf({ offerings }: PoolPolicy): readonly Priced[] {
  return offerings.flatMap((offering) =>
    offering.price === undefined ? [] : [{ ...offering, price: offering.price }],
  );
}

function zonesOf({ offerings }: Conditions): readonly string[] {
  return [...new Set(offerings.map(({ zone }) => zone))];
}

/** Each type and market once in each zone, whatever subnets the policy names. */
function soldIn(zones: readonly string[], priced: readonly Priced[]): readonly SimulatedOffering[] {
  const kinds = new Map(priced.map((one) => [kindOf(one), one]));
  return [...kinds.values()].flatMap(({ instanceType, market, price }) =>
    zones.map((zone) => ({ instanceType, market, price, zone })),
  );
}
