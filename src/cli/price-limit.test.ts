import { describe, expect, it } from 'vitest';
import type { Offering } from '../engine/pool.ts';
import { priceLimit } from './price-limit.ts';

function offering(instanceType: string, price?: number, subnet = 'subnet-0a'): Offering {
  return { instanceType, subnet, market: 'spot', ...(price !== undefined && { price }) };
}

function limit(maxPrice: number, ...offerings: readonly Offering[]) {
  return priceLimit({ offerings, maxPrice }, 'eu-central-1');
}

describe('the highest price of a pool', () => {
  it('is not spoken of where there is none', () => {
    expect(priceLimit({ offerings: [offering('m7i.large', 0.05)] }, 'eu-central-1')).toBeUndefined();
  });

  it('lets through what costs as much', () => {
    expect(limit(0.05, offering('m7i.large', 0.05))).toEqual({
      ok: true,
      detail: 'maxPrice 0.05: nothing that is known costs more',
    });
  });

  it('names what is too dear, once for all subnets', () => {
    const dear = ['subnet-0a', 'subnet-0b'].map((subnet) => offering('m7i.xlarge', 0.08, subnet));
    expect(limit(0.05, offering('m7i.large', 0.04), ...dear)).toEqual({
      ok: true,
      detail: 'maxPrice 0.05: not bought: m7i.xlarge spot (0.0800)',
    });
  });

  it('fails where nothing is left to buy', () => {
    expect(limit(0.001, offering('m7i.large', 0.04))).toEqual({
      ok: false,
      detail:
        'maxPrice 0.001 leaves nothing to buy: m7i.large spot (0.0400); raise it, or name cheaper types',
    });
  });

  it('says what it does not bound, because nobody knows the price', () => {
    const found = limit(0.05, offering('m7i.large', 0.04), offering('c7i.large'));
    expect(found).toEqual({
      ok: true,
      detail:
        'maxPrice 0.05: nothing that is known costs more; it does not bound c7i.large spot, whose price in ' +
        'eu-central-1 is not known: name a file of "runtide prices refresh --region eu-central-1" at `prices`',
    });
  });

  it('says that it bounds nothing, where no price is known', () => {
    const many = [1, 2, 3, 4, 5].map((number) => offering(`c${number}i.large`));
    expect(limit(0.001, ...many)).toEqual({
      ok: true,
      detail:
        'maxPrice 0.001 bounds nothing: no price of c1i.large spot, c2i.large spot, c3i.large spot, ' +
        'c4i.large spot and 1 more in eu-central-1 is known; ' +
        'name a file of "runtide prices refresh --region eu-central-1" at `prices`',
    });
  });
});
