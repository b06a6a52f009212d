import type { Offering, PoolPolicy } from '../engine/pool.ts';

/** What a pool's highest price means for what it may buy. */
export interface PriceLimit {
  /** Whether anything is left to buy. */
  readonly ok: boolean;
  readonly detail: string;
}

function named({ instanceType, market }: Offering): string {
  return `${instanceType} ${market}`;
}

function priced(offering: Offering): string {
  return `${named(offering)} (${(offering.price ?? 0).toFixed(4)})`;
}

/** More are only counted. */
const MOST_NAMED = 4;

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Each type and market once: subnets of a pool have one price. */
function byTypeAndMarket(offerings: readonly Offering[]): readonly Offering[] {
  return [...new Map(offerings.map((offering) => [named(offering), offering])).values()];
}

/**
 * What `maxPrice` leaves a pool in `region` to buy, in words; undefined where it has none. Not ok where the known
 * prices leave nothing, because the pool then never buys.
 */
export function priceLimit(
  { offerings, maxPrice }: Pick<PoolPolicy, 'offerings' | 'maxPrice'>,
  region: string,
): PriceLimit | undefined {
  if (maxPrice === undefined) return undefined;
  const all = byTypeAndMarket(offerings);
  const unknown = all.filter(({ price }) => price === undefined);
  const dear = all.filter(({ price }) => price !== undefined && price > maxPrice);
  if (dear.length === all.length) {
    return {
      ok: false,
      detail: `maxPrice ${maxPrice} leaves nothing to buy: ${some(dear.map(priced))}; raise it, or name cheaper types`,
    };
  }
  const next = `name a file of "runtide prices refresh --region ${region}" at \`prices\``;
  if (unknown.length === all.length) {
    const why = `no price of ${some(unknown.map(named))} in ${region} is known`;
    return { ok: true, detail: `maxPrice ${maxPrice} bounds nothing: ${why}; ${next}` };
  }
  const said = [
    dear.length === 0 ? 'nothing that is known costs more' : `not bought: ${some(dear.map(priced))}`,
    ...(unknown.length === 0
      ? []
      : [`it does not bound ${some(unknown.map(named))}, whose price in ${region} is not known: ${next}`]),
  ];
  return { ok: true, detail: `maxPrice ${maxPrice}: ${said.join('; ')}` };
}
