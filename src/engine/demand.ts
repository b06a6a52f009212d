import type { InstanceView } from './capacity.ts';
import type { UnservedJob } from './history.ts';
import { fits, type KindDemand, NO_JOBS, type PendingJob } from './job.ts';
import { isFresh, lastKnown, type Observation } from './observation.ts';
import type { FleetPolicy, PoolPolicy } from './pool.ts';
import { after, backoff, type Duration, elapsed, type Instant, minutes } from './time.ts';

/** What waits for one pool. */
export interface PoolDemand {
  /** Pending jobs that count: each in exactly one pool. */
  readonly pending: number;
  /** Since when the oldest of them waits. */
  readonly oldestSince?: Instant;
  /** Pending jobs that GitLab does not hand out although a fitting slot is free; they do not count. */
  readonly unserved: readonly UnservedJob[];
}

const UNSERVED_WAIT = minutes(5);
const LONGEST_UNSERVED_WAIT = minutes(120);

interface Tally {
  pending: number;
  oldestSince?: Instant;
  unserved: UnservedJob[];
}

interface Candidate {
  readonly pool: PoolPolicy;
  readonly tally: Tally;
  /** Jobs that the pool can still take: its free and booting slots, and what it may buy. */
  room: number;
  /** By fresh readings it has had a free instance for so long that GitLab should have used it. */
  readonly waits: boolean;
}

/** Why a pool cannot take more although its limits would allow it. */
function blocked(pool: PoolPolicy, observation: Observation): boolean {
  const { history, unlisted, now } = observation;
  const retryAt = history.pools[pool.name]?.retryAt;
  // While its own region does not answer, another pool may stand in.
  const away = unlisted?.[pool.name] !== undefined && !isFresh(unlisted[pool.name], now);
  return away || (retryAt !== undefined && now < retryAt);
}

function candidate(
  pool: PoolPolicy,
  live: readonly InstanceView[],
  observation: Observation,
  unservedAfter: Duration,
): Candidate {
  const { now, jobs, managers } = observation;
  const offered = live.reduce(
    (sum, view) =>
      sum + (view.phase === 'launching' || view.phase === 'booting' ? view.instance.slots : view.freeSlots),
    0,
  );
  const growth = blocked(pool, observation) ? 0 : Math.max(0, pool.max - live.length) * pool.slots;
  const hasWaited = ({ phase, idleSince }: InstanceView): boolean =>
    phase === 'idle' && idleSince !== undefined && elapsed(idleSince, now) >= unservedAfter;
  return {
    pool,
    tally: { pending: 0, unserved: [] },
    room: offered + growth,
    waits: isFresh(jobs, now) && isFresh(managers[pool.name], now) && live.some(hasWaited),
  };
}

function unservedAgain(
  job: PendingJob,
  pool: string,
  before: UnservedJob | undefined,
  now: Instant,
): UnservedJob {
  const times = (before?.times ?? 0) + 1;
  const until = after(now, backoff(UNSERVED_WAIT, times, LONGEST_UNSERVED_WAIT));
  return { id: job.id, pool, since: before?.since ?? now, until, times };
}

function count(job: PendingJob, { tally }: Candidate): void {
  tally.pending += 1;
  if (tally.oldestSince === undefined || job.queuedAt < tally.oldestSince) tally.oldestSince = job.queuedAt;
}

/** Takes one slot a call: of the first candidate that has room, and of the first of all when none has. */
function taking(candidates: readonly [Candidate, ...Candidate[]]): () => Candidate {
  // Room only shrinks, so nobody who was full is looked at again.
  let next = 0;
  return () => {
    while (candidates[next]?.room === 0) next += 1;
    const taker = candidates[next] ?? candidates[0];
    taker.room = Math.max(0, taker.room - 1);
    return taker;
  };
}

const sortKey = ({ kind }: KindDemand): string => `${kind.project}\u0000${kind.tags.join('\u0000')}`;

/** Kinds in an order of their own, so that the input's order cannot matter. */
function sorted(demand: readonly KindDemand[]): readonly KindDemand[] {
  return demand.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

interface Circumstances {
  readonly now: Instant;
  readonly unservedAfter: Duration;
  readonly remembered: ReadonlyMap<number, UnservedJob>;
}

/** Counts the jobs of one kind; `fitting` are the pools that serve it, in the order of the configuration. */
function countKind(
  pending: readonly PendingJob[],
  fitting: readonly [Candidate, ...Candidate[]],
  { now, unservedAfter, remembered }: Circumstances,
): void {
  const take = taking(fitting);
  const waiting = fitting.find(({ waits }) => waits);
  for (const job of pending.toSorted((a, b) => a.id - b.id)) {
    const before = remembered.get(job.id);
    if (before !== undefined && now < before.until) {
      // It stays where it was found, so that its alarm does not wander from pool to pool.
      const place = fitting.find(({ pool }) => pool.name === before.pool) ?? fitting[0];
      place.tally.unserved.push(before);
    } else if (waiting !== undefined && elapsed(job.queuedAt, now) >= unservedAfter) {
      waiting.tally.unserved.push(unservedAgain(job, waiting.pool.name, before, now));
    } else count(job, take());
  }
}

/** Counts every pending job in the first pool that serves it and can grow; `live` are the instances that stay. */
export function demandByPool(
  observation: Observation,
  policy: FleetPolicy,
  live: ReadonlyMap<string, readonly InstanceView[]>,
): ReadonlyMap<string, PoolDemand> {
  const { unservedAfter } = policy;
  const candidates = policy.pools.map((pool) =>
    candidate(pool, live.get(pool.name) ?? [], observation, unservedAfter),
  );
  const remembered = new Map(observation.history.unserved.map((job) => [job.id, job]));
  for (const { kind, pending } of sorted(lastKnown(observation.jobs, NO_JOBS).demand)) {
    const [first, ...others] = candidates.filter(({ pool }) => fits(kind.tags, pool));
    if (first === undefined) continue;
    countKind(pending, [first, ...others], { now: observation.now, unservedAfter, remembered });
  }
  return new Map(candidates.map(({ pool, tally }) => [pool.name, tally]));
}
