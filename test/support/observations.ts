import fc from 'fast-check';
import { emptyHistory, type History, type InstanceHistory } from '../../src/engine/history.ts';
import type { Instance, Manager } from '../../src/engine/instance.ts';
import type { HeldJob, JobSnapshot, KindDemand } from '../../src/engine/job.ts';
import type { Observation, Part } from '../../src/engine/observation.ts';
import type { FleetPolicy, Offering, PoolPolicy } from '../../src/engine/pool.ts';
import {
  after,
  type Duration,
  type Instant,
  instant,
  milliseconds,
  minutes,
  seconds,
} from '../../src/engine/time.ts';

/** The moment at which all built observations are made. */
export const NOW = instant(Date.UTC(2026, 0, 5, 8));

export const OFFERING: Offering = { instanceType: 'm7i.large', subnet: 'subnet-a', market: 'spot' };

/** `duration` before `NOW`. */
export function ago(duration: Duration): Instant {
  return instant(NOW - duration);
}

/** A pool that runs jobs tagged `linux`, one a machine, up to ten, with nothing kept idle. */
export function aPool(over: Partial<PoolPolicy> = {}): PoolPolicy {
  return {
    name: 'linux',
    tags: ['linux'],
    runUntagged: false,
    slots: 1,
    min: 0,
    max: 10,
    surge: 1,
    idle: { slots: 0, time: minutes(5) },
    cooldown: seconds(30),
    bootTimeout: minutes(10),
    generation: 'g1',
    offerings: [OFFERING],
    split: { onDemandBase: 0, spotShare: 1, onDemandFallback: false },
    ...over,
  };
}

export function aPolicy(...pools: readonly PoolPolicy[]): FleetPolicy {
  return { pools, unservedAfter: minutes(2), orphanGrace: minutes(2), drainAlarm: minutes(2) };
}

export function anInstance(id: string, over: Partial<Instance> = {}): Instance {
  return {
    id,
    pool: 'linux',
    launchId: 'launch-1',
    state: 'running',
    launchedAt: ago(minutes(30)),
    slots: 1,
    generation: 'g1',
    offering: OFFERING,
    ...over,
  };
}

export function aManager(instance: string, over: Partial<Manager> = {}): Manager {
  return { systemId: `r_${instance}`, instance, firstSeenAt: ago(minutes(29)), active: false, ...over };
}

export function fresh<T>(value: T): Part<T> {
  return freshAt(value, NOW);
}

export function freshAt<T>(value: T, readAt: Instant): Part<T> {
  return { known: true, value, readAt, freshFor: seconds(45) };
}

/** The same answer, grown too old to act on. */
export function stale<T>(value: T): Part<T> {
  return {
    known: true,
    value,
    readAt: ago(minutes(5)),
    freshFor: seconds(45),
    failure: 'gitlab answered 500',
  };
}

/** `count` jobs with these tags, waiting since `queuedAt`. */
export function pending(
  count: number,
  tags: readonly string[] = ['linux'],
  queuedAt = ago(seconds(10)),
): KindDemand {
  return {
    kind: { project: 1, tags },
    pending: Array.from({ length: count }, (_, index) => ({ id: 1000 + index, queuedAt })),
  };
}

export function jobs(demand: readonly KindDemand[] = [], held: readonly HeldJob[] = []): JobSnapshot {
  return { demand, held, later: 0 };
}

/** What the memory says of an instance that has been idle for `idle`. */
export function idleFor(idle: Duration, over: Partial<InstanceHistory> = {}): InstanceHistory {
  return { pool: 'linux', readyAt: ago(idle), idleSince: ago(idle), bootedFor: seconds(40), ...over };
}

/** An observation of a quiet, freshly read, empty fleet. */
export function anObservation(over: Partial<Observation> = {}): Observation {
  return {
    now: NOW,
    jobs: fresh(jobs()),
    managers: { linux: fresh([]) },
    instances: fresh([]),
    unanswered: [],
    history: emptyHistory(NOW),
    ...over,
  };
}

const TAGS = ['linux', 'arm', 'gpu'] as const;

const anyPool = (name: string): fc.Arbitrary<PoolPolicy> =>
  fc
    .record({
      tags: fc.subarray([...TAGS]),
      runUntagged: fc.boolean(),
      slots: fc.integer({ min: 1, max: 4 }),
      min: fc.integer({ min: 0, max: 3 }),
      more: fc.integer({ min: 0, max: 8 }),
      surge: fc.integer({ min: 0, max: 2 }),
      idleSlots: fc.integer({ min: 0, max: 3 }),
      idleTime: fc.constantFrom(0, 60, 300),
      cooldown: fc.constantFrom(0, 30),
      maxAge: fc.constantFrom(undefined, 3600),
    })
    .map(({ more, idleSlots, idleTime, cooldown, maxAge, ...rest }) =>
      aPool({
        ...rest,
        name,
        max: rest.min + more,
        idle: { slots: idleSlots, time: seconds(idleTime) },
        cooldown: seconds(cooldown),
        ...(maxAge !== undefined && { maxAge: seconds(maxAge) }),
      }),
    );

/** Any policy of one to three pools. */
export const anyPolicy: fc.Arbitrary<FleetPolicy> = fc
  .integer({ min: 1, max: 3 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => anyPool(`pool-${index}`))))
  .map((pools) => aPolicy(...pools));

interface AnyMachine {
  readonly instance: Instance;
  readonly manager: Manager | undefined;
  readonly held: number;
  readonly remembered: InstanceHistory | undefined;
}

const anyMachine = (id: string, pools: readonly string[]): fc.Arbitrary<AnyMachine> =>
  fc
    .record({
      pool: fc.constantFrom(...pools),
      state: fc.constantFrom('pending', 'running', 'running', 'running', 'shutting-down', 'terminated'),
      slots: fc.integer({ min: 1, max: 4 }),
      generation: fc.constantFrom('g1', 'g1', 'g0'),
      age: fc.integer({ min: 0, max: 7200 }),
      drain: fc.constantFrom(undefined, undefined, undefined, 'idle', 'drifted'),
      interrupted: fc.constantFrom(false, false, false, true),
      life: fc.constantFrom('new', 'booting', 'idle', 'active', 'held', 'lost'),
      idle: fc.integer({ min: 0, max: 900 }),
      booted: fc.integer({ min: 0, max: 1200 }),
      heldJobs: fc.integer({ min: 1, max: 5 }),
    })
    .map((made): AnyMachine => {
      const ready = made.life !== 'new' && made.life !== 'booting';
      const present = ready && made.life !== 'lost';
      const idle = made.life === 'idle' || made.life === 'lost';
      return {
        instance: anInstance(id, {
          pool: made.pool,
          state: made.state,
          slots: made.slots,
          generation: made.generation,
          launchedAt: ago(seconds(made.age)),
          ...(made.drain !== undefined && { drain: { because: made.drain, at: ago(seconds(20)) } }),
          ...(made.interrupted && { interruption: { at: NOW } }),
        }),
        manager: present ? aManager(id, { active: made.life === 'active' }) : undefined,
        held: made.life === 'held' ? made.heldJobs : 0,
        remembered:
          made.life === 'new'
            ? undefined
            : {
                pool: made.pool,
                bootedFor: seconds(made.booted),
                ...(ready && { readyAt: ago(seconds(made.idle)) }),
                ...(idle && { idleSince: ago(seconds(made.idle)) }),
                ...(made.life === 'lost' && { managerMissingSince: ago(seconds(made.idle)) }),
              },
      };
    });

const anyDemand: fc.Arbitrary<readonly KindDemand[]> = fc
  .array(
    fc.record({
      project: fc.integer({ min: 1, max: 3 }),
      tags: fc.subarray([...TAGS]),
      ages: fc.array(fc.integer({ min: 0, max: 600 }), { maxLength: 6 }),
    }),
    { maxLength: 4 },
  )
  .map((kinds) => {
    let id = 100;
    const seen = new Map<string, KindDemand>();
    for (const { project, tags, ages } of kinds) {
      const waiting = ages.map((age) => ({ id: id++, queuedAt: ago(seconds(age)) }));
      seen.set(`${project}/${tags.join(',')}`, {
        kind: { project, tags: tags.toSorted() },
        pending: waiting,
      });
    }
    return [...seen.values()];
  });

const anyFreshness = fc.constantFrom('fresh', 'fresh', 'fresh', 'stale', 'unknown');

function partOf<T>(freshness: string, value: T): Part<T> {
  if (freshness === 'unknown') return { known: false, failure: 'not read yet' };
  return freshness === 'fresh' ? fresh(value) : stale(value);
}

/** A policy and an observation of a fleet under it, in any state that the readings can show. */
export const anySituation: fc.Arbitrary<{ readonly policy: FleetPolicy; readonly observation: Observation }> =
  anyPolicy.chain((policy) => {
    const pools = policy.pools.map(({ name }) => name);
    return fc
      .record({
        machines: fc
          .integer({ min: 0, max: 10 })
          .chain((count) =>
            fc.tuple(...Array.from({ length: count }, (_, index) => anyMachine(`i-${index}`, pools))),
          ),
        demand: anyDemand,
        jobs: anyFreshness,
        managers: anyFreshness,
        instances: anyFreshness,
        scaled: fc.integer({ min: 0, max: 60 }),
        setbacks: fc.constantFrom(0, 0, 0, 2),
        lastDesired: fc.constantFrom(undefined, 0, 1, 4),
      })
      .map((made) => ({ policy, observation: observationOf(pools, made) }));
  });

interface Made {
  readonly machines: readonly AnyMachine[];
  readonly demand: readonly KindDemand[];
  readonly jobs: string;
  readonly managers: string;
  readonly instances: string;
  readonly scaled: number;
  readonly setbacks: number;
  readonly lastDesired: number | undefined;
}

function observationOf(pools: readonly string[], made: Made): Observation {
  let job = 1;
  const held = made.machines.flatMap(({ instance, held: count }) =>
    Array.from({ length: count }, () => ({ id: job++, project: 1, instance: instance.id })),
  );
  const managers = (pool: string): readonly Manager[] =>
    made.machines.flatMap(({ instance, manager }) =>
      instance.pool === pool && manager !== undefined ? [manager] : [],
    );
  return anObservation({
    jobs: partOf(made.jobs, jobs(made.demand, held)),
    managers: Object.fromEntries(pools.map((pool) => [pool, partOf(made.managers, managers(pool))])),
    instances: partOf(
      made.instances,
      made.machines.map(({ instance }) => instance),
    ),
    history: historyOf(pools, made),
  });
}

function historyOf(pools: readonly string[], made: Made): History {
  return {
    ...emptyHistory(ago(seconds(15))),
    instances: Object.fromEntries(
      made.machines.flatMap(({ instance, remembered }) =>
        remembered === undefined ? [] : [[instance.id, remembered]],
      ),
    ),
    pools: Object.fromEntries(
      pools.map((pool) => [
        pool,
        {
          setbacks: made.setbacks,
          lastScaledAt: ago(seconds(made.scaled)),
          ...(made.setbacks > 0 && { retryAt: after(NOW, milliseconds(20_000)) }),
          ...(made.lastDesired !== undefined && { lastDesired: made.lastDesired }),
        },
      ]),
    ),
  };
}
