import { type Instant, instant } from '../engine/time.ts';

/** The prices of one region as they were read at one time, in dollars an hour. */
export interface PriceBook {
  readonly region: string;
  readonly readAt: Instant;
  /** By instance type. */
  readonly onDemand: ReadonlyMap<string, number>;
  /** By instance type, then by zone (`eu-central-1a`). */
  readonly spot: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** A price book as it stands in a JSON file. */
export interface PriceDocument {
  readonly region: string;
  /** ISO 8601. */
  readonly readAt: string;
  readonly currency: 'USD';
  readonly onDemand: Readonly<Record<string, number>>;
  readonly spot: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

function inOrder<T>(entries: Iterable<readonly [string, T]>): readonly (readonly [string, T])[] {
  return [...entries].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** The book as a document, in the order of the names, so that two readings can be compared line by line. */
export function priceDocument({ region, readAt, onDemand, spot }: PriceBook): PriceDocument {
  const zones = inOrder(spot).map(([name, prices]) => [name, Object.fromEntries(inOrder(prices))] as const);
  return {
    region,
    readAt: new Date(readAt).toISOString(),
    currency: 'USD',
    onDemand: Object.fromEntries(inOrder(onDemand)),
    spot: Object.fromEntries(zones),
  };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fail(what: string): never {
  throw new Error(`reading a price file: ${what}; make it anew with "runtide prices refresh"`);
}

function mapOf<T>(value: unknown, name: string, read: (value: unknown, name: string) => T): Map<string, T> {
  if (!isMap(value)) return fail(`${name} is no map`);
  return new Map(Object.entries(value).map(([key, part]) => [key, read(part, `${name} of ${key}`)]));
}

function price(value: unknown, name: string): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
    ? value
    : fail(`${name} is no price`);
}

/** Reads a document that `priceDocument` made. Throws, in words for the operator, for any other. */
export function readPriceBook(document: unknown): PriceBook {
  if (!isMap(document)) return fail('it is no map');
  const { region, readAt, currency, onDemand, spot } = document;
  if (typeof region !== 'string' || region === '') return fail('its region is missing');
  const time = typeof readAt === 'string' ? Date.parse(readAt) : Number.NaN;
  if (Number.isNaN(time)) return fail('readAt is no time');
  if (currency !== 'USD') return fail('its currency is not USD');
  return {
    region,
    readAt: instant(time),
    onDemand: mapOf(onDemand, 'onDemand', price),
    spot: mapOf(spot, 'spot', (zones, name) => mapOf(zones, name, price)),
  };
}
