import type { InstanceView } from './capacity.ts';
import type { UnservedJob } from './history.ts';
import { fits, type KindDemand, NO_JOBS, type PendingJob } from './job.ts';
import { isFresh, lastKnown, type Observation } from './observation.ts';
import type { FleetPolicy, PoolPolicy } from './pool.ts';
import { after, backoff, type Duration, elapsed, type Instant, instant, later, minutes } from './time.ts';

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
  /** Since when its longest free instance has been idle. */
  readonly freeSince: Instant | undefined;
}

/** Why a pool cannot take more although its limits would allow it. */
function blocked(pool: PoolPolicy, observation: Observation): boolean {
  const retryAt = observation.history.pools[pool.name]?.retryAt;
  return retryAt !== undefined && observation.now < retryAt;
}

function candidate(pool: PoolPolicy, live: readonly InstanceView[], observation: Observation): Candidate {
  const offered = live.reduce(
    (sum, view) =>
      sum + (view.phase === 'launching' || view.phase === 'booting' ? view.instance.slots : view.freeSlots),
    0,
  );
  const growth = blocked(pool, observation) ? 0 : Math.max(0, pool.max - live.length) * pool.slots;
  const idle = live.flatMap((view) =>
    view.phase === 'idle' && view.idleSince !== undefined ? [view.idleSince] : [],
  );
  return {
    pool,
    tally: { pending: 0, unserved: [] },
    room: offered + growth,
    freeSince: idle.length === 0 ? undefined : instant(Math.min(...idle)),
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

/** Waiting beside a free fitting slot for long enough, by readings that are fresh. */
function isUnserved(
  job: PendingJob,
  { pool, freeSince }: Candidate,
  observation: Observation,
  limit: Duration,
) {
  if (freeSince === undefined) return false;
  if (!isFresh(observation.jobs, observation.now)) return false;
  if (!isFresh(observation.managers[pool.name], observation.now)) return false;
  return elapsed(later(job.queuedAt, freeSince), observation.now) >= limit;
}

function count(job: PendingJob, candidates: readonly Candidate[]): void {
  const taker = candidates.find(({ room }) => room > 0) ?? candidates[0];
  if (taker === undefined) return;
  taker.room -= 1;
  taker.tally.pending += 1;
  if (taker.tally.oldestSince === undefined || job.queuedAt < taker.tally.oldestSince) {
    taker.tally.oldestSince = job.queuedAt;
  }
}

const sortKey = ({ kind }: KindDemand): string => `${kind.project}\u0000${kind.tags.join('\u0000')}`;

/** Kinds in an order of their own, so that the input's order cannot matter. */
function sorted(demand: readonly KindDemand[]): readonly KindDemand[] {
  return demand.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

/** Counts every pending job in the first pool that serves it and can grow; `live` are the instances that stay. */
export function demandByPool(
  observation: Observation,
  policy: FleetPolicy,
  live: ReadonlyMap<string, readonly InstanceView[]>,
): ReadonlyMap<string, PoolDemand> {
  const candidates = policy.pools.map((pool) => candidate(pool, live.get(pool.name) ?? [], observation));
  const remembered = new Map(observation.history.unserved.map((job) => [job.id, job]));
  for (const { kind, pending } of sorted(lastKnown(observation.jobs, NO_JOBS).demand)) {
    const fitting = candidates.filter(({ pool }) => fits(kind.tags, pool));
    const [first] = fitting;
    if (first === undefined) continue;
    for (const job of pending.toSorted((a, b) => a.id - b.id)) {
      const before = remembered.get(job.id);
      const waiting = fitting.find((other) => isUnserved(job, other, observation, policy.unservedAfter));
      if (before !== undefined && observation.now < before.until) {
        // It stays where it was found, so that its alarm does not wander from pool to pool.
        const place = fitting.find(({ pool }) => pool.name === before.pool) ?? first;
        place.tally.unserved.push(before);
      } else if (waiting !== undefined) {
        waiting.tally.unserved.push(unservedAgain(job, waiting.pool.name, before, observation.now));
      } else count(job, fitting);
    }
  }
  return new Map(candidates.map(({ pool, tally }) => [pool.name, tally]));
}
