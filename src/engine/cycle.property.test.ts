import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyLimitedSituation as anySituation } from '../../test/support/limit-situations.ts';
import type { Instance } from './instance.ts';
import { type Cycle, cycleOf } from './instruction.ts';
import { plan } from './plan.ts';

const RUNS = { numRuns: 2000 };

const isBefore = ({ launchedAt }: Instance, cycle: Cycle | undefined): boolean =>
  cycle !== undefined && cycle.paused !== true && launchedAt < cycle.startedAt;

it('a cycle takes only what was launched before it, its batch at once, and none while it is paused', () => {
  fc.assert(
    fc.property(anySituation, ({ policy, observation }) => {
      const { instructions = [] } = observation;
      plan(observation, policy).pools.forEach(({ pool, views, actions }, index) => {
        const { surge = 0, generation } = policy.pools[index] ?? {};
        const cycle = cycleOf(instructions, pool);
        const old = views
          .map(({ instance }) => instance)
          .filter((one) => one.generation !== generation || isBefore(one, cycle))
          .map(({ id }) => id);
        const drifted = actions.flatMap((action) =>
          action.do === 'drain' && action.because === 'drifted' ? [action.instance] : [],
        );
        expect(drifted.filter((id) => !old.includes(id))).toEqual([]);
        expect(drifted.length).toBeLessThanOrEqual(Math.max(1, cycle?.batch ?? surge));
      });
    }),
    RUNS,
  );
});
