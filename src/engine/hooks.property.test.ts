import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anySituation } from '../../test/support/situations.ts';
import { viewsByPool } from './capacity.ts';
import { isFresh } from './observation.ts';
import { plan } from './plan.ts';

const RUNS = { numRuns: 2000 };

describe('laws of the plan with groups', () => {
  it('5: no group is let go on with a member that may have a job', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        const views = new Map(
          [...viewsByPool(observation).values()].flat().map((view) => [view.instance.id, view]),
        );
        const ended = plan(observation, policy).actions.flatMap((action) =>
          action.do === 'complete' && action.hook === 'termination' ? [views.get(action.instance)] : [],
        );
        const isCertain = (pool: string): boolean =>
          isFresh(observation.managers[pool], observation.now) && isFresh(observation.jobs, observation.now);
        const risked = ended.filter(
          (view) =>
            view !== undefined &&
            view.phase !== 'terminating' &&
            (view.busySlots > 0 || view.manager !== undefined || !isCertain(view.instance.pool)),
        );
        expect(risked).toEqual([]);
      }),
      RUNS,
    );
  });
});
