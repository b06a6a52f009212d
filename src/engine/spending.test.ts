import { describe, expect, it } from 'vitest';
import { anInstance, aPolicy, aPool, fresh, OFFERING, stale } from '../../test/support/observations.ts';
import type { Budget, Spending } from './budget.ts';
import type { Instance } from './instance.ts';
import type { FleetPolicy, PoolPolicy } from './pool.ts';
import { priceOf, rateOf, rememberSpending } from './spending.ts';
import { instant } from './time.ts';

const at = (text: string) => instant(Date.parse(text));
const BUDGET: Budget = { day: 10, timeZone: 'UTC', idleUntil: 0.8, onDemandUntil: 0.9 };

const priced = (price?: number) => ({ ...OFFERING, ...(price !== undefined && { price }) });
const pool = (over: Partial<PoolPolicy> = {}) =>
  aPool({ budget: BUDGET, offerings: [priced(0.1), { ...priced(0.3), market: 'on-demand' }], ...over });

/** What is remembered at `now` of instances that ran since `since`. */
function spend(
  instances: readonly Instance[],
  {
    now,
    since,
    before,
    policy = aPolicy(pool()),
  }: {
    readonly now: string;
    readonly since: string;
    readonly before?: Spending;
    readonly policy?: FleetPolicy;
  },
): Spending | undefined {
  return rememberSpending(before, { instances: fresh(instances), now: at(now) }, policy, at(since));
}

const EIGHT = '2026-01-05T08:00:00Z';
const NINE = '2026-01-05T09:00:00Z';
const old = { launchedAt: at('2026-01-05T00:00:00Z') };

describe('the price of an instance', () => {
  it.each<[string, number | undefined, Partial<Instance['offering']>, Partial<PoolPolicy>]>([
    ['its own', 0.2, { price: 0.2 }, {}],
    ['that of the same offering of its pool', 0.1, {}, {}],
    ['that of the same market', 0.3, { market: 'on-demand' }, {}],
    ['the dearest, where its type is bought no more', 0.3, { instanceType: 'm5.large' }, {}],
    ['unknown, where no price is known', undefined, {}, { offerings: [priced()] }],
  ])('is %s', (_name, expected, offering, over) => {
    expect(priceOf({ offering: { ...OFFERING, ...offering } }, pool(over))).toBe(expected);
  });

  it('is unknown for one of no pool, unless it tells itself', () => {
    expect(priceOf({ offering: OFFERING }, undefined)).toBeUndefined();
    expect(priceOf({ offering: priced(0.4) }, undefined)).toBe(0.4);
  });
});

describe('dollars an hour', () => {
  it('are those of what is billed, or will be', () => {
    const states = ['pending', 'running', 'shutting-down', 'stopped', 'terminated'] as const;
    expect(
      rateOf(
        states.map((state) => anInstance('i-1', { state })),
        pool(),
      ),
    ).toBeCloseTo(0.2, 9);
  });
});

describe('what was spent', () => {
  it('is time by price, since the last pass', () => {
    expect(spend([anInstance('i-1', old), anInstance('i-2', old)], { since: EIGHT, now: NINE })).toEqual({
      pools: { linux: { day: '2026-01-05', ofDay: 0.2, month: '2026-01', ofMonth: 0.2 } },
    });
  });

  it('begins with the launch, and only what runs is billed', () => {
    const half = anInstance('i-1', { launchedAt: at('2026-01-05T08:30:00Z') });
    const pending = anInstance('i-2', { ...old, state: 'pending' });
    expect(spend([half, pending], { since: EIGHT, now: NINE })?.pools['linux']?.ofDay).toBeCloseTo(0.05, 9);
  });

  it('adds up within a day and a month, and begins again at midnight of the budget', () => {
    const before = { pools: { linux: { day: '2026-01-05', ofDay: 4, month: '2026-01', ofMonth: 40 } } };
    const run = [anInstance('i-1', old)];
    expect(spend(run, { before, since: EIGHT, now: NINE })?.pools['linux']).toMatchObject({
      ofDay: 4.1,
      ofMonth: 40.1,
    });
    const midnight = { since: '2026-01-05T23:00:00Z', now: '2026-01-06T00:00:00Z' };
    expect(spend(run, { before, ...midnight })?.pools['linux']).toMatchObject({
      day: '2026-01-06',
      ofDay: 0.1,
      ofMonth: 40.1,
    });
    const berlin = aPolicy(pool({ budget: { ...BUDGET, timeZone: 'Europe/Berlin' } }));
    const inBerlin = { since: '2026-01-05T22:00:00Z', now: '2026-01-05T23:00:00Z' };
    expect(spend(run, { before, ...inBerlin, policy: berlin })?.pools['linux']?.day).toBe('2026-01-06');
    const next = { since: '2026-01-31T23:00:00Z', now: '2026-02-01T00:00:00Z' };
    expect(spend(run, { before, ...next })?.pools['linux']).toMatchObject({ month: '2026-02', ofMonth: 0.1 });
  });

  it('is that of all pools together where they have a budget, also of instances of no pool', () => {
    const policy = { ...aPolicy(aPool({ offerings: [priced(0.1)] })), budget: BUDGET };
    const run = [anInstance('i-1', old), anInstance('i-2', { ...old, pool: 'gone', offering: priced(0.5) })];
    expect(spend(run, { since: EIGHT, now: NINE, policy })).toEqual({
      pools: {},
      fleet: { day: '2026-01-05', ofDay: 0.6, month: '2026-01', ofMonth: 0.6 },
    });
  });

  it('goes on by the last listing while there is no newer one', () => {
    const readings = { instances: stale([anInstance('i-1', old)]), now: at(NINE) };
    const spent = rememberSpending(undefined, readings, aPolicy(pool()), at(EIGHT));
    expect(spent?.pools['linux']?.ofDay).toBeCloseTo(0.1, 9);
  });

  it('is not counted where nobody has a budget', () => {
    expect(
      spend([anInstance('i-1', old)], { since: EIGHT, now: NINE, policy: aPolicy(aPool()) }),
    ).toBeUndefined();
  });
});
