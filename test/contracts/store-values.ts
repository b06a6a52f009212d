import * as fc from 'fast-check';

import type {
  DecisionRecord,
  LaunchRequest,
  LaunchResult,
  LaunchShortfall,
} from '../../src/controller/ports.ts';
import type { Spending, Spent } from '../../src/engine/budget.ts';
import type {
  History,
  InstanceHistory,
  LostJob,
  PoolHistory,
  RetriedJob,
  Shortfall,
  UnservedJob,
} from '../../src/engine/history.ts';
import type { Cycle, DrainRequest, Instruction, Pause } from '../../src/engine/instruction.ts';
import type { LaunchTokens } from '../../src/engine/launch-pacing.ts';
import type { Offering } from '../../src/engine/pool.ts';
import { instant, milliseconds } from '../../src/engine/time.ts';

/** Names every field of `T`, optional ones too, so that a new field cannot be forgotten here. */
type Values<T> = { readonly [K in keyof T]-?: fc.Arbitrary<T[K]> };

// A value with another prototype than Object's could not come back as it was.
const plain = { noNullPrototype: true } as const;

const texts = fc.string({ unit: 'grapheme', maxLength: 12 });
const keys = texts.filter((text) => text !== '__proto__');
const numbers = fc
  .oneof(
    fc.nat(),
    fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 1e300),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  )
  // JSON has no negative zero.
  .map((number) => number + 0);

/** Any instant that a store can hold. */
export const instants = numbers.map(instant);

const offerings = fc.record(
  {
    instanceType: texts,
    subnet: texts,
    market: fc.constantFrom('spot', 'on-demand'),
    price: numbers,
  } satisfies Values<Offering>,
  { ...plain, requiredKeys: ['instanceType', 'market'] },
);

const instanceHistories = fc.record(
  {
    pool: texts,
    bootedFor: numbers.map(milliseconds),
    readyAt: instants,
    idleSince: instants,
    managerMissingSince: instants,
    jobs: fc.record({ count: numbers, last: fc.array(numbers) }, plain),
    interrupted: fc.constant(true as const),
    hook: fc.record(
      { transition: fc.constantFrom('launch', 'termination'), since: instants, beatAt: instants },
      { ...plain, requiredKeys: ['transition', 'since'] },
    ),
    bootFailed: fc.constant(true as const),
    goneSince: instants,
  } satisfies Values<InstanceHistory>,
  { ...plain, requiredKeys: ['pool', 'bootedFor'] },
);

const poolHistories = fc.record(
  {
    setbacks: numbers,
    lastScaledAt: instants,
    retryAt: instants,
    lastDesired: numbers,
  } satisfies Values<PoolHistory>,
  { ...plain, requiredKeys: ['setbacks'] },
);

const unservedJobs = fc.record(
  {
    id: numbers,
    pool: texts,
    since: instants,
    until: instants,
    times: numbers,
  } satisfies Values<UnservedJob>,
  plain,
);

const shortfalls = fc.record(
  { pool: texts, code: texts, at: instants, offering: offerings } satisfies Values<Shortfall>,
  { ...plain, requiredKeys: ['pool', 'code', 'at'] },
);

const lostJobs = fc.record(
  {
    id: numbers,
    project: numbers,
    pool: texts,
    instance: texts,
    since: instants,
    begun: fc.constant(true as const),
    failures: numbers,
    tryAt: instants,
  } satisfies Values<LostJob>,
  { ...plain, requiredKeys: ['id', 'project', 'pool', 'instance', 'since', 'failures'] },
);

const retriedJobs = fc.record({ id: numbers, at: instants } satisfies Values<RetriedJob>, plain);

const spents = fc.record(
  { day: texts, ofDay: numbers, month: texts, ofMonth: numbers } satisfies Values<Spent>,
  plain,
);

const spendings = fc.record(
  { pools: fc.dictionary(keys, spents, { ...plain, maxKeys: 3 }), fleet: spents } satisfies Values<Spending>,
  { ...plain, requiredKeys: ['pools'] },
);

const launchTokens = fc.record(
  { at: instants, requests: numbers, instances: numbers } satisfies Values<LaunchTokens>,
  plain,
);

/** Any history. */
export const histories = fc.record(
  {
    at: instants,
    instances: fc.dictionary(keys, instanceHistories, { ...plain, maxKeys: 5 }),
    pools: fc.dictionary(keys, poolHistories, { ...plain, maxKeys: 5 }),
    unserved: fc.array(unservedJobs, { maxLength: 3 }),
    shortfalls: fc.array(shortfalls, { maxLength: 3 }),
    lost: fc.array(lostJobs, { maxLength: 3 }),
    retried: fc.array(retriedJobs, { maxLength: 3 }),
    spending: spendings,
    launchTokens: fc.dictionary(keys, launchTokens, { ...plain, maxKeys: 3 }),
  } satisfies Values<History>,
  { ...plain, requiredKeys: ['at', 'instances', 'pools', 'unserved', 'shortfalls'] },
);

/** Any launch request; its launchId may be taken. */
export const launchRequests = fc.record(
  {
    launchId: texts,
    pool: texts,
    count: numbers,
    offerings: fc.array(offerings, { maxLength: 3 }),
    slots: numbers,
    maxJobs: numbers,
    generation: texts,
    template: fc.record({ id: texts, version: texts }, plain),
  } satisfies Values<LaunchRequest>,
  { ...plain, requiredKeys: ['launchId', 'pool', 'count', 'offerings', 'slots', 'generation', 'template'] },
);

const launchShortfalls = fc.record(
  { code: texts, message: texts, offering: offerings } satisfies Values<LaunchShortfall>,
  { ...plain, requiredKeys: ['code', 'message'] },
);

/** Any answer of a launch. */
export const launchResults = fc.record(
  {
    launched: fc.array(fc.record({ id: texts, offering: offerings }, plain), { maxLength: 3 }),
    ordered: numbers,
    shortfalls: fc.array(launchShortfalls, { maxLength: 3 }),
  } satisfies Values<LaunchResult>,
  { ...plain, requiredKeys: ['launched', 'shortfalls'] },
);

/** A few decisions. */
export const decisionLists = fc.array(
  fc.record(
    {
      at: instants,
      pool: texts,
      summary: texts,
      steps: fc.array(fc.record({ rule: texts, from: numbers, to: numbers }, plain), { maxLength: 3 }),
      actions: fc.array(texts, { maxLength: 3 }),
    } satisfies Values<DecisionRecord>,
    plain,
  ),
  { maxLength: 5 },
);

const cycles = fc.record(
  {
    kind: fc.constant('cycle' as const),
    pool: texts,
    startedAt: instants,
    batch: numbers,
    surge: numbers,
    minAvailable: numbers,
    paused: fc.constant(true as const),
  } satisfies Values<Cycle>,
  { ...plain, requiredKeys: ['kind', 'pool', 'startedAt', 'batch'] },
);

const drainRequests = fc.record(
  {
    kind: fc.constant('drain' as const),
    instance: texts,
    at: instants,
    how: fc.constantFrom('replace', 'shrink'),
  } satisfies Values<DrainRequest>,
  plain,
);

const pauses = fc.record(
  { kind: fc.constant('pause' as const), pool: texts, at: instants } satisfies Values<Pause>,
  plain,
);

/** Anything that an operator may ask for. */
export const anyInstruction: fc.Arbitrary<Instruction> = fc.oneof(cycles, drainRequests, pauses);
