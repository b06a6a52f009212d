import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carryOut } from '../../test/support/carry-out.ts';
import {
  ago,
  aManager,
  anInstance,
  anObservation,
  anyPolicy,
  anySituation,
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
import { viewsByPool } from './capacity.ts';
import { emptyHistory, type History } from './history.ts';
import { isFresh, lastKnown, type Observation, type Part } from './observation.ts';
import { fits, NO_JOBS } from './job.ts';
import { afterwards } from './outcome.ts';
import { type Action, plan, type Plan, type PoolPlan } from './plan.ts';
import type { FleetPolicy } from './pool.ts';
import { remember } from './remember.ts';
import { after, instant, minutes, seconds } from './time.ts';

const RUNS = { numRuns: 2000 };

function eachPool(decided: Plan, policy: FleetPolicy, check: (plan: PoolPlan, index: number) => void): void {
  expect(decided.pools).toHaveLength(policy.pools.length);
  decided.pools.forEach(check);
}

const launches = (decided: Plan): number =>
  decided.actions.reduce((sum, action) => sum + (action.do === 'launch' ? action.count : 0), 0);

const drainsBecause = (decided: Plan, ...reasons: readonly string[]): readonly Action[] =>
  decided.actions.filter((action) => action.do === 'drain' && reasons.includes(action.because));

/** The same fleet, `passed` later, freshly read. */
function later(observation: Observation, policy: FleetPolicy, passed = seconds(60)): Observation {
  const now = after(observation.now, passed);
  const again = <T>(part: Part<T>): Part<T> => (part.known ? { ...part, readAt: now } : part);
  const readings = {
    ...observation,
    now,
    jobs: again(observation.jobs),
    instances: again(observation.instances),
    managers: Object.fromEntries(
      Object.entries(observation.managers).map(([pool, part]) => [pool, again(part)]),
    ),
  };
  return { ...readings, history: remember(observation.history, readings, policy) };
}

describe('laws of the plan', () => {
  it('1: desired is a whole number between min and max', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        eachPool(plan(observation, policy), policy, ({ desired }, index) => {
          const pool = policy.pools[index];
          expect(Number.isInteger(desired.count)).toBe(true);
          expect(desired.count).toBeGreaterThanOrEqual(pool?.min ?? Number.NaN);
          expect(desired.count).toBeLessThanOrEqual(pool?.max ?? Number.NaN);
        });
      }),
      RUNS,
    );
  });

  it('2: no pool launches and drains idle instances in one plan', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        for (const { actions } of plan(observation, policy).pools) {
          const launching = actions.some((action) => action.do === 'launch');
          const shrinking = actions.some((action) => action.do === 'drain' && action.because === 'idle');
          expect(launching && shrinking).toBe(false);
        }
      }),
      RUNS,
    );
  });

  it('3: a plan that was carried out leaves nothing to do', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        const decided = plan(observation, policy);
        const next = plan(carryOut(observation, decided, policy), policy);
        expect(next.actions).toEqual([]);
      }),
      RUNS,
    );
  });

  it('4: without demand and idle target the fleet reaches zero, whatever the slots', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 8 }),
        (count, instanceSlots, poolSlots) => {
          const policy = aPolicy(aPool({ slots: poolSlots, max: 20 }));
          const ids = Array.from({ length: count }, (_, index) => `i-${index}`);
          let observation = anObservation({
            instances: fresh(ids.map((id) => anInstance(id, { slots: instanceSlots }))),
            managers: { linux: fresh(ids.map((id) => aManager(id))) },
          });
          for (let pass = 0; pass < 10; pass++) {
            observation = later(observation, policy);
            const done = carryOut(observation, plan(observation, policy), policy);
            const left = lastKnown(done.instances, []).filter(({ drain }) => drain === undefined);
            observation = { ...done, instances: freshAt(left, done.now) };
          }
          expect(lastKnown(observation.instances, [])).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('5: a busy instance is never terminated, and asked to drain only because it must leave', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        const views = [...viewsByPool(observation).values()].flat();
        const busy = new Set(
          views.filter(({ busySlots }) => busySlots > 0).map(({ instance }) => instance.id),
        );
        for (const action of plan(observation, policy).actions) {
          if (action.do === 'terminate') expect(busy).not.toContain(action.instance);
          if (action.do === 'drain' && action.because === 'idle') expect(busy).not.toContain(action.instance);
        }
      }),
      RUNS,
    );
  });

  it('6: of the idle instances the longest idle leave first', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        for (const { actions, views } of plan(observation, policy).pools) {
          const leaving = new Set(
            actions.flatMap((action) => ('instance' in action ? [action.instance] : [])),
          );
          const idle = views.filter(({ phase, idleSince }) => phase === 'idle' && idleSince !== undefined);
          const victims = idle.filter(({ instance }) =>
            actions.some(
              (action) =>
                action.do === 'drain' && action.because === 'idle' && action.instance === instance.id,
            ),
          );
          const stay = idle.filter(({ instance }) => !leaving.has(instance.id));
          for (const victim of victims) {
            for (const other of stay) expect(victim.idleSince ?? 0).toBeLessThanOrEqual(other.idleSince ?? 0);
          }
        }
      }),
      RUNS,
    );
  });

  it('7: more demand never lowers desired; more free slots never raise launches', () => {
    const situation = fc.tuple(
      anySituation,
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom([], ['linux'], ['arm', 'gpu']),
    );
    fc.assert(
      fc.property(situation, ([{ policy, observation }, more, tags]) => {
        const before = lastKnown(observation.jobs, NO_JOBS);
        const extra = { kind: { project: 9, tags }, pending: pending(more).pending };
        const grown = { ...before, demand: [...before.demand, extra] };
        const part = observation.jobs.known ? { ...observation.jobs, value: grown } : observation.jobs;
        const wider = plan({ ...observation, jobs: part }, policy);
        plan(observation, policy).pools.forEach(({ desired }, index) => {
          expect(wider.pools[index]?.desired.count).toBeGreaterThanOrEqual(desired.count);
        });
      }),
      RUNS,
    );
    fc.assert(
      fc.property(anySituation, fc.integer({ min: 1, max: 4 }), ({ policy, observation }, more) => {
        fc.pre(observation.instances.known);
        const wider = observation.instances.value.map((instance) => ({
          ...instance,
          slots: instance.slots + more,
        }));
        const roomier: Observation = {
          ...observation,
          instances: { ...observation.instances, value: wider },
        };
        expect(launches(plan(roomier, policy))).toBeLessThanOrEqual(launches(plan(observation, policy)));
      }),
      RUNS,
    );
  });

  it('8: the order of the input does not change the plan', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        const backwards = <T>(list: readonly T[]): readonly T[] => list.toReversed();
        const shuffled: Observation = {
          ...observation,
          jobs: observation.jobs.known
            ? {
                ...observation.jobs,
                value: {
                  ...observation.jobs.value,
                  demand: backwards(observation.jobs.value.demand).map((kind) => ({
                    ...kind,
                    pending: backwards(kind.pending),
                  })),
                  held: backwards(observation.jobs.value.held),
                },
              }
            : observation.jobs,
          instances: observation.instances.known
            ? { ...observation.instances, value: backwards(observation.instances.value) }
            : observation.instances,
          managers: Object.fromEntries(
            Object.entries(observation.managers).map(([pool, part]) => [
              pool,
              part.known ? { ...part, value: backwards(part.value) } : part,
            ]),
          ),
        };
        expect(plan(shuffled, policy)).toEqual(plan(observation, policy));
      }),
      RUNS,
    );
  });

  it('9: doubt never scales in, and stale demand never raises desired', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        const decided = plan(observation, policy);
        for (const pool of policy.pools) {
          const certain = [observation.jobs, observation.managers[pool.name], observation.instances].every(
            (part) => isFresh(part, observation.now),
          );
          const leaving = drainsBecause(decided, 'idle', 'expired', 'drifted').filter(
            (action) => action.pool === pool.name,
          );
          if (!certain) expect(leaving).toEqual([]);
          if (isFresh(observation.jobs, observation.now)) continue;
          const ceiling = observation.history.pools[pool.name]?.lastDesired;
          const desired = decided.pools.find((other) => other.pool === pool.name)?.desired.count;
          if (ceiling !== undefined) expect(desired).toBeLessThanOrEqual(Math.max(ceiling, pool.min));
        }
        if (!isFresh(observation.instances, observation.now)) expect(decided.actions).toEqual([]);
      }),
      RUNS,
    );
  });

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
          policy.pools.some((pool) => fits(kind.tags, pool)) ? all : [],
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
        expect(counted).toBe(policy.pools.some((pool) => fits(['linux'], pool)) ? count : 0);
      }),
      RUNS,
    );
  });

  it('is a function of its arguments: time comes only from the observation', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        const frozen = instant(observation.now);
        expect(plan({ ...observation, now: frozen }, policy)).toEqual(plan(observation, policy));
        expect(plan(observation, policy).at).toBe(observation.now);
      }),
      { numRuns: 200 },
    );
  });
});
