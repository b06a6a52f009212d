import { z } from 'zod';

import type { DecisionRecord, LaunchRequest, LaunchResult, LaunchShortfall } from '../../controller/ports.ts';
import type {
  History,
  HookHistory,
  InstanceHistory,
  LostJob,
  PoolHistory,
  RetriedJob,
  Shortfall,
  UnservedJob,
} from '../../engine/history.ts';
import type { Spending, Spent } from '../../engine/budget.ts';
import type { Cycle, DrainRequest, Instruction, Pause } from '../../engine/instruction.ts';
import type { JobsSeen } from '../../engine/jobs-seen.ts';
import type { LaunchTokens } from '../../engine/launch-pacing.ts';
import type { Offering } from '../../engine/pool.ts';
import type { Duration, Instant } from '../../engine/time.ts';
import { Document } from './document.ts';

/** Names every field of `T`, optional ones too, so that a new field cannot be forgotten here. */
type Fields<T> = { readonly [K in keyof T]-?: z.ZodType };

const moment = z.custom<Instant>((value) => Number.isFinite(value), 'expected an instant');
const duration = z.custom<Duration>((value) => Number.isFinite(value), 'expected a duration');

const offering = z.object({
  instanceType: z.string(),
  subnet: z.string().exactOptional(),
  market: z.enum(['spot', 'on-demand']),
  price: z.number().exactOptional(),
} satisfies Fields<Offering>);

const jobsSeen = z.object({
  count: z.number(),
  last: z.array(z.number()),
} satisfies Fields<JobsSeen>);

const hook = z.object({
  transition: z.enum(['launch', 'termination']),
  since: moment,
  beatAt: moment.optional(),
} satisfies Fields<HookHistory>);

/** What is `undefined` is absent once it is written. */
const instance = z.object({
  pool: z.string(),
  readyAt: moment.optional(),
  idleSince: moment.optional(),
  bootedFor: duration,
  managerMissingSince: moment.optional(),
  jobs: jobsSeen.optional(),
  interrupted: z.literal(true).optional(),
  hook: hook.optional(),
  bootFailed: z.literal(true).optional(),
  goneSince: moment.optional(),
} satisfies Fields<InstanceHistory>);

const pool = z.object({
  lastScaledAt: moment.exactOptional(),
  setbacks: z.number(),
  retryAt: moment.exactOptional(),
  lastDesired: z.number().exactOptional(),
} satisfies Fields<PoolHistory>);

const unservedJob = z.object({
  id: z.number(),
  pool: z.string(),
  since: moment,
  until: moment,
  times: z.number(),
} satisfies Fields<UnservedJob>);

const shortfall = z.object({
  pool: z.string(),
  offering: offering.exactOptional(),
  code: z.string(),
  at: moment,
} satisfies Fields<Shortfall>);

const lostJob = z.object({
  id: z.number(),
  project: z.number(),
  pool: z.string(),
  instance: z.string(),
  since: moment,
  begun: z.literal(true).exactOptional(),
  failures: z.number(),
  tryAt: moment.exactOptional(),
} satisfies Fields<LostJob>);

const retriedJob = z.object({ id: z.number(), at: moment } satisfies Fields<RetriedJob>);

const spent = z.object({
  day: z.string(),
  ofDay: z.number(),
  month: z.string(),
  ofMonth: z.number(),
} satisfies Fields<Spent>);

const spending = z.object({
  pools: z.record(z.string(), spent),
  fleet: spent.exactOptional(),
} satisfies Fields<Spending>);

const launchTokens = z.object({
  at: moment,
  requests: z.number(),
  instances: z.number(),
} satisfies Fields<LaunchTokens>);

const launchShortfall = z.object({
  offering: offering.exactOptional(),
  code: z.string(),
  message: z.string(),
} satisfies Fields<LaunchShortfall>);

/** The engine's memory. */
export const historyDocument = new Document<History>(
  'history',
  z.object({
    at: moment,
    instances: z.record(z.string(), instance),
    pools: z.record(z.string(), pool),
    unserved: z.array(unservedJob),
    shortfalls: z.array(shortfall),
    lost: z.array(lostJob).exactOptional(),
    retried: z.array(retriedJob).exactOptional(),
    spending: spending.exactOptional(),
    launchTokens: z.record(z.string(), launchTokens).exactOptional(),
  } satisfies Fields<History>),
);

/** A launch, frozen. */
export const requestDocument = new Document<LaunchRequest>(
  'launch request',
  z.object({
    launchId: z.string(),
    pool: z.string(),
    count: z.number(),
    offerings: z.array(offering),
    slots: z.number(),
    maxJobs: z.number().exactOptional(),
    generation: z.string(),
    template: z.object({ id: z.string(), version: z.string() }),
  } satisfies Fields<LaunchRequest>),
);

/** What a launch gave. */
export const resultDocument = new Document<LaunchResult>(
  'launch result',
  z.object({
    launched: z.array(z.object({ id: z.string(), offering })),
    ordered: z.number().exactOptional(),
    shortfalls: z.array(launchShortfall),
  } satisfies Fields<LaunchResult>),
);

const cycle = z.object({
  kind: z.literal('cycle'),
  pool: z.string(),
  startedAt: moment,
  batch: z.number(),
  surge: z.number().exactOptional(),
  minAvailable: z.number().exactOptional(),
  paused: z.literal(true).exactOptional(),
} satisfies Fields<Cycle>);

const drainRequest = z.object({
  kind: z.literal('drain'),
  instance: z.string(),
  at: moment,
  how: z.enum(['replace', 'shrink']),
} satisfies Fields<DrainRequest>);

const pause = z.object({ kind: z.literal('pause'), pool: z.string(), at: moment } satisfies Fields<Pause>);

/** What an operator has asked for. */
export const instructionDocument = new Document<Instruction>(
  'instruction',
  z.discriminatedUnion('kind', [cycle, drainRequest, pause]),
);

/** One decision, for the record. */
export const decisionDocument = new Document<DecisionRecord>(
  'decision',
  z.object({
    at: moment,
    pool: z.string(),
    summary: z.string(),
    steps: z.array(z.object({ rule: z.string(), from: z.number(), to: z.number() })),
    actions: z.array(z.string()),
  } satisfies Fields<DecisionRecord>),
);
