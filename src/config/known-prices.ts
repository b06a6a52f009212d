import type { Market, MarketSplit } from '../engine/pool.ts';
import { mergedPrices, type Prices, quote } from '../offers/price.ts';
import { readPriceBook } from '../offers/price-book.ts';

/** The markets that a pool may buy on. */
export function marketsOf({ onDemandBase, spotShare, onDemandFallback }: MarketSplit): readonly Market[] {
  const onDemand = onDemandBase > 0 || spotShare < 1 || onDemandFallback;
  return [...(spotShare > 0 ? (['spot'] as const) : []), ...(onDemand ? (['on-demand'] as const) : [])];
}

/** The prices of a region, with those of the file that `prices` names, if there is one. Throws for what is none. */
export function pricesIn(region: string, prices: unknown): Prices {
  return mergedPrices(region, prices === undefined ? [] : [readPriceBook(prices)]);
}

/** What the type costs in the region itself; the price of another region is not this one's. */
export function priceIn(prices: Prices, instanceType: string, market: Market): { readonly price?: number } {
  const known = quote(prices, { instanceType, market });
  return known?.region === prices.region ? { price: known.usdPerHour } : {};
}
