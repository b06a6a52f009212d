import { DescribeSpotPriceHistoryCommand, type EC2Client, type SpotPrice } from '@aws-sdk/client-ec2';
import { GetProductsCommand, PricingClient, PricingServiceException } from '@aws-sdk/client-pricing';
import { PortError } from '../../controller/errors.ts';
import type { Duration, Instant } from '../../engine/time.ts';
import { awsCall, type CallLimits, limitsOf } from './aws-call.ts';
import type { AwsAccess } from './clients.ts';
import { meaningOf } from './error-codes.ts';
import { type CallDescription, invalidAnswer } from './errors.ts';
import { filtersFor, pricesOn } from './price-list.ts';

/** How the prices are reached. */
export interface PriceAccess extends Pick<AwsAccess, 'region' | 'credentials'> {
  /** A full URL in place of AWS's own endpoint of the Pricing API. */
  readonly endpoint?: string;
}

/** What is asked, of which region. */
export interface PriceQuestion {
  readonly region: string;
  readonly types: readonly string[];
}

/** The most that each API gives in one page. */
const PRODUCTS_PAGE = 100;
const HISTORY_PAGE = 1000;
/** Types that one question for spot prices names; EC2 takes 200 values in a filter. */
const TYPES_AT_ONCE = 100;
const LINUX = 'Linux/UNIX';

/** The Pricing API has few endpoints, and each answers for every region of its partition. */
function pricingRegion(region: string): string {
  if (region.startsWith('cn-')) return 'cn-northwest-1';
  if (region.startsWith('eu-')) return 'eu-central-1';
  return region.startsWith('ap-') ? 'ap-south-1' : 'us-east-1';
}

/** A client for the Pricing API; the time-out of each call is the caller's. */
export function pricingClient({ region, credentials, endpoint }: PriceAccess): PricingClient {
  return new PricingClient({
    region: pricingRegion(region),
    maxAttempts: 1,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  });
}

/** The failure of the Pricing API in the words of the others. */
function pricingFailure(error: PricingServiceException, call: CallDescription): PortError {
  const { httpStatusCode = 400, requestId } = error.$metadata;
  const { kind, next } = meaningOf(error.name) ?? { kind: httpStatusCode >= 500 ? 'unavailable' : 'refused' };
  return new PortError({
    ...call,
    kind,
    why: `${error.name}: ${error.message}`,
    ...(next === undefined ? {} : { next }),
    ...(requestId === undefined ? {} : { requestId }),
    cause: error,
  });
}

/** All pages of one question, each within limits of its own. */
async function pagesOf<T extends { readonly NextToken?: string | undefined }>(
  read: (token: string | undefined) => Promise<T>,
): Promise<readonly T[]> {
  const pages: T[] = [];
  let token: string | undefined;
  do {
    const page = await read(token);
    pages.push(page);
    token = page.NextToken === '' ? undefined : page.NextToken;
  } while (token !== undefined);
  return pages;
}

async function onDemandPrice(
  pricing: PricingClient,
  type: string,
  region: string,
  limits: () => CallLimits,
): Promise<number | undefined> {
  const call = { system: 'ec2', doing: `reading the on-demand price of ${type} in ${region}` } as const;
  const input = { ServiceCode: 'AmazonEC2', Filters: filtersFor(region, type), MaxResults: PRODUCTS_PAGE };
  const pages = await pagesOf((token) =>
    awsCall(call, limits(), (options) =>
      pricing
        .send(new GetProductsCommand(token === undefined ? input : { ...input, NextToken: token }), options)
        .catch((error: unknown) => {
          throw error instanceof PricingServiceException ? pricingFailure(error, call) : error;
        }),
    ),
  );
  const prices = pages.flatMap((page) => pricesOn(page, call));
  // One is usual. Of several the highest, so that no cost is told lower than it may be.
  return prices.length === 0 ? undefined : Math.max(...prices);
}

/**
 * The on-demand prices of Linux in dollars an hour, by type. A type that AWS does not sell for dollars in the
 * region is left out. Needs `pricing:GetProducts`. `timeout` is that of one call.
 * Throws `PortError`: `unauthorized`, `throttled`, `unreachable`, …
 */
export async function readOnDemandPrices(
  pricing: PricingClient,
  { region, types }: PriceQuestion,
  signal: AbortSignal,
  timeout: Duration,
): Promise<ReadonlyMap<string, number>> {
  const prices = new Map<string, number>();
  for (const type of types) {
    const price = await onDemandPrice(pricing, type, region, () => limitsOf(signal, timeout));
    if (price !== undefined) prices.set(type, price);
  }
  return prices;
}

async function spotHistory(
  ec2: EC2Client,
  { region, types }: PriceQuestion,
  at: Instant,
  limits: () => CallLimits,
): Promise<readonly SpotPrice[]> {
  const call = { system: 'ec2', doing: `reading spot prices of ${types.join(', ')} in ${region}` } as const;
  const input = {
    // The answer begins with the prices that hold at this moment, however long ago they changed.
    StartTime: new Date(at),
    ProductDescriptions: [LINUX],
    // As a filter, a type that the region does not know is no error.
    Filters: [{ Name: 'instance-type', Values: [...types] }],
    MaxResults: HISTORY_PAGE,
  };
  const pages = await pagesOf((token) =>
    awsCall(call, limits(), (options) =>
      ec2.send(
        new DescribeSpotPriceHistoryCommand(token === undefined ? input : { ...input, NextToken: token }),
        options,
      ),
    ),
  );
  return pages.flatMap((page) => {
    if (page.SpotPriceHistory === undefined) throw invalidAnswer(call, 'the list', page.$metadata.requestId);
    return page.SpotPriceHistory;
  });
}

/** The last price of each type and zone. */
function latest(history: readonly SpotPrice[]): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const prices = new Map<string, Map<string, number>>();
  const inTime = history.toSorted((one, other) => Number(one.Timestamp ?? 0) - Number(other.Timestamp ?? 0));
  for (const { InstanceType: type, AvailabilityZone: zone, SpotPrice: text } of inTime) {
    const price = Number(text);
    if (type === undefined || zone === undefined || !(price > 0)) continue;
    const zones = prices.get(type) ?? new Map<string, number>();
    prices.set(type, zones.set(zone, price));
  }
  return prices;
}

/**
 * The spot prices of Linux that hold at `at`, in dollars an hour, by type and zone. Types and zones without a
 * spot market are left out. Needs `ec2:DescribeSpotPriceHistory`. `timeout` is that of one call.
 * Throws `PortError`: `unauthorized`, `throttled`, `unreachable`, …
 */
export async function readSpotPrices(
  ec2: EC2Client,
  { region, types }: PriceQuestion,
  at: Instant,
  signal: AbortSignal,
  timeout: Duration,
): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const history: SpotPrice[] = [];
  for (let from = 0; from < types.length; from += TYPES_AT_ONCE) {
    const some = { region, types: types.slice(from, from + TYPES_AT_ONCE) };
    history.push(...(await spotHistory(ec2, some, at, () => limitsOf(signal, timeout))));
  }
  return latest(history);
}
