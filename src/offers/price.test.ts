import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instant } from '../engine/time.ts';
import { bundledTypes } from './instance-types.ts';
import { bundledRegion, mergedPrices, priceOf, quote } from './price.ts';
import type { PriceBook } from './price-book.ts';
import { readTypeTable } from './type-table.ts';

const at = (day: string) => instant(Date.parse(day));

/** What was read on a day. */
function book(
  day: string,
  {
    region = 'eu-central-1',
    onDemand = 0.12,
    spot = {},
  }: {
    region?: string;
    onDemand?: number;
    spot?: Readonly<Record<string, number>>;
  } = {},
): PriceBook {
  const zones = new Map(Object.entries(spot));
  return {
    region,
    readAt: at(day),
    onDemand: new Map([['m7i.large', onDemand]]),
    spot: zones.size === 0 ? new Map() : new Map([['m7i.large', zones]]),
  };
}

const ON_DEMAND = { instanceType: 'm7i.large', market: 'on-demand' } as const;
const SPOT = { instanceType: 'm7i.large', market: 'spot' } as const;

describe('the bundled prices', () => {
  const prices = mergedPrices('eu-central-1');

  it('are those of a region and a day', () => {
    expect(bundledRegion).toBe('us-east-1');
    expect(quote(prices, ON_DEMAND)).toEqual({
      usdPerHour: 0.1008,
      asOf: at('2026-07-20'),
      region: 'us-east-1',
      basis: 'price-list',
    });
  });

  it('reckon spot from what it typically saves', () => {
    expect(quote(prices, SPOT)).toEqual({
      usdPerHour: 0.032256,
      asOf: at('2025-06-28'),
      region: 'us-east-1',
      basis: 'typical-saving',
    });
  });

  it.each([
    ['a type that the table does not hold', 'm99.large', 'on-demand'],
    ['its spot price', 'm99.large', 'spot'],
    ['spot of a type whose saving is not known', 'c9g.large', 'spot'],
    ['spot of a type without a spot market', 'm8ine.large', 'spot'],
    ['a word that objects have', 'constructor', 'on-demand'],
  ] as const)('do not know %s', (_what, name, market) => {
    expect(priceOf(prices, { instanceType: name, market })).toBeUndefined();
  });

  it('are a number for every type of the table, and spot is never dearer', () => {
    for (const name of bundledTypes.types.keys()) {
      const full = priceOf(prices, { instanceType: name, market: 'on-demand' }) ?? Number.NaN;
      expect(full).toBeGreaterThan(0);
      expect(priceOf(prices, { instanceType: name, market: 'spot' }) ?? full).toBeLessThanOrEqual(full);
    }
  });
});

describe('prices that were read since', () => {
  it('of the region come before the bundled ones, whatever their age', () => {
    const prices = mergedPrices('eu-central-1', [book('2026-01-01')]);
    expect(quote(prices, ON_DEMAND)).toMatchObject({ usdPerHour: 0.12, region: 'eu-central-1' });
  });

  it('come after the bundled ones of the same region when they are older', () => {
    const old = book('2026-01-01', { region: 'us-east-1', onDemand: 0.2 });
    const fresh = book('2026-11-01', { region: 'us-east-1', onDemand: 0.3 });
    expect(priceOf(mergedPrices('us-east-1', [old]), ON_DEMAND)).toBe(0.1008);
    expect(priceOf(mergedPrices('us-east-1', [old, fresh]), ON_DEMAND)).toBe(0.3);
  });

  it('of another region are left out', () => {
    const prices = mergedPrices('eu-central-1', [book('2026-11-01', { region: 'eu-west-1' })]);
    expect(prices.books).toEqual([]);
    expect(priceOf(prices, ON_DEMAND)).toBe(0.1008);
  });

  it('change what the saving is taken from', () => {
    const prices = mergedPrices('eu-central-1', [book('2026-11-01', { onDemand: 0.2 })]);
    expect(quote(prices, SPOT)).toMatchObject({ usdPerHour: 0.064, basis: 'typical-saving' });
  });

  it('give spot by zone, and the mean where the zone is not said or not known', () => {
    const prices = mergedPrices('eu-central-1', [book('2026-11-01', { spot: { a: 0.04, b: 0.06 } })]);
    expect(quote(prices, { ...SPOT, zone: 'a' })).toEqual({
      usdPerHour: 0.04,
      asOf: at('2026-11-01'),
      region: 'eu-central-1',
      basis: 'spot-history',
    });
    expect(priceOf(prices, SPOT)).toBeCloseTo(0.05);
    expect(priceOf(prices, { ...SPOT, zone: 'c' })).toBeCloseTo(0.05);
  });

  it('leave the others known', () => {
    const prices = mergedPrices('eu-central-1', [book('2026-11-01')]);
    expect(quote(prices, { instanceType: 'c7i.large', market: 'on-demand' })).toMatchObject({
      usdPerHour: 0.08925,
      region: 'us-east-1',
    });
  });

  it('of several the freshest wins, in whichever order they come', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { minLength: 1 }), (days) => {
        const books = days.map((day): PriceBook => ({
          ...book('2026-11-01', { onDemand: day, spot: { a: day } }),
          readAt: instant(day * 86_400_000),
        }));
        const prices = mergedPrices('eu-central-1', books);
        expect(priceOf(prices, ON_DEMAND)).toBe(Math.max(...days));
        expect(priceOf(prices, { ...SPOT, zone: 'a' })).toBe(Math.max(...days));
      }),
    );
  });
});

describe('a table without sources or with a saving of everything', () => {
  const row = { 'm7i.large': [2, 8192, 'amd64', true, true, false, 0.1, 100, '<5%'] };
  const columns =
    'vcpu memoryMiB arch currentGeneration spot burstable onDemandUsdPerHour spotSavingPercent interruptionBand'.split(
      ' ',
    );

  it('knows no price', () => {
    const table = readTypeTable({ sources: [], columns, types: row });
    expect(quote(mergedPrices('eu-central-1', [], table), ON_DEMAND)).toBeUndefined();
  });

  it('makes nothing free', () => {
    const table = readTypeTable({
      sources: [{ name: 'a', repository: 'a/b', licence: 'MIT', date: '2026-01-01', gives: columns }],
      columns,
      types: row,
    });
    expect(priceOf(mergedPrices('eu-central-1', [], table), ON_DEMAND)).toBe(0.1);
    expect(priceOf(mergedPrices('eu-central-1', [], table), SPOT)).toBeUndefined();
  });
});
