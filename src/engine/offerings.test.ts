import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ago, aPool, NOW } from '../../test/support/observations.ts';
import { idle } from '../../test/support/views.ts';
import { purchasesOf } from './offerings.ts';
import type { Offering, PoolPolicy } from './pool.ts';
import { minutes, seconds } from './time.ts';

const spot = (instanceType: string, subnet = 'subnet-a'): Offering => ({
  instanceType,
  subnet,
  market: 'spot',
});
const steady = (instanceType: string, subnet = 'subnet-a'): Offering => ({
  instanceType,
  subnet,
  market: 'on-demand',
});

const OFFERINGS = [spot('m7i.large'), spot('m7i.large', 'subnet-b'), steady('m7i.large')];

function pool(split: Partial<PoolPolicy['split']> = {}, over: Partial<PoolPolicy> = {}): PoolPolicy {
  const all = { onDemandBase: 0, spotShare: 1, onDemandFallback: false, ...split };
  return aPool({ offerings: OFFERINGS, split: all, ...over });
}

const short = (offering: Offering, at = ago(seconds(10))) => ({
  pool: 'linux',
  offering,
  code: 'InsufficientInstanceCapacity',
  at,
});

const fresh = { shortfalls: [], now: NOW };

/** How many are bought on each market. */
function counts(bought: ReturnType<typeof purchasesOf>): readonly string[] {
  return bought.purchases.map(({ count, offerings }) => `${count} ${offerings[0]?.market}`);
}

describe('purchases', () => {
  it.each([
    ['all spot', { spotShare: 1 }, 4, ['4 spot']],
    ['all on-demand', { spotShare: 0 }, 4, ['4 on-demand']],
    ['half and half, the odd one on-demand', { spotShare: 0.5 }, 5, ['3 on-demand', '2 spot']],
    ['a base and the rest spot', { onDemandBase: 2 }, 5, ['2 on-demand', '3 spot']],
    ['a base that is larger than the fleet', { onDemandBase: 9 }, 3, ['3 on-demand']],
  ] as const)('%s', (_name, split, count, expected) => {
    expect(counts(purchasesOf(count, pool(split), [], fresh))).toEqual(expected);
  });

  it('counts what the pool has towards the split', () => {
    const live = [
      idle('i-1', minutes(1), { offering: steady('m7i.large') }),
      idle('i-2', minutes(1), { offering: spot('m7i.large') }),
    ];
    expect(counts(purchasesOf(3, pool({ onDemandBase: 1 }), live, fresh))).toEqual(['3 spot']);
    expect(counts(purchasesOf(2, pool({ spotShare: 0.5 }), live, fresh))).toEqual(['1 on-demand', '1 spot']);
  });

  it('leaves out an offering that was short, for a minute', () => {
    const now = purchasesOf(1, pool(), [], { shortfalls: [short(spot('m7i.large'))], now: NOW });
    expect(now.purchases).toEqual([{ count: 1, offerings: [spot('m7i.large', 'subnet-b')] }]);
    const later = purchasesOf(1, pool(), [], {
      shortfalls: [short(spot('m7i.large'), ago(minutes(1)))],
      now: NOW,
    });
    expect(later.purchases[0]?.offerings).toHaveLength(2);
  });

  it('avoids an offering that was taken back for longer', () => {
    const taken = { ...short(spot('m7i.large'), ago(minutes(9))), code: 'interrupted' };
    expect(
      purchasesOf(1, pool(), [], { shortfalls: [taken], now: NOW }).purchases[0]?.offerings,
    ).toHaveLength(1);
    const before = { ...taken, at: ago(minutes(10)) };
    expect(
      purchasesOf(1, pool(), [], { shortfalls: [before], now: NOW }).purchases[0]?.offerings,
    ).toHaveLength(2);
  });

  it('buys what was taken back where there is nothing else, the least lately taken first', () => {
    const taken = (offering: Offering, since: number) => ({
      ...short(offering, ago(minutes(since))),
      code: 'interrupted',
    });
    const both = [taken(spot('m7i.large'), 1), taken(spot('m7i.large', 'subnet-b'), 5)];
    const only = purchasesOf(2, pool(), [], { shortfalls: both, now: NOW });
    expect(only).toEqual({
      purchases: [{ count: 2, offerings: [spot('m7i.large', 'subnet-b'), spot('m7i.large')] }],
    });
    const steadily = pool({ onDemandFallback: true });
    expect(counts(purchasesOf(2, steadily, [], { shortfalls: both, now: NOW }))).toEqual(['2 on-demand']);
    const gone = [...both, short(spot('m7i.large'))];
    expect(purchasesOf(2, pool(), [], { shortfalls: gone, now: NOW }).purchases).toEqual([
      { count: 2, offerings: [spot('m7i.large', 'subnet-b')] },
    ]);
  });

  it('another pool being short changes nothing', () => {
    const others = [{ ...short(spot('m7i.large')), pool: 'arm' }];
    expect(purchasesOf(1, pool(), [], { shortfalls: others, now: NOW }).purchases[0]?.offerings).toHaveLength(
      2,
    );
  });

  it('takes on-demand in place of spot that cannot be had, where that is allowed', () => {
    const shortfalls = [short(spot('m7i.large')), short(spot('m7i.large', 'subnet-b'))];
    expect(counts(purchasesOf(3, pool({ onDemandFallback: true }), [], { shortfalls, now: NOW }))).toEqual([
      '3 on-demand',
    ]);
    const held = purchasesOf(3, pool(), [], { shortfalls, now: NOW });
    expect(held).toEqual({
      purchases: [],
      held: 'every offering was short lately: trying again in 50 s',
    });
  });

  it('never takes spot in place of on-demand', () => {
    const shortfalls = [short(steady('m7i.large'))];
    const bought = purchasesOf(4, pool({ onDemandBase: 2, onDemandFallback: true }), [], {
      shortfalls,
      now: NOW,
    });
    expect(counts(bought)).toEqual(['2 spot']);
    expect(bought.held).toMatch(/trying again in 50 s/);
  });

  it('buys nothing above the ceiling, and lets a missing price pass', () => {
    const offerings = [
      { ...spot('m7i.large'), price: 0.2 },
      { ...spot('m7i.xlarge'), price: 0.05 },
      spot('c7i.large'),
    ];
    const bought = purchasesOf(1, pool({}, { offerings, maxPrice: 0.1 }), [], fresh);
    expect(bought.purchases[0]?.offerings.map(({ instanceType }) => instanceType)).toEqual([
      'm7i.xlarge',
      'c7i.large',
    ]);
    const dear = purchasesOf(1, pool({}, { offerings: offerings.slice(0, 1), maxPrice: 0.1 }), [], fresh);
    expect(dear).toEqual({ purchases: [], held: 'every offering is above the price ceiling' });
  });

  it('never buys more than asked, and every purchase is of one market', () => {
    const splits = fc.record({
      onDemandBase: fc.integer({ min: 0, max: 10 }),
      spotShare: fc.double({ min: 0, max: 1, noNaN: true }),
      onDemandFallback: fc.boolean(),
    });
    const any = fc.tuple(fc.integer({ min: 1, max: 50 }), splits, fc.subarray(OFFERINGS));
    fc.assert(
      fc.property(any, ([count, split, lately]) => {
        const shortfalls = lately.map((offering) => short(offering));
        const { purchases, held } = purchasesOf(count, pool(split), [], { shortfalls, now: NOW });
        const total = purchases.reduce((sum, purchase) => sum + purchase.count, 0);
        expect(total).toBeLessThanOrEqual(count);
        expect(held === undefined).toBe(total === count);
        for (const { offerings } of purchases) {
          expect(new Set(offerings.map(({ market }) => market)).size).toBe(1);
          expect(offerings.some((offering) => lately.includes(offering))).toBe(false);
        }
      }),
    );
  });
});
