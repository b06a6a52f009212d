import type { z } from 'zod';
import { bundledRegion, mergedPrices, priceOf } from '../offers/price.ts';
import { type Matching, matching } from '../offers/requirements.ts';
import type { instancesSchema } from './instances-schema.ts';
import { splitOf } from './market-schema.ts';

/** `CreateFleet` takes no more combinations of instance type and subnet. */
export const MOST_OFFERINGS = 300;
/** More types make no shortfall rarer. */
const MOST_TYPES = 30;

/** Of the bundled table alone: fresher prices must not change from start to start what a pool is made of. */
const BUNDLED = mergedPrices(bundledRegion);

type Instances = z.output<typeof instancesSchema>;

/** The types that meet the requirements, as many as one launch can name in so many subnets; or why there are none. */
export function matchingTypes(
  requirements: NonNullable<Instances['requirements']>,
  market: Instances['market'],
  subnets: number,
): Matching {
  const limit = Math.min(MOST_TYPES, Math.floor(MOST_OFFERINGS / Math.max(1, subnets)));
  const sold = splitOf(market).spotShare > 0 ? 'spot' : 'on-demand';
  return matching({ ...requirements, market: sold }, undefined, {
    limit: Math.max(1, limit),
    usdPerHour: (instanceType) => priceOf(BUNDLED, { instanceType, market: sold }),
  });
}

/** The types that may be bought: those that are named, or those that meet the requirements, the cheapest first. */
export function typesOf({ types, requirements, market, subnets }: Instances): readonly string[] {
  if (requirements === undefined) return types ?? [];
  const answer = matchingTypes(requirements, market, subnets?.length ?? 1);
  return answer.found ? answer.names : [];
}
