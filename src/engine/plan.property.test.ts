import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carryOut, later, launches } from '../../test/support/carry-out.ts';
import {
  aManager,
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  freshAt,
  pending,
  stale,
} from '../../test/support/observations.ts';
import { anyLimitedSituation as anySituation, unshared } from '../../test/support/limit-situations.ts';
import { viewsByPool } from './capacity.ts';
import { isFresh, lastKnown, type Observation } from './observation.ts';
import { NO_JOBS } from './job.ts';
import type { Action } from './action.ts';
import { drainRequestOf } from './instruction.ts';
import { plan, type Plan } from './plan.ts';
import type { PoolPlan } from './pool-plan.ts';
import type { FleetPolicy } from './pool.ts';
import { instant } from './time.ts';

const RUNS = { numRuns: 2000 };

function eachPool(decided: Plan, policy: FleetPolicy, check: (plan: PoolPlan, index: number) => void): void {
  expect(decided.pools).toHaveLength(policy.pools.length);
  decided.pools.forEach(check);
}

const drainsBecause = (decided: Plan, ...reasons: readonly string[]): readonly Action[] =>
  decided.actions.filter((action) => action.do === 'drain' && reasons.includes(action.because));

const instancesOf = (actions: readonly Action[]): readonly string[] =>
  actions.flatMap((action) => ('instance' in action ? [action.instance] : []));

/** Members that their group ends or has let go of. */
const takenByGroup = ({ instances }: Observation): ReadonlySet<string> =>
  new Set(
    lastKnown(instances, [])
      .filter(({ membership }) => membership?.hook === 'termination' || membership?.retained === true)
      .map(({ id }) => id),
  );

/** A factor follows the jobs of its pool, which may be others where another pool has more room. */
const withoutFactor = (policy: FleetPolicy): FleetPolicy => ({
  ...policy,
  pools: policy.pools.map(({ idle: { slots, time }, ...pool }) => ({ ...pool, idle: { slots, time } })),
});

const backwards = <T>(list: readonly T[]): readonly T[] => list.toReversed();

describe('laws of the plan', () => {
  it('1: desired is a whole number between min and max', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        eachPool(plan(observation, policy), policy, ({ desired, limits, budgets }, index) => {
          const pool = policy.pools[index];
          const { steps } = desired;
          expect(Number.isInteger(desired.count)).toBe(true);
          // No more than can be paid for, or than all pools may have.
          const isShort =
            steps.some(({ rule }) => rule === 'fleet max') || budgets.some(({ period }) => period === 'hour');
          expect(desired.count).toBeGreaterThanOrEqual(isShort ? 0 : limits.min);
          expect(desired.count).toBeLessThanOrEqual(limits.max);
          const scheduled = (pool?.schedules ?? []).map((schedule) => schedule.max ?? schedule.min ?? 0);
          expect(limits.max).toBeLessThanOrEqual(Math.max(pool?.max ?? Number.NaN, ...scheduled));
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
        const after = carryOut(observation, decided, policy);
        const next = plan(after, policy);
        // An order held up a replacement, and was then not needed: without it the replacement goes on. And what ends
        // makes room under a limit that pools share.
        const madeRoom = decided.actions.some(({ do: what }) =>
          ['cancel', 'terminate', 'complete'].includes(what),
        );
        const last = madeRoom ? plan(carryOut(after, next, policy), policy) : next;
        expect(last.actions).toEqual([]);
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
        const spared = plan(observation, policy).actions.flatMap((action) =>
          action.do === 'terminate' || (action.do === 'drain' && action.because === 'idle')
            ? [action.instance]
            : [],
        );
        expect(spared.filter((instance) => busy.has(instance))).toEqual([]);
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
      fc.property(situation, ([{ policy: limited, observation }, more, tags]) => {
        const policy = unshared(limited);
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
      fc.property(anySituation, fc.integer({ min: 1, max: 4 }), ({ policy: limited, observation }, more) => {
        fc.pre(observation.instances.known);
        const policy = withoutFactor(unshared(limited));
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
        const { instructions } = observation;
        const shuffled: Observation = {
          ...observation,
          ...(instructions !== undefined && { instructions: backwards(instructions) }),
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

  it('9: doubt never scales in', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        const decided = plan(observation, policy);
        const doubtful = policy.pools.filter((pool) =>
          [observation.jobs, observation.managers[pool.name], observation.instances].some(
            (part) => !isFresh(part, observation.now),
          ),
        );
        // What somebody wants gone now, or its group takes, whatever stays, is no doubt of ours.
        const { instructions = [] } = observation;
        const taken = takenByGroup(observation);
        const leaving = drainsBecause(decided, 'idle', 'expired', 'drifted', 'asked')
          .filter(
            (action) =>
              action.do === 'drain' &&
              !taken.has(action.instance) &&
              drainRequestOf(instructions, action.instance)?.how !== 'shrink',
          )
          .map(({ pool }) => pool);
        expect(doubtful.filter(({ name }) => leaving.includes(name))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('9: stale demand never raises desired, and unread instances stop everything', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        const unread = { ...observation, instances: stale(lastKnown(observation.instances, [])) };
        expect(plan(unread, policy).actions).toEqual([]);
        const blind = { ...observation, jobs: stale(lastKnown(observation.jobs, NO_JOBS)) };
        eachPool(plan(blind, policy), policy, ({ pool, desired, limits }) => {
          const ceiling = observation.history.pools[pool]?.lastDesired ?? Number.POSITIVE_INFINITY;
          expect(desired.count).toBeLessThanOrEqual(Math.max(ceiling, limits.min));
        });
      }),
      RUNS,
    );
  });

  it('10: what is asked for by command, or by a group, is done to nobody else', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        const { instructions = [] } = observation;
        const asked = instancesOf(drainsBecause(plan(observation, policy), 'asked'));
        const taken = takenByGroup(observation);
        const others = asked.filter((id) => drainRequestOf(instructions, id) === undefined);
        expect(others.filter((id) => !taken.has(id))).toEqual([]);
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
