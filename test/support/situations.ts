import fc from 'fast-check';
import { emptyHistory, type History, type InstanceHistory } from '../../src/engine/history.ts';
import type { GroupReading, Membership } from '../../src/engine/group.ts';
import type { DrainReason, Instance, Manager } from '../../src/engine/instance.ts';
import { type Instruction, keyOf } from '../../src/engine/instruction.ts';
import type { KindDemand } from '../../src/engine/job.ts';
import type { Observation, Part } from '../../src/engine/observation.ts';
import type { FleetPolicy, PoolPolicy } from '../../src/engine/pool.ts';
import { after, milliseconds, seconds } from '../../src/engine/time.ts';
import { anyOwnRunner, enrolledOf, type OwnRunner } from './own-runner-situations.ts';
import { anyGroupPolicy, anyMembership, anyReadings, hookHistoryOf } from './group-situations.ts';
import {
  ago,
  aManager,
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  jobs,
  NOW,
  stale,
} from './observations.ts';

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
      kept: fc.integer({ min: 0, max: 3 }),
      maxJobs: fc.constantFrom(undefined, undefined, 1, 3),
      idleSlots: fc.integer({ min: 0, max: 3 }),
      idleTime: fc.constantFrom(0, 60, 300),
      cooldown: fc.constantFrom(0, 30),
      maxAge: fc.constantFrom(undefined, 3600),
      isolated: fc.constantFrom(undefined, true as const),
      group: anyGroupPolicy,
    })
    .map(({ more, idleSlots, idleTime, cooldown, maxAge, maxJobs, kept, isolated, group, ...rest }) =>
      aPool({
        ...rest,
        name,
        max: rest.min + more,
        // Without a surge one must be allowed to be missing: the configuration refuses anything else.
        minAvailable: Math.max(0, Math.min(kept, rest.surge === 0 ? rest.min - 1 : rest.min)),
        ...(maxJobs !== undefined && { maxJobs, slots: 1 }),
        idle: { slots: idleSlots, time: seconds(idleTime) },
        cooldown: seconds(cooldown),
        ...(maxAge !== undefined && { maxAge: seconds(maxAge) }),
        ...(isolated !== undefined && { isolated }),
        ...(group !== undefined && { group }),
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

interface MadeMachine {
  readonly pool: string;
  readonly life: string;
  readonly maxJobs: number | undefined;
  readonly ran: number;
  readonly idle: number;
  readonly booted: number;
}

/** One that its group takes, and whose manager is gone, has drained. */
function drainOf({
  drain,
  life,
  membership,
}: Pick<MadeMachine, 'life'> & {
  readonly drain: DrainReason | undefined;
  readonly membership: Membership | undefined;
}): Pick<Instance, 'drain'> {
  const taken = membership?.hook === 'termination' || membership?.retained === true;
  const because = drain ?? (taken && life === 'lost' ? 'asked' : undefined);
  return because === undefined ? {} : { drain: { because, at: ago(seconds(20)) } };
}

/** A pass remembers first, so that it knows of every hook. */
function rememberedOf(made: MadeMachine & { readonly membership: Membership | undefined }) {
  const hook = hookHistoryOf(made.membership);
  if (made.life === 'new' && hook === undefined) return undefined;
  return {
    ...memoryOf({ ...made, life: made.life === 'new' ? 'booting' : made.life }),
    ...(hook !== undefined && { hook }),
  };
}

function memoryOf({ pool, life, maxJobs, ran, idle, booted }: MadeMachine): InstanceHistory {
  const isIdle = life === 'idle' || life === 'lost';
  return {
    pool,
    bootedFor: seconds(booted),
    ...(life !== 'booting' && { readyAt: ago(seconds(idle)) }),
    ...(maxJobs !== undefined && ran > 0 && { jobs: { count: ran, last: [ran] } }),
    ...(isIdle && { idleSince: ago(seconds(idle)) }),
    ...(life === 'lost' && { managerMissingSince: ago(seconds(idle)) }),
  };
}

const anyMachine = (id: string, pools: readonly string[]): fc.Arbitrary<AnyMachine> =>
  fc
    .record({
      pool: fc.constantFrom(...pools),
      state: fc.constantFrom('pending', 'running', 'running', 'running', 'shutting-down', 'terminated'),
      slots: fc.integer({ min: 1, max: 4 }),
      generation: fc.constantFrom('g1', 'g1', 'g0'),
      age: fc.integer({ min: 0, max: 7200 }),
      drain: fc.constantFrom(undefined, undefined, undefined, 'idle', 'drifted', 'asked'),
      maxJobs: fc.constantFrom(undefined, undefined, 1, 3),
      ran: fc.integer({ min: 0, max: 3 }),
      interrupted: fc.constantFrom(
        undefined,
        undefined,
        undefined,
        'interruption' as const,
        'rebalance' as const,
      ),
      membership: anyMembership,
      life: fc.constantFrom('new', 'booting', 'idle', 'active', 'held', 'lost'),
      idle: fc.integer({ min: 0, max: 900 }),
      booted: fc.integer({ min: 0, max: 1200 }),
      heldJobs: fc.integer({ min: 1, max: 5 }),
    })
    .map((made): AnyMachine => {
      const ready = made.life !== 'new' && made.life !== 'booting';
      const present = ready && made.life !== 'lost';
      return {
        instance: anInstance(id, {
          pool: made.pool,
          state: made.state,
          slots: made.slots,
          ...(made.maxJobs !== undefined && { maxJobs: made.maxJobs, slots: 1 }),
          generation: made.generation,
          launchedAt: ago(seconds(made.age)),
          ...drainOf(made),
          ...(made.interrupted !== undefined && { interruption: { kind: made.interrupted, at: NOW } }),
          ...(made.membership !== undefined && { membership: made.membership }),
        }),
        manager: present ? aManager(id, { active: made.life === 'active' }) : undefined,
        held: made.life === 'held' ? made.heldJobs : 0,
        remembered: rememberedOf(made),
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

/** A cycle within what the command line accepts, or none. */
const anyCycle = ({ name, min, surge, minAvailable }: PoolPolicy): fc.Arbitrary<readonly Instruction[]> =>
  fc
    .record({
      age: fc.integer({ min: 0, max: 7200 }),
      batch: fc.integer({ min: 1, max: 3 }),
      surge: fc.constantFrom(undefined, 0, 1, 3),
      kept: fc.constantFrom(undefined, 0, 1, 3),
      paused: fc.constantFrom(undefined, true as const),
    })
    .map(({ age, batch, paused, ...made }) => {
      const room = made.surge ?? surge;
      const most = Math.max(0, room === 0 ? min - 1 : min);
      const kept = Math.min(made.kept ?? minAvailable, most);
      return [
        {
          kind: 'cycle' as const,
          pool: name,
          startedAt: ago(seconds(age)),
          batch,
          ...(made.surge !== undefined && { surge: made.surge }),
          ...(kept !== minAvailable && { minAvailable: kept }),
          ...(paused !== undefined && { paused }),
        },
      ];
    });

const anyDrainRequest: fc.Arbitrary<Instruction> = fc.record({
  kind: fc.constant('drain' as const),
  instance: fc.constantFrom('i-0', 'i-1', 'i-2', 'i-gone'),
  at: fc.constant(ago(seconds(30))),
  how: fc.constantFrom('replace', 'shrink'),
});

/** What operators may have asked for; mostly nothing. */
function anyInstructions({ pools }: FleetPolicy): fc.Arbitrary<readonly Instruction[]> {
  const none: fc.Arbitrary<readonly Instruction[]> = fc.constant([]);
  return fc
    .tuple(
      fc.uniqueArray(anyDrainRequest, { maxLength: 2, selector: keyOf }),
      ...pools.map((pool) => fc.oneof(none, anyCycle(pool))),
    )
    .map((lists) => lists.flat());
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
        instructions: anyInstructions(policy),
        groups: anyReadings(policy),
        own: fc.option(fc.array(anyOwnRunner(pools), { maxLength: 4 }), { nil: undefined }),
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
  readonly instructions: readonly Instruction[];
  readonly groups: Readonly<Record<string, GroupReading>>;
  readonly own: readonly OwnRunner[] | undefined;
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
    groups: made.groups,
    ...(made.instructions.length > 0 && { instructions: made.instructions }),
    ...(made.own !== undefined && { enrolled: enrolledOf(pools, made.own) }),
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
