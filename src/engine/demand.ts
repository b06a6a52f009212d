import type { InstanceView } from './capacity.ts';
import type { UnservedJob } from './history.ts';
import { fits, type KindDemand, NO_JOBS, type PendingJob } from './job.ts';
import type { Muster } from './muster.ts';
import { isFresh, lastKnown, type Observation, toldUntil } from './observation.ts';
import { purchasesOf } from './offerings.ts';
import type { FleetPolicy, PoolPolicy } from './pool.ts';
import { capOf } from './project-caps.ts';
import { roomOf } from './scale-out.ts';
import type { Terms } from './terms.ts';
import { after, backoff, type Duration, earlier, elapsed, type Instant, minutes } from './time.ts';

/** What waits for one pool. */
export interface PoolDemand {
  /** Pending jobs that count: each in exactly one pool. */
  readonly pending: number;
  /** Since when the oldest of them waits. */
  readonly oldestSince?: Instant;
  /** Pending jobs that GitLab does not hand out although a fitting slot is free; they do not count. */
  readonly unserved: readonly UnservedJob[];
  /** Jobs that wait and do not count, because their projects count for as many as they may; absent: none. */
  readonly capped?: CappedJobs;
}

/** Jobs that caps on projects keep from counting. */
export interface CappedJobs {
  readonly jobs: number;
  /** By id, in order. */
  readonly projects: readonly number[];
}

/** The instances of a pool that stay, and how many others still exist. */
export type Mustered = Pick<Muster, 'live' | 'draining'> & {
  readonly terms?: Pick<Terms, 'closed' | 'affordable'>;
};

const NOBODY: Mustered = { live: [], draining: 0 };
const UNSERVED_WAIT = minutes(5);
const LONGEST_UNSERVED_WAIT = minutes(120);

interface Tally {
  pending: number;
  oldestSince?: Instant;
  unserved: UnservedJob[];
  capped?: { jobs: number; projects: number[] };
}

interface Candidate {
  readonly pool: PoolPolicy;
  readonly tally: Tally;
  /** Jobs that the pool can still take: its free and booting slots, and what it may buy. */
  room: number;
  /** How many jobs of each project count, running ones included; only where projects have caps. */
  readonly ofProjects: Map<number, number>;
  /** By fresh readings it has had a free instance for so long that GitLab should have used it. */
  readonly waits: boolean;
}

/** Whether a pool buys nothing now although its limits would allow it. */
function blocked(pool: PoolPolicy, observation: Observation): boolean {
  const { history, unlisted, now } = observation;
  const retryAt = history.pools[pool.name]?.retryAt;
  // While its own region does not answer, another pool may stand in.
  const away = unlisted?.[pool.name] !== undefined && !isFresh(unlisted[pool.name], now);
  return away || pool.awaits !== undefined || (retryAt !== undefined && now < retryAt);
}

/** How many instances the pool may buy now. */
function growthOf(pool: PoolPolicy, { live, draining, terms }: Mustered, observation: Observation): number {
  if (terms?.closed !== undefined || blocked(pool, observation)) return 0;
  const room = Math.min(Math.max(0, pool.max - live.length), roomOf(pool, live.length, draining));
  const { now, history } = observation;
  const { purchases } = purchasesOf(room, pool, live, { shortfalls: history.shortfalls, now });
  const growth = purchases.reduce((sum, purchase) => sum + purchase.count, 0);
  return Math.min(growth, terms?.affordable?.count ?? growth);
}

/** How many jobs of each project the pool's instances hold. */
function heldByProject(pool: PoolPolicy, { live }: Mustered, observation: Observation): Map<number, number> {
  const counts = new Map<number, number>();
  if (pool.projectCaps === undefined) return counts;
  const ours = new Set(live.map(({ instance }) => instance.id));
  for (const { project, instance } of lastKnown(observation.jobs, NO_JOBS).held) {
    if (instance !== undefined && ours.has(instance)) counts.set(project, (counts.get(project) ?? 0) + 1);
  }
  return counts;
}

function candidate(
  pool: PoolPolicy,
  mustered: Mustered,
  observation: Observation,
  unservedAfter: Duration,
): Candidate {
  const { now, jobs, managers } = observation;
  const { live } = mustered;
  const offered = live.reduce(
    (sum, view) =>
      sum + (view.phase === 'launching' || view.phase === 'booting' ? view.instance.slots : view.freeSlots),
    0,
  );
  // What has come since the readings is not known: perhaps it runs the job by now.
  const seenUntil = earlier(toldUntil(jobs, now), toldUntil(managers[pool.name], now));
  const hasWaited = ({ phase, idleSince, managerMissingSince }: InstanceView): boolean =>
    phase === 'idle' &&
    managerMissingSince === undefined &&
    idleSince !== undefined &&
    elapsed(idleSince, seenUntil) >= unservedAfter;
  return {
    pool,
    tally: { pending: 0, unserved: [] },
    room: offered + growthOf(pool, mustered, observation) * pool.slots,
    ofProjects: heldByProject(pool, mustered, observation),
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

/** Whether one more job of the project may count there. */
function mayCount({ pool, ofProjects }: Candidate, project: number): boolean {
  if (pool.projectCaps === undefined) return true;
  return (ofProjects.get(project) ?? 0) < capOf(pool.projectCaps, project);
}

/**
 * Takes one slot a call for a job of the project: of the first candidate that has room, and of the first of all when
 * none has. Undefined once the project counts for as much as it may everywhere.
 */
function taking(candidates: readonly Candidate[], project: number): () => Candidate | undefined {
  // Room and what may count only shrink, so nobody who was full is looked at again.
  let next = 0;
  const isFull = (one: Candidate | undefined): boolean =>
    one !== undefined && (one.room === 0 || !mayCount(one, project));
  return () => {
    while (isFull(candidates[next])) next += 1;
    const taker = candidates[next] ?? candidates.find((one) => mayCount(one, project));
    if (taker === undefined) return undefined;
    taker.room = Math.max(0, taker.room - 1);
    if (taker.pool.projectCaps !== undefined)
      taker.ofProjects.set(project, (taker.ofProjects.get(project) ?? 0) + 1);
    return taker;
  };
}

/** Notes a job that its project's cap keeps from counting, in the first pool that serves it. */
function cap({ tally }: Candidate, project: number): void {
  const { jobs = 0, projects = [] } = tally.capped ?? {};
  const all = projects.includes(project) ? projects : [...projects, project].toSorted((a, b) => a - b);
  tally.capped = { jobs: jobs + 1, projects: all };
}

const sortKey = ({ kind }: KindDemand): string =>
  `${kind.project}\u0000${kind.protected ?? ''}\u0000${kind.tags.join('\u0000')}`;

/** Kinds in an order of their own, so that the input's order cannot matter. */
function sorted(demand: readonly KindDemand[]): readonly KindDemand[] {
  return demand.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

interface Circumstances {
  readonly now: Instant;
  readonly readAt: Instant;
  readonly unservedAfter: Duration;
  readonly remembered: ReadonlyMap<number, UnservedJob>;
}

/** Counts the jobs of one kind; `fitting` are the pools that serve it, in the order of the configuration. */
function countKind(
  { kind, pending }: KindDemand,
  fitting: readonly [Candidate, ...Candidate[]],
  { now, readAt, unservedAfter, remembered }: Circumstances,
): void {
  const take = taking(fitting, kind.project);
  const waiting = fitting.find(({ waits }) => waits);
  for (const job of pending.toSorted((a, b) => a.id - b.id)) {
    const before = remembered.get(job.id);
    if (before !== undefined && now < before.until) {
      // It stays where it was found, so that its alarm does not wander from pool to pool.
      const place = fitting.find(({ pool }) => pool.name === before.pool) ?? fitting[0];
      place.tally.unserved.push(before);
    } else if (waiting !== undefined && elapsed(job.queuedAt, readAt) >= unservedAfter) {
      waiting.tally.unserved.push(unservedAgain(job, waiting.pool.name, before, now));
    } else {
      const taker = take();
      if (taker === undefined) cap(fitting[0], kind.project);
      else count(job, taker);
    }
  }
}

/** Counts every pending job in the first pool that serves it and can grow. */
export function demandByPool(
  observation: Observation,
  policy: FleetPolicy,
  mustered: ReadonlyMap<string, Mustered>,
): ReadonlyMap<string, PoolDemand> {
  const { unservedAfter } = policy;
  const { now, jobs, scopes = {} } = observation;
  const candidates = policy.pools.map((pool) =>
    candidate(pool, mustered.get(pool.name) ?? NOBODY, observation, unservedAfter),
  );
  const remembered = new Map(observation.history.unserved.map((job) => [job.id, job]));
  for (const demand of sorted(lastKnown(jobs, NO_JOBS).demand)) {
    const [first, ...others] = candidates.filter(({ pool }) => fits(demand.kind, pool, scopes[pool.name]));
    if (first === undefined) continue;
    countKind(demand, [first, ...others], { now, readAt: toldUntil(jobs, now), unservedAfter, remembered });
  }
  return new Map(candidates.map(({ pool, tally }) => [pool.name, tally]));
}
