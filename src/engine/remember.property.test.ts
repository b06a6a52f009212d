import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carryOut, later, launches } from '../../test/support/carry-out.ts';
import {
  ago,
  aManager,
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  freshAt,
  idleFor,
  jobs,
  NOW,
  pending,
  stale,
} from '../../test/support/observations.ts';
import { anyPolicy, anySituation } from '../../test/support/situations.ts';
import { emptyHistory, type History } from './history.ts';
import { isFresh, lastKnown, type Observation } from './observation.ts';
import { fits, NO_JOBS } from './job.ts';
import { afterwards } from './outcome.ts';
import type { Action } from './action.ts';
import { plan, type Plan } from './plan.ts';
import { remember } from './remember.ts';
import { after, minutes, seconds } from './time.ts';

const RUNS = { numRuns: 2000 };

const drainsBecause = (decided: Plan, ...reasons: readonly string[]): readonly Action[] =>
  decided.actions.filter((action) => action.do === 'drain' && reasons.includes(action.because));

describe('laws of the plan over time', () => {
  it('10: booting capacity counts once, until its deadline', () => {
    const demand = fc.record({
      jobs: fc.integer({ min: 1, max: 40 }),
      slots: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(demand, ({ jobs: count, slots }) => {
        const policy = aPolicy(aPool({ slots, max: 50 }));
        let observation = anObservation({ jobs: fresh(jobs([pending(count)])) });
        const first = plan(observation, policy);
        expect(launches(first)).toBe(Math.ceil(count / slots));
        observation = carryOut(observation, first, policy);
        for (let pass = 0; pass < 9; pass++) {
          observation = later(observation, policy);
          expect(plan(observation, policy).actions).toEqual([]);
        }
        const overdue = plan(later(observation, policy, minutes(2)), policy);
        expect(overdue.actions.filter(({ do: what }) => what === 'terminate')).toHaveLength(
          Math.ceil(count / slots),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('10: a launch whose answer is unknown counts as booting', () => {
    const policy = aPolicy(aPool());
    const unanswered = [
      {
        launchId: 'launch-9',
        pool: 'linux',
        count: 3,
        slots: 1,
        generation: 'g1',
        offering: { instanceType: 'm7i.large', market: 'spot' as const },
        openedAt: ago(seconds(5)),
      },
    ];
    const observation = anObservation({ jobs: fresh(jobs([pending(3)])), unanswered });
    expect(plan(observation, policy).actions).toEqual([]);
    expect(launches(plan({ ...observation, unanswered: [] }, policy))).toBe(3);
  });

  it('11: what did not take effect starts no cooldown, and a cooldown survives a restart', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        const { actions, history } = plan(observation, policy);
        const refused = actions.map((action) => ({ action, done: false as const, why: 'refused' }));
        const after1 = afterwards(history, refused, NOW);
        for (const { name } of policy.pools) {
          expect(after1.pools[name]?.lastScaledAt).toBe(history.pools[name]?.lastScaledAt);
        }
        expect(afterwards(history, [], NOW)).toEqual(history);
      }),
      RUNS,
    );
    const policy = aPolicy(aPool({ cooldown: minutes(10) }));
    const observation = anObservation({
      instances: fresh([anInstance('i-1')]),
      managers: { linux: fresh([aManager('i-1')]) },
      history: {
        ...emptyHistory(NOW),
        instances: { 'i-1': idleFor(minutes(20)) },
        pools: { linux: { setbacks: 0, lastScaledAt: ago(minutes(1)) } },
      },
    });
    const restarted: Observation = {
      ...observation,
      history: JSON.parse(JSON.stringify(observation.history)),
    };
    expect(plan(restarted, policy).actions).toEqual([]);
    expect(plan(restarted, policy).pools[0]?.holds[0]?.because).toMatch(/cooling down/);
    expect(plan(restarted, aPolicy(aPool({ cooldown: seconds(30) }))).actions).toHaveLength(1);
  });

  it('12: while managers are stale, boot deadlines freeze', () => {
    const policy = aPolicy(aPool());
    let observation = anObservation({
      jobs: stale(jobs([pending(1)])),
      managers: { linux: stale([]) },
      instances: fresh([anInstance('i-1', { launchedAt: ago(seconds(30)) })]),
      history: { ...emptyHistory(NOW), instances: { 'i-1': { pool: 'linux', bootedFor: seconds(30) } } },
    });
    for (let pass = 0; pass < 120; pass++) {
      const now = after(observation.now, seconds(60));
      const instances = freshAt(lastKnown(observation.instances, []), now);
      const readings = { ...observation, now, instances };
      observation = { ...readings, history: remember(observation.history, readings, policy) };
      expect(plan(observation, policy).actions).toEqual([]);
    }
    expect(observation.history.instances['i-1']?.bootedFor).toBe(seconds(30));
    fc.assert(
      fc.property(anySituation, (situation) => {
        const decided = plan(situation.observation, situation.policy);
        const stuck = decided.actions.filter(
          (action) => action.do === 'terminate' && action.because === 'stuck',
        );
        for (const action of stuck) {
          expect(isFresh(situation.observation.managers[action.pool], situation.observation.now)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('13: boots that fail one after another back off', () => {
    const policy = aPolicy(aPool({ bootTimeout: minutes(1) }));
    let observation = anObservation({ jobs: fresh(jobs([pending(1)])) });
    let bought = 0;
    for (let pass = 0; pass < 240; pass++) {
      observation = later(observation, policy, seconds(15));
      const decided = plan(observation, policy);
      bought += launches(decided);
      const done = carryOut(observation, decided, policy);
      const left = lastKnown(done.instances, []).filter(({ state }) => state !== 'shutting-down');
      observation = { ...done, instances: freshAt(left, done.now) };
    }
    // Without backing off an hour would see some 45 launches of a minute each.
    expect(bought).toBeGreaterThanOrEqual(4);
    expect(bought).toBeLessThanOrEqual(10);
    expect(observation.history.pools['linux']?.setbacks).toBeGreaterThanOrEqual(4);
  });

  it('14: a job that GitLab does not hand out stops counting', () => {
    const idle: History = { ...emptyHistory(NOW), instances: { 'i-1': idleFor(minutes(4)) } };
    const policy = aPolicy(aPool({ idle: { slots: 0, time: minutes(1) } }));
    let observation = anObservation({
      jobs: fresh(jobs([pending(1, ['linux'], ago(minutes(3)))])),
      instances: fresh([anInstance('i-1')]),
      managers: { linux: fresh([aManager('i-1')]) },
      history: idle,
    });
    const decided = plan(observation, policy);
    expect(decided.pools[0]?.demand).toMatchObject({ pending: 0, unserved: [{ id: 1000, times: 1 }] });
    expect(drainsBecause(decided, 'idle')).toHaveLength(1);
    // Nothing is left and nothing is bought for it, until its wait is over.
    observation = {
      ...observation,
      instances: fresh([]),
      managers: { linux: fresh([]) },
      history: decided.history,
    };
    observation = later(observation, policy, minutes(4));
    expect(plan(observation, policy).actions).toEqual([]);
    observation = later(observation, policy, minutes(2));
    expect(launches(plan(observation, policy))).toBe(1);
  });

  it('15: a pending job counts in exactly one pool', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        const waiting = lastKnown(observation.jobs, NO_JOBS).demand.flatMap(({ kind, pending: all }) =>
          policy.pools.some((pool) => fits(kind, pool)) ? all : [],
        );
        const counted = plan(observation, policy).pools.reduce(
          (sum, { demand }) => sum + demand.pending + demand.unserved.length,
          0,
        );
        expect(counted).toBe(waiting.length);
      }),
      RUNS,
    );
    fc.assert(
      fc.property(anyPolicy, fc.integer({ min: 1, max: 200 }), (policy, count) => {
        const decided = plan(anObservation({ jobs: fresh(jobs([pending(count)])) }), policy);
        const counted = decided.pools.reduce((sum, { demand }) => sum + demand.pending, 0);
        expect(counted).toBe(
          policy.pools.some((pool) => fits({ project: 1, tags: ['linux'] }, pool)) ? count : 0,
        );
      }),
      RUNS,
    );
  });
});
