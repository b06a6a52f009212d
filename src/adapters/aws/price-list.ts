import type { Filter, GetProductsCommandOutput } from '@aws-sdk/client-pricing';
import { z } from 'zod';
import { type CallDescription, invalidAnswer } from './errors.ts';

/** One product of the price list, as far as it is read. */
const productShape = z.object({
  terms: z.object({
    OnDemand: z
      .record(
        z.string(),
        z.object({
          priceDimensions: z.record(
            z.string(),
            z.object({ unit: z.string(), pricePerUnit: z.record(z.string(), z.string()) }),
          ),
        }),
      )
      .optional(),
  }),
});

/** What singles out the plain Linux instances of one type in one region. */
export function filtersFor(region: string, type: string): Filter[] {
  const attributes = {
    regionCode: region,
    instanceType: type,
    operatingSystem: 'Linux',
    preInstalledSw: 'NA',
    tenancy: 'Shared',
    // Not the entries of capacity that is reserved and lies idle, or is used out of a reservation.
    capacitystatus: 'Used',
  };
  return Object.entries(attributes).map(([Field, Value]) => ({ Type: 'TERM_MATCH', Field, Value }));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The prices an hour in dollars that a page holds: those of other currencies and those of nothing are left out.
 * Throws `invalid-answer` for a page that cannot be read.
 */
export function pricesOn(page: GetProductsCommandOutput, call: CallDescription): readonly number[] {
  if (page.PriceList === undefined) throw invalidAnswer(call, 'the list', page.$metadata.requestId);
  return [...page.PriceList].flatMap((text) => {
    const product = productShape.safeParse(parsed(String(text)));
    if (!product.success) throw invalidAnswer(call, 'the terms of a product', page.$metadata.requestId);
    return Object.values(product.data.terms.OnDemand ?? {})
      .flatMap(({ priceDimensions }) => Object.values(priceDimensions))
      .filter(({ unit }) => unit === 'Hrs')
      .map(({ pricePerUnit }) => Number(pricePerUnit['USD']))
      .filter((price) => Number.isFinite(price) && price > 0);
  });
}
