import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { launches } from '../../test/support/carry-out.ts';
import { anyLimitedSituation as anySituation } from '../../test/support/limit-situations.ts';
import { plan } from './plan.ts';

const RUNS = { numRuns: 2000 };

describe('laws of limits', () => {
  it('a pool that is paused or out of budget buys nothing, and desired is no more than what runs', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        for (const { pausedAt, budgets, actions, desired, views } of plan(observation, policy).pools) {
          const isSpent = budgets.some(({ period, allows }) => period !== 'hour' && allows === 'nothing');
          if (pausedAt === undefined && !isSpent) continue;
          expect(actions.filter((action) => action.do === 'launch')).toEqual([]);
          const alive = views.filter(({ phase }) => phase !== 'draining' && phase !== 'terminating');
          expect(desired.count).toBeLessThanOrEqual(alive.length);
        }
      }),
      RUNS,
    );
  });

  it('all pools together buy no more than they may have, pay or launch', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        const decided = plan(observation, policy);
        const bought = launches(decided);
        const existing = decided.pools
          .flatMap(({ views }) => views)
          .filter(({ phase }) => phase !== 'terminating');
        fc.pre(bought > 0);
        expect(existing.length + bought).toBeLessThanOrEqual(policy.max ?? Infinity);
        const there = decided.pools.filter((_, index) => policy.pools[index]?.place === 'there');
        const calls = there.flatMap(({ actions }) => actions.filter((action) => action.do === 'launch'));
        const tokens = observation.history.launchTokens?.['there'];
        expect(calls.length).toBeLessThanOrEqual(tokens?.requests ?? Infinity);
        expect(calls.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(
          tokens?.instances ?? Infinity,
        );
        const hourly = policy.budget?.hour ?? Infinity;
        const rate = decided.pools.reduce((sum, pool) => sum + pool.rate, 0);
        expect(rate + bought * 0.1).toBeLessThanOrEqual(hourly + 1e-6);
      }),
      RUNS,
    );
  });
});
