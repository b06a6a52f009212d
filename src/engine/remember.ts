import { exists, heldByInstance, managersByPool, viewOf } from './capacity.ts';
import type { History, HookHistory, InstanceHistory, PoolHistory, Shortfall } from './history.ts';
import type { Instance, Manager } from './instance.ts';
import { NO_JOBS } from './job.ts';
import { heldBy, withJobs } from './jobs-seen.ts';
import { rememberLost, rememberRetried } from './lost-jobs.ts';
import { instancesOf, isFresh, isWhole, lastKnown, type Observation, toldUntil } from './observation.ts';
import { INTERRUPTED } from './offerings.ts';
import type { FleetPolicy } from './pool.ts';
import { rememberSpending } from './spending.ts';
import {
  after,
  backoff,
  type Duration,
  elapsed,
  type Instant,
  milliseconds,
  minutes,
  seconds,
} from './time.ts';

/** What was read, before it is joined with the memory. */
export type Readings = Omit<Observation, 'history'>;

const SETBACK_WAIT = seconds(15);
const LONGEST_SETBACK_WAIT = minutes(15);
const SHORTFALL_MEMORY = minutes(30);
const GONE_MEMORY = minutes(24 * 60);

/** One more failure in a row: the next launch waits twice as long as the last time, up to 15 minutes. */
export function withSetback(pool: PoolHistory, now: Instant): PoolHistory {
  // Failures that arrive while a wait is on belong to the same wave of launches.
  if (pool.retryAt !== undefined && now < pool.retryAt) return pool;
  const setbacks = pool.setbacks + 1;
  return { ...pool, setbacks, retryAt: after(now, backoff(SETBACK_WAIT, setbacks, LONGEST_SETBACK_WAIT)) };
}

interface Situation {
  readonly readings: Readings;
  readonly since: Instant;
  readonly managersFresh: boolean;
  readonly managersReadAt: Instant;
  readonly jobsFresh: boolean;
  readonly manager: Manager | undefined;
  readonly held: number;
  /** Of an instance that ends after some. */
  readonly heldJobs: readonly number[];
  readonly bootTimeout: Duration | undefined;
}

function idleSince(before: InstanceHistory | undefined, readyAt: Instant, at: Situation, busy: boolean) {
  // A busy or idle verdict from old readings must neither start nor stop the clock.
  if (!at.managersFresh || !at.jobsFresh) return before?.idleSince;
  if (busy) return undefined;
  if (before?.idleSince !== undefined) return before.idleSince;
  const sawItBoot = before !== undefined && before.readyAt === undefined;
  return sawItBoot ? readyAt : at.readings.now;
}

function missingSince(
  before: InstanceHistory | undefined,
  ready: boolean,
  at: Situation,
): Instant | undefined {
  if (!at.managersFresh) return before?.managerMissingSince;
  if (!ready || at.manager !== undefined) return undefined;
  return before?.managerMissingSince ?? at.readings.now;
}

function bootedFor(instance: Instance, before: InstanceHistory | undefined, at: Situation): Duration {
  const sofar = before?.bootedFor ?? seconds(0);
  if (!at.managersFresh) return sofar;
  const more =
    before === undefined ? elapsed(instance.launchedAt, at.readings.now) : elapsed(at.since, at.readings.now);
  return milliseconds(Math.max(0, sofar + more));
}

function hookOf(
  { membership }: Instance,
  before: HookHistory | undefined,
  now: Instant,
): HookHistory | undefined {
  const transition = membership?.hook;
  if (transition === undefined) return undefined;
  return before?.transition === transition ? before : { transition, since: now };
}

function rememberInstance(
  instance: Instance,
  before: InstanceHistory | undefined,
  at: Situation,
): InstanceHistory {
  const view = viewOf({ instance, manager: at.manager, held: at.held, remembered: before });
  const readyAt = view.readyAt ?? (at.held > 0 ? at.readings.now : undefined);
  const ready = readyAt !== undefined;
  const booted = ready ? view.bootedFor : bootedFor(instance, before, at);
  return {
    pool: instance.pool,
    bootedFor: booted,
    readyAt,
    idleSince: ready ? idleSince(before, readyAt, at, view.busySlots > 0) : undefined,
    managerMissingSince: missingSince(before, ready, at),
    jobs: withJobs(before?.jobs, at.heldJobs),
    bootFailed: before?.bootFailed ?? isStuck(ready, booted, at),
    interrupted: instance.interruption === undefined ? before?.interrupted : true,
    hook: hookOf(instance, before?.hook, at.readings.now),
  };
}

function isStuck(ready: boolean, booted: Duration, at: Situation): true | undefined {
  if (ready || at.bootTimeout === undefined) return undefined;
  // Since the managers were read it may have become ready.
  return booted - elapsed(at.managersReadAt, at.readings.now) > at.bootTimeout ? true : undefined;
}

/**
 * An instance that EC2 no longer lists is remembered until its manager is gone as well. While it is listed as taken
 * back, so is that this was told.
 */
function rememberGone(
  id: string,
  before: InstanceHistory,
  readings: Readings,
  isTaken: boolean,
): InstanceHistory | undefined {
  const goneSince = before.goneSince ?? readings.now;
  if (isTaken) return { ...gone(before, goneSince), interrupted: true };
  const part = readings.managers[before.pool];
  const managerGone =
    isFresh(part, readings.now) && !lastKnown(part, []).some((manager) => manager.instance === id);
  if (managerGone || elapsed(goneSince, readings.now) > GONE_MEMORY) return undefined;
  return gone(before, goneSince);
}

function gone(before: InstanceHistory, goneSince: Instant): InstanceHistory {
  return { ...before, goneSince, ...(before.readyAt === undefined && { bootFailed: true as const }) };
}

/** An instance that somebody stopped is remembered for as long as it is listed. */
function rememberStopped(
  { pool }: Instance,
  before: InstanceHistory | undefined,
  now: Instant,
): InstanceHistory {
  return gone(before ?? { pool, bootedFor: milliseconds(0) }, before?.goneSince ?? now);
}

function rememberInstances(history: History, readings: Readings, policy: FleetPolicy): History['instances'] {
  const all = lastKnown(readings.instances, []);
  const listed = all.filter(exists);
  const { held: jobs } = lastKnown(readings.jobs, NO_JOBS);
  const held = heldByInstance(jobs);
  const counted = new Set(listed.filter(({ maxJobs }) => maxJobs !== undefined).map(({ id }) => id));
  const heldJobs = heldBy(counted, jobs);
  const managers = managersByPool(readings.managers);
  const timeouts = new Map(policy.pools.map((pool) => [pool.name, pool.bootTimeout]));
  const remembered: Record<string, InstanceHistory> = {};
  for (const instance of listed) {
    remembered[instance.id] = rememberInstance(instance, history.instances[instance.id], {
      readings,
      since: history.at,
      managersFresh: isFresh(readings.managers[instance.pool], readings.now),
      managersReadAt: toldUntil(readings.managers[instance.pool], readings.now),
      jobsFresh: isFresh(readings.jobs, readings.now),
      manager: managers.get(instance.pool)?.get(instance.id),
      held: held.get(instance.id) ?? 0,
      heldJobs: heldJobs.get(instance.id) ?? [],
      bootTimeout: timeouts.get(instance.pool),
    });
  }
  for (const instance of all.filter(({ state }) => state === 'stopped')) {
    const { id } = instance;
    remembered[id] = rememberStopped(instance, history.instances[id], readings.now);
  }
  const taken = new Set(all.filter(({ interruption }) => interruption !== undefined).map(({ id }) => id));
  for (const [id, before] of Object.entries(history.instances)) {
    if (remembered[id] !== undefined) continue;
    const certain = isFresh(instancesOf(readings, before.pool), readings.now);
    const kept = certain ? rememberGone(id, before, readings, taken.has(id)) : before;
    if (kept !== undefined) remembered[id] = kept;
  }
  return remembered;
}

/** Instances that vanished before they were ever ready failed to boot as much as those that hang. */
function failedBoots(history: History, instances: History['instances']): ReadonlySet<string> {
  const pools = new Set<string>();
  for (const [id, before] of Object.entries(history.instances)) {
    const now = instances[id];
    const vanished = now === undefined && before.readyAt === undefined;
    if (before.bootFailed !== true && (vanished || now?.bootFailed === true)) pools.add(before.pool);
  }
  return pools;
}

function rememberPools(history: History, instances: History['instances'], now: Instant): History['pools'] {
  const pools: Record<string, PoolHistory> = { ...history.pools };
  for (const name of failedBoots(history, instances)) {
    pools[name] = withSetback(pools[name] ?? { setbacks: 0 }, now);
  }
  for (const [id, { pool, readyAt }] of Object.entries(instances)) {
    const before = pools[pool];
    const becameReady = readyAt !== undefined && history.instances[id]?.readyAt === undefined;
    if (!becameReady || before === undefined || before.setbacks === 0) continue;
    const { retryAt: _over, ...rest } = before;
    pools[pool] = { ...rest, setbacks: 0 };
  }
  return pools;
}

/** Instances that the cloud takes back, each told once: their offerings are avoided for a while. */
function takenBack(history: History, readings: Readings): readonly Shortfall[] {
  return lastKnown(readings.instances, [])
    .filter(
      ({ id, interruption }) => interruption !== undefined && history.instances[id]?.interrupted !== true,
    )
    .map(({ pool, offering }) => ({ pool, offering, code: INTERRUPTED, at: readings.now }));
}

/** Unserved jobs are remembered for as long as they are pending. */
function rememberUnserved({ unserved }: History, { jobs, now }: Readings): History['unserved'] {
  // Nearly always there are none: then a long queue need not be looked through.
  if (unserved.length === 0 || !isWhole(jobs, now)) return unserved;
  const pending = new Set<number>();
  for (const kind of lastKnown(jobs, NO_JOBS).demand) for (const { id } of kind.pending) pending.add(id);
  return unserved.filter(({ id }) => pending.has(id));
}

/**
 * Brings the memory up to the readings: idle clocks, boot clocks (which stand still while managers
 * are stale), missing managers, setbacks. Pure, and the first thing every pass does.
 */
export function remember(history: History, readings: Readings, policy: FleetPolicy): History {
  const instances = rememberInstances(history, readings, policy);
  const lost = rememberLost(history, instances, readings);
  const retried = rememberRetried(history, readings.now);
  const spending = rememberSpending(history.spending, readings, policy, history.at);
  return {
    at: readings.now,
    instances,
    pools: rememberPools(history, instances, readings.now),
    unserved: rememberUnserved(history, readings),
    shortfalls: [
      ...history.shortfalls.filter(({ at }) => elapsed(at, readings.now) <= SHORTFALL_MEMORY),
      ...takenBack(history, readings),
    ],
    ...(lost.length > 0 && { lost }),
    ...(retried.length > 0 && { retried }),
    ...(spending !== undefined && { spending }),
    ...(history.launchTokens !== undefined && { launchTokens: history.launchTokens }),
  };
}
