import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  aManager,
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  freshAt,
  jobs,
  NOW,
} from '../../test/support/observations.ts';
import { anySituation } from '../../test/support/situations.ts';
import { isAvailable, viewsByPool } from './capacity.ts';
import { emptyHistory, type History } from './history.ts';
import type { Instance } from './instance.ts';
import { type Cycle, cycleOf, drainRequestOf } from './instruction.ts';
import type { Observation } from './observation.ts';
import { afterwards, type Outcome } from './outcome.ts';
import { plan, type Plan } from './plan.ts';
import type { FleetPolicy, PoolPolicy } from './pool.ts';
import { remember } from './remember.ts';
import { after, seconds } from './time.ts';

/** A machine of a small fleet in steps of a minute. */
interface Machine {
  readonly instance: Instance;
  /** Minutes until it is ready. */
  readonly boots: number;
  /** Minutes until its job has ended. */
  readonly works: number;
}

interface Fleet {
  readonly machines: readonly Machine[];
  /** Until it is done. */
  readonly cycle: Cycle | undefined;
  readonly history: History;
  readonly minute: number;
}

const BOOT = 2;

function observe({ machines, cycle, history, minute }: Fleet, policy: FleetPolicy): Observation {
  const now = after(NOW, seconds(60 * minute));
  const ready = machines.filter(({ boots }) => boots === 0);
  const held = machines
    .filter(({ works }) => works > 0)
    .map(({ instance }, id) => ({ id, project: 1, instance: instance.id }));
  const readings = {
    now,
    jobs: freshAt(jobs([], held), now),
    instances: freshAt(
      machines.map(({ instance }) => instance),
      now,
    ),
    managers: {
      linux: freshAt(
        ready.map(({ instance }) => aManager(instance.id)),
        now,
      ),
    },
    unanswered: [],
    ...(cycle !== undefined && { instructions: [cycle] }),
  };
  return anObservation({ ...readings, history: remember(history, readings, policy) });
}

function bought({ generation, slots }: PoolPolicy, decided: Plan): readonly Machine[] {
  return decided.actions.flatMap((action, order) =>
    action.do !== 'launch'
      ? []
      : Array.from({ length: action.count }, (_, index) => ({
          instance: anInstance(`i-${decided.at}-${order}-${index}`, {
            launchedAt: decided.at,
            generation,
            slots,
          }),
          boots: BOOT,
          works: 0,
        })),
  );
}

/** The fleet a minute after the plan was carried out. */
function next(fleet: Fleet, decided: Plan, pool: PoolPolicy): Fleet {
  const drained = new Map(
    decided.actions.flatMap((action) =>
      action.do === 'drain' ? [[action.instance, action.because] as const] : [],
    ),
  );
  const ended = new Set(
    decided.actions.flatMap((action) => (action.do === 'terminate' ? [action.instance] : [])),
  );
  const machines = [...fleet.machines, ...bought(pool, decided)]
    .filter(({ instance }) => !ended.has(instance.id))
    .map((machine): Machine => {
      const because = drained.get(machine.instance.id);
      const drain = because === undefined ? machine.instance.drain : { because, at: decided.at };
      return {
        instance: { ...machine.instance, ...(drain !== undefined && { drain }) },
        boots: Math.max(0, machine.boots - 1),
        works: Math.max(0, machine.works - 1),
      };
    })
    .filter(({ instance, works }) => instance.drain === undefined || works > 0);
  const outcomes = decided.actions.map((action): Outcome => ({ action, done: true, launched: ['i'] }));
  const { cycle } = fleet;
  const isDone = machines.every(({ instance }) => instance.launchedAt >= (cycle?.startedAt ?? NOW));
  return {
    machines,
    cycle: isDone ? undefined : cycle,
    history: afterwards(decided.history, outcomes, decided.at),
    minute: fleet.minute + 1,
  };
}

const available = (observation: Observation): number =>
  (viewsByPool(observation).get('linux') ?? []).filter(isAvailable).length;

/** A pool that can replace its instances, and how busy those are that it has. */
const anyOldFleet = fc
  .record({
    wish: fc.integer({ min: 0, max: 3 }),
    min: fc.integer({ min: 0, max: 6 }),
    more: fc.integer({ min: 0, max: 4 }),
    kept: fc.integer({ min: 0, max: 6 }),
    works: fc.array(fc.constantFrom(0, 0, 1, 5, 9), { minLength: 6, maxLength: 6 }),
    why: fc.constantFrom('drift', 'age', 'cycle'),
    batch: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ wish, min, more, kept, works, why, batch }) => {
    const max = min + more;
    const surge = Math.min(wish, max);
    const minAvailable = Math.max(0, Math.min(kept, surge === 0 ? min - 1 : min));
    const cycle: Cycle = { kind: 'cycle', pool: 'linux', startedAt: NOW, batch, surge, minAvailable };
    const pool = aPool({
      min,
      max,
      // What the cycle says holds while it goes on.
      ...(why === 'cycle' ? { surge: 0, minAvailable: 0 } : { surge, minAvailable }),
      generation: 'g2',
      idle: { slots: 0, time: seconds(60) },
      ...(why === 'age' && { maxAge: seconds(3600) }),
    });
    const old = { generation: why === 'drift' ? 'g1' : 'g2', launchedAt: after(NOW, seconds(-7200)) };
    const machines = works
      .slice(0, min)
      .map((left, index): Machine => ({ instance: anInstance(`i-${index}`, old), boots: 0, works: left }));
    return { pool, machines, limits: { surge, minAvailable }, cycle: why === 'cycle' ? cycle : undefined };
  });

describe('replacing old instances', () => {
  it('comes to its end, and never leaves fewer ready ones than minAvailable', () => {
    fc.assert(
      fc.property(anyOldFleet, ({ pool, machines, limits, cycle }) => {
        const policy = aPolicy(pool);
        const names = new Set(machines.map(({ instance }) => instance.id));
        let fleet: Fleet = { machines, cycle, history: emptyHistory(NOW), minute: 0 };
        for (let pass = 0; pass < 100; pass++) {
          const observation = observe(fleet, policy);
          expect(available(observation)).toBeGreaterThanOrEqual(limits.minAvailable);
          expect(fleet.machines.length).toBeLessThanOrEqual(pool.max + limits.surge);
          fleet = next(fleet, plan(observation, policy), pool);
        }
        expect(fleet.machines.filter(({ instance }) => names.has(instance.id))).toEqual([]);
        expect(fleet.machines.length).toBeGreaterThanOrEqual(pool.min);
        // Where age matters the new ones are being replaced by now.
        expect(pool.maxAge !== undefined || fleet.machines.length === pool.min).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('takes none in one plan that would leave fewer, whatever else leaves', () => {
    fc.assert(
      fc.property(anySituation, ({ policy, observation }) => {
        plan(observation, policy).pools.forEach(({ views, actions }, index) => {
          const leaving = new Map(
            actions.flatMap((action) => ('instance' in action ? [[action.instance, action] as const] : [])),
          );
          const { instructions = [] } = observation;
          const replaced = (id: string): boolean => {
            const action = leaving.get(id);
            if (action?.do !== 'drain') return false;
            if (action.because === 'asked') return drainRequestOf(instructions, id)?.how === 'replace';
            return action.because === 'expired' || action.because === 'drifted';
          };
          const ready = views.filter(isAvailable);
          const stay = ready.filter(({ instance }) => !leaving.has(instance.id)).length;
          const configured = policy.pools[index];
          const cycle = cycleOf(instructions, configured?.name ?? '');
          const least = cycle?.minAvailable ?? configured?.minAvailable ?? 0;
          const some = ready.some(({ instance }) => replaced(instance.id));
          expect(!some || stay >= least).toBe(true);
        });
      }),
      { numRuns: 2000 },
    );
  });
});
