import { describe, expect, it } from 'vitest';
import { bundledRegion, mergedPrices, priceOf } from '../offers/price.ts';
import { matchingTypes } from './offered-types.ts';

const REQUIREMENTS = {
  vcpu: { min: 2, max: 2 },
  memoryGiB: { min: 8, max: 8 },
  architecture: 'amd64' as const,
};
const PRICES = mergedPrices(bundledRegion);

function chosen(market: 'spot' | 'on-demand', subnets = 1): readonly string[] {
  const answer = matchingTypes(REQUIREMENTS, market, subnets);
  if (!answer.found) throw new Error(answer.why);
  return answer.names;
}

describe('the types that meet the requirements', () => {
  it.each(['spot', 'on-demand'] as const)('are the cheapest of what is bought, %s', (market) => {
    const prices = chosen(market).map(
      (instanceType) => priceOf(PRICES, { instanceType, market }) ?? Infinity,
    );
    expect(prices.length).toBeGreaterThan(5);
    expect(prices).toEqual(prices.toSorted((one, other) => one - other));
  });

  it('are not the same on both markets', () => {
    expect(chosen('spot')).not.toEqual(chosen('on-demand'));
  });

  it('are no more than a launch can name in all subnets', () => {
    expect(chosen('spot', 100)).toEqual(chosen('spot').slice(0, 3));
  });
});
