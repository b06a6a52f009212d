import type { Market } from '../engine/pool.ts';
import { type Instant, instant } from '../engine/time.ts';
import { bundledTypes } from './instance-types.ts';
import type { PriceBook } from './price-book.ts';
import type { TypeTable } from './type-table.ts';

/** Prices are reckoned to a millionth of a dollar, as AWS states them. */
const MILLIONTHS = 1e6;

/** What has a price. */
export interface PricedOffering {
  readonly instanceType: string;
  readonly market: Market;
  /** The zone, such as `eu-central-1a`; absent: the mean of the zones whose price is known. */
  readonly zone?: string;
}

/** A price, and how far it can be trusted. */
export interface Quote {
  readonly usdPerHour: number;
  /** The oldest day or time that the price rests on. */
  readonly asOf: Instant;
  /** The region whose price it is. */
  readonly region: string;
  /** From AWS's price list, from the history of spot prices, or reckoned from what spot typically saves. */
  readonly basis: 'price-list' | 'spot-history' | 'typical-saving';
}

/** All that is known of the prices of one region. */
export interface Prices {
  readonly region: string;
  readonly books: readonly PriceBook[];
  readonly table: TypeTable;
}

/** The region of the prices that are bundled. */
export const bundledRegion = sourceOf(bundledTypes, 'onDemandUsdPerHour')?.region ?? '';

/** The prices of `region`: the bundled table and what was read since. Books of other regions are left out. */
export function mergedPrices(
  region: string,
  books: readonly PriceBook[] = [],
  table: TypeTable = bundledTypes,
): Prices {
  return { region, books: books.filter((book) => book.region === region), table };
}

/** Where a fact of the table comes from: the day, and the region that it holds for. */
function sourceOf({ sources }: TypeTable, fact: string): { asOf: Instant; region: string } | undefined {
  const source = sources.find(({ gives }) => gives.includes(fact));
  if (source === undefined) return undefined;
  return { asOf: instant(Date.parse(source.date)), region: source.region ?? '' };
}

/** The region's own price before that of another region, then the freshest. */
function best(quotes: readonly (Quote | undefined)[], region: string): Quote | undefined {
  const rank = (known: Quote): number => (known.region === region ? 1 : 0);
  return quotes
    .filter((known) => known !== undefined)
    .toSorted((one, other) => rank(other) - rank(one) || other.asOf - one.asOf)[0];
}

function onDemand(prices: Prices, name: string): Quote | undefined {
  const bundled = prices.table.types.get(name)?.onDemandUsdPerHour;
  const source = sourceOf(prices.table, 'onDemandUsdPerHour');
  const basis = 'price-list' as const;
  const read = prices.books.map(({ region, readAt, onDemand: listed }): Quote | undefined => {
    const usdPerHour = listed.get(name);
    return usdPerHour === undefined ? undefined : { usdPerHour, asOf: readAt, region, basis };
  });
  const given =
    bundled === undefined || source === undefined ? undefined : { usdPerHour: bundled, ...source, basis };
  return best([...read, given], prices.region);
}

function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function fromHistory(
  { region, readAt, spot }: PriceBook,
  { instanceType, zone }: PricedOffering,
): Quote | undefined {
  const zones = spot.get(instanceType);
  const known = zone === undefined ? undefined : zones?.get(zone);
  const usdPerHour = known ?? meanOf([...(zones?.values() ?? [])]);
  return usdPerHour === undefined ? undefined : { usdPerHour, asOf: readAt, region, basis: 'spot-history' };
}

/** On-demand less what spot typically saves; as old as the older of the two. */
function fromSaving(prices: Prices, name: string): Quote | undefined {
  const type = prices.table.types.get(name);
  const saving = type?.spot === true ? type.spotSavingPercent : undefined;
  const source = sourceOf(prices.table, 'spotSavingPercent');
  const full = onDemand(prices, name);
  if (saving === undefined || source === undefined || full === undefined) return undefined;
  const asOf = instant(Math.min(source.asOf, full.asOf));
  // Nothing is free: a saving of 100 % is an unknown price.
  const usdPerHour = Math.round(full.usdPerHour * (1 - saving / 100) * MILLIONTHS) / MILLIONTHS;
  return usdPerHour > 0 ? { usdPerHour, asOf, region: source.region, basis: 'typical-saving' } : undefined;
}

/** What the offering costs as far as it is known; undefined when it is not, which never keeps anybody from buying it. */
export function quote(prices: Prices, offering: PricedOffering): Quote | undefined {
  if (offering.market === 'on-demand') return onDemand(prices, offering.instanceType);
  const read = prices.books.map((book) => fromHistory(book, offering));
  return best([...read, fromSaving(prices, offering.instanceType)], prices.region);
}

/** The price of the offering in dollars an hour; undefined when it is not known. */
export function priceOf(prices: Prices, offering: PricedOffering): number | undefined {
  return quote(prices, offering)?.usdPerHour;
}
