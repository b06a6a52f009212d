import fc from 'fast-check';
import type { Budget, Spent } from '../../src/engine/budget.ts';
import type { History } from '../../src/engine/history.ts';
import type { Instruction } from '../../src/engine/instruction.ts';
import type { FleetPolicy, PoolPolicy } from '../../src/engine/pool.ts';
import type { Period, Schedule } from '../../src/engine/schedule.ts';
import { ago, NOW, OFFERING } from './observations.ts';
import { seconds } from '../../src/engine/time.ts';
import { anySituation } from './situations.ts';

const upTo = (last: number, first = 0): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** Every minute there is. */
export const ALWAYS: Period = {
  minutes: upTo(59),
  hours: upTo(23),
  days: upTo(31, 1),
  months: upTo(12, 1),
  weekdays: upTo(6),
  eitherDay: false,
};

const never: Period = { ...ALWAYS, months: [] };

const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 3 }, { arbitrary, weight: 1 });

const anyBudget: fc.Arbitrary<Budget> = fc
  .record({
    hour: seldom(fc.constantFrom(0.1, 0.35, 2)),
    day: seldom(fc.constantFrom(1, 5)),
    month: seldom(fc.constantFrom(1, 50)),
  })
  .map(({ hour, day, month }) => ({
    ...(hour !== undefined && { hour }),
    ...(day !== undefined && { day }),
    ...(month !== undefined && { month }),
    timeZone: 'UTC',
    idleUntil: 0.8,
    onDemandUntil: 0.9,
  }));

const anySchedule: fc.Arbitrary<Schedule> = fc
  .record({
    periods: fc.constantFrom([ALWAYS], [never], [never, ALWAYS]),
    slots: fc.constantFrom(undefined, 0, 2),
    min: fc.constantFrom(undefined, 0, 2),
    more: fc.constantFrom(undefined, 0, 4),
  })
  .map(({ periods, slots, min, more }) => ({
    name: 'a schedule',
    periods,
    timeZone: 'UTC',
    ...(slots !== undefined && { idle: { slots } }),
    ...(min !== undefined && { min }),
    ...(more !== undefined && { max: (min ?? 3) + more }),
  }));

/** A pool with schedules, caps, a budget and a factor, or without. */
const withLimits = (pool: PoolPolicy): fc.Arbitrary<PoolPolicy> =>
  fc
    .record({
      schedules: seldom(fc.array(anySchedule, { minLength: 1, maxLength: 2 })),
      caps: seldom(fc.constantFrom({ of: { 1: 1 } }, { others: 2, of: {} })),
      budget: seldom(anyBudget),
      place: fc.constantFrom(undefined, 'here', 'there'),
      factor: fc.constantFrom(undefined, undefined, 0.5, 1),
    })
    .map(({ schedules, caps, budget, place, factor }) => ({
      ...pool,
      offerings: [{ ...OFFERING, price: 0.1 }],
      ...(schedules !== undefined && { schedules }),
      ...(caps !== undefined && { projectCaps: caps }),
      ...(budget !== undefined && { budget }),
      ...(place !== undefined && { place }),
      idle: { ...pool.idle, ...(factor !== undefined && { factor, minimum: 0 }) },
    }));

/** Pools that share a limit, or do not. */
const withSharedLimits = (policy: FleetPolicy): fc.Arbitrary<FleetPolicy> =>
  fc
    .record({ max: seldom(fc.integer({ min: 0, max: 8 })), budget: seldom(anyBudget) })
    .map(({ max, budget }) => ({
      ...policy,
      ...(max !== undefined && { max }),
      ...(budget !== undefined && { budget }),
      launchLimits: {
        there: { requests: { most: 2, perSecond: 1 }, instances: { most: 3, perSecond: 1 } },
      },
    }));

/** Without what pools share, so that what one does is no matter of another. */
export function unshared({
  max: _max,
  budget: _budget,
  launchLimits: _limits,
  ...policy
}: FleetPolicy): FleetPolicy {
  return { ...policy, pools: policy.pools.map(({ place: _place, ...pool }) => pool) };
}

/** Pools that were told to buy nothing. */
const anyPauses = ({ pools }: FleetPolicy): fc.Arbitrary<readonly Instruction[]> =>
  fc
    .tuple(
      ...pools.map(({ name }) =>
        seldom(fc.constant({ kind: 'pause' as const, pool: name, at: ago(seconds(90)) })),
      ),
    )
    .map((all) => all.filter((one) => one !== undefined));

const anySpent: fc.Arbitrary<Spent> = fc
  .record({ ofDay: fc.constantFrom(0, 0.85, 0.95, 4), more: fc.constantFrom(0, 20) })
  .map(({ ofDay, more }) => ({
    day: new Date(NOW).toISOString().slice(0, 10),
    ofDay,
    month: new Date(NOW).toISOString().slice(0, 7),
    ofMonth: ofDay + more,
  }));

/** What was spent and launched before. */
const anyUse = ({ pools }: FleetPolicy): fc.Arbitrary<Pick<History, 'spending' | 'launchTokens'>> =>
  fc
    .record({
      fleet: anySpent,
      pools: fc.tuple(...pools.map(({ name }) => anySpent.map((spent) => [name, spent] as const))),
      tokens: fc.record({
        requests: fc.integer({ min: 0, max: 2 }),
        instances: fc.integer({ min: 0, max: 3 }),
      }),
    })
    .map((made) => ({
      spending: { pools: Object.fromEntries(made.pools), fleet: made.fleet },
      launchTokens: { there: { at: NOW, ...made.tokens } },
    }));

/** Any situation, in which schedules, budgets, caps, pauses and limits on launches may bind as well. */
export const anyLimitedSituation: typeof anySituation = anySituation.chain(({ policy, observation }) =>
  fc
    .tuple(...policy.pools.map(withLimits))
    .chain((pools) => withSharedLimits({ ...policy, pools }))
    .chain((limited) =>
      fc.record({ use: anyUse(limited), pauses: anyPauses(limited) }).map(({ use, pauses }) => ({
        policy: limited,
        observation: {
          ...observation,
          instructions: [...(observation.instructions ?? []), ...pauses],
          history: { ...observation.history, ...use },
        },
      })),
    ),
);
