import { type Capacity, capacityOf, type InstanceView, viewsByPool } from './capacity.ts';
import { coolingUntil } from './cooldown.ts';
import { demandByPool, type PoolDemand } from './demand.ts';
import { type Desired, desiredFor, instancesFor } from './desired.ts';
import type { History, UnservedJob } from './history.ts';
import type { DrainReason } from './instance.ts';
import { isFresh, lastKnown, type Observation } from './observation.ts';
import { purchasesOf } from './offerings.ts';
import type { FleetPolicy, Offering, PoolPolicy } from './pool.ts';
import { type Retirement, retirements } from './retirement.ts';
import { type Hold, scaleOut } from './scale-out.ts';
import { scaleIn } from './scale-in.ts';
import { elapsed, type Instant, later } from './time.ts';

/** One thing to do. */
export type Action =
  | {
      readonly do: 'launch';
      readonly pool: string;
      readonly count: number;
      readonly offerings: readonly Offering[];
    }
  | { readonly do: 'drain'; readonly pool: string; readonly instance: string; readonly because: DrainReason }
  | {
      readonly do: 'terminate';
      readonly pool: string;
      readonly instance: string;
      readonly because: DrainReason;
    }
  | {
      readonly do: 'forget';
      readonly pool: string;
      readonly manager: string;
      readonly because: 'instance gone';
    };

/** Something that an operator should hear about. */
export type Alarm =
  | { readonly alarm: 'unserved'; readonly pool: string; readonly job: number; readonly times: number }
  | { readonly alarm: 'drain unacknowledged'; readonly pool: string; readonly instance: string }
  | { readonly alarm: 'boot failed'; readonly pool: string; readonly instance: string }
  | { readonly alarm: 'stale'; readonly source: string; readonly failure: string };

/** What is decided for one pool, with everything that explains it. */
export interface PoolPlan {
  readonly pool: string;
  readonly demand: PoolDemand;
  readonly capacity: Capacity;
  readonly views: readonly InstanceView[];
  readonly desired: Desired;
  readonly holds: readonly Hold[];
  readonly actions: readonly Action[];
}

/** The decision of one pass. */
export interface Plan {
  readonly at: Instant;
  readonly pools: readonly PoolPlan[];
  /** All actions, in the order in which they are carried out. */
  readonly actions: readonly Action[];
  readonly alarms: readonly Alarm[];
  /** The memory as the next pass should find it, if nothing is carried out. */
  readonly history: History;
}

const ACTION_ORDER: Readonly<Record<Action['do'], number>> = { launch: 0, drain: 1, terminate: 2, forget: 3 };

function staleSources(pool: string, observation: Observation): readonly string[] {
  const parts = {
    jobs: observation.jobs,
    managers: observation.managers[pool],
    instances: observation.instances,
  };
  return Object.entries(parts).flatMap(([name, part]) => (isFresh(part, observation.now) ? [] : [name]));
}

function retire(pool: string, { view, because, by }: Retirement): Action {
  return { do: by, pool, instance: view.instance.id, because };
}

/** A retired instance that is already draining need not be told again. */
function isNews({ view, by }: Retirement): boolean {
  return by === 'terminate' || view.instance.drain === undefined;
}

/** One pool's instances, sorted out before any demand is counted: who must leave, and who stays. */
interface Muster {
  readonly pool: PoolPolicy;
  readonly stale: readonly string[];
  readonly views: readonly InstanceView[];
  readonly leavers: readonly Retirement[];
  readonly live: readonly InstanceView[];
  /** Instances that drain, or are about to, and still exist. */
  readonly draining: number;
}

function muster(
  pool: PoolPolicy,
  observation: Observation,
  policy: FleetPolicy,
  views: readonly InstanceView[],
): Muster {
  const stale = staleSources(pool.name, observation);
  const managersFresh = !stale.includes('managers');
  const jobsFresh = !stale.includes('jobs');
  const circumstances = { now: observation.now, policy, pool, managersFresh, jobsFresh };
  const leavers = stale.includes('instances') ? [] : retirements(views, circumstances);
  const retired = new Set(leavers.map(({ view }) => view.instance.id));
  const staying = views.filter(({ instance }) => !retired.has(instance.id));
  const alreadyDraining = staying.filter(({ phase }) => phase === 'draining').length;
  return {
    pool,
    stale,
    views,
    leavers,
    live: staying.filter(({ phase }) => phase !== 'draining' && phase !== 'terminating'),
    draining: alreadyDraining + leavers.filter(({ by }) => by === 'drain').length,
  };
}

function planPool(
  { pool, stale, views, leavers, live, draining }: Muster,
  observation: Observation,
  demand: PoolDemand,
): PoolPlan {
  const { now } = observation;
  const history = observation.history.pools[pool.name];
  const desired = desiredFor({
    pool,
    live,
    pending: demand.pending,
    ...(stale.includes('jobs') && { staleCeiling: history?.lastDesired ?? live.length }),
  });
  const out = scaleOut({
    pool,
    desired: desired.count,
    live: live.length,
    leaving: draining,
    history,
    instancesFresh: !stale.includes('instances'),
    now,
  });
  const inward = scaleIn({
    pool,
    desired: desired.count,
    live,
    kept: instancesFor(demand.pending + pool.idle.slots, live, pool).kept,
    coolingUntil: coolingUntil(pool, history, now),
    stale,
    now,
  });
  const { shortfalls } = observation.history;
  const { purchases, held } = purchasesOf(out.count, pool, live, { shortfalls, now });
  const launches = purchases.map(({ count, offerings }): Action => ({
    do: 'launch',
    pool: pool.name,
    count,
    offerings,
  }));
  const idle = inward.victims.map(({ instance }): Action => ({
    do: 'drain',
    pool: pool.name,
    instance: instance.id,
    because: 'idle',
  }));
  return {
    pool: pool.name,
    demand,
    capacity: capacityOf(views),
    views,
    desired,
    holds: [
      ...out.holds,
      ...(held === undefined ? [] : [{ what: 'launch' as const, because: held }]),
      ...inward.holds,
    ],
    actions: [...launches, ...idle, ...leavers.filter(isNews).map((leaver) => retire(pool.name, leaver))],
  };
}

/** Machines whose pool was taken out of the configuration drain: nobody else would ever look at them. */
function planAbandoned(
  observation: Observation,
  policy: FleetPolicy,
  views: ReadonlyMap<string, readonly InstanceView[]>,
): readonly Action[] {
  if (!isFresh(observation.instances, observation.now)) return [];
  const known = new Set(policy.pools.map(({ name }) => name));
  // What a launch without an answer may have bought has no id that EC2 would know.
  const listed = new Set(lastKnown(observation.instances, []).map(({ id }) => id));
  return [...views].flatMap(([pool, ofPool]) =>
    known.has(pool)
      ? []
      : ofPool
          .filter(({ instance }) => listed.has(instance.id))
          .filter(({ phase }) => phase !== 'draining' && phase !== 'terminating')
          .map(({ instance }): Action => ({ do: 'drain', pool, instance: instance.id, because: 'drifted' })),
  );
}

/** Managers of machines that were ours and are gone. */
function planForget(observation: Observation, policy: FleetPolicy): readonly Action[] {
  const { now, history } = observation;
  if (!isFresh(observation.instances, now)) return [];
  return policy.pools.flatMap(({ name }) => {
    const part = observation.managers[name];
    if (!isFresh(part, now)) return [];
    return lastKnown(part, [])
      .filter(({ instance }) => {
        const goneSince = instance === undefined ? undefined : history.instances[instance]?.goneSince;
        return goneSince !== undefined && elapsed(goneSince, now) >= policy.orphanGrace;
      })
      .map(({ systemId }): Action => ({
        do: 'forget',
        pool: name,
        manager: systemId,
        because: 'instance gone',
      }))
      .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  });
}

function isUnacknowledged(
  { instance, busySlots, manager, idleSince }: InstanceView,
  policy: FleetPolicy,
  now: Instant,
) {
  if (instance.drain === undefined || manager === undefined || busySlots > 0 || idleSince === undefined)
    return false;
  return elapsed(later(instance.drain.at, idleSince), now) >= policy.drainAlarm;
}

function staleAlarms(observation: Observation, policy: FleetPolicy): readonly Alarm[] {
  const parts = [
    ['jobs', observation.jobs] as const,
    ['instances', observation.instances] as const,
    ...policy.pools.map(({ name }) => [`managers of ${name}`, observation.managers[name]] as const),
  ];
  return parts.flatMap(([source, part]) =>
    isFresh(part, observation.now)
      ? []
      : [{ alarm: 'stale' as const, source, failure: part?.failure ?? 'not read for too long' }],
  );
}

function poolAlarms(decided: PoolPlan, policy: FleetPolicy, now: Instant): readonly Alarm[] {
  const { pool } = decided;
  return [
    ...decided.demand.unserved.map(({ id, times }) => ({ alarm: 'unserved' as const, pool, job: id, times })),
    ...decided.views
      .filter((view) => isUnacknowledged(view, policy, now))
      .map(({ instance }) => ({ alarm: 'drain unacknowledged' as const, pool, instance: instance.id })),
    ...decided.actions.flatMap((action) =>
      action.do === 'terminate' && action.because === 'stuck'
        ? [{ alarm: 'boot failed' as const, pool, instance: action.instance }]
        : [],
    ),
  ];
}

function nextHistory(observation: Observation, pools: readonly PoolPlan[]): History {
  const { history, now } = observation;
  const fresh = isFresh(observation.jobs, now);
  const ofPools = { ...history.pools };
  for (const { pool, desired } of pools) {
    if (fresh) ofPools[pool] = { ...(ofPools[pool] ?? { setbacks: 0 }), lastDesired: desired.count };
  }
  const counted = new Map<number, UnservedJob>(history.unserved.map((job) => [job.id, job]));
  for (const { demand } of pools) for (const job of demand.unserved) counted.set(job.id, job);
  return { ...history, pools: ofPools, unserved: [...counted.values()].toSorted((a, b) => a.id - b.id) };
}

/** Decides. Pure: the same observation and policy give the same plan, in whatever order the input comes. */
export function plan(observation: Observation, policy: FleetPolicy): Plan {
  const views = viewsByPool(observation);
  const mustered = policy.pools.map((pool) => muster(pool, observation, policy, views.get(pool.name) ?? []));
  const live = new Map(mustered.map((one) => [one.pool.name, one.live]));
  const demand = demandByPool(observation, policy, live);
  const pools = mustered.map((one) =>
    planPool(one, observation, demand.get(one.pool.name) ?? { pending: 0, unserved: [] }),
  );
  const actions = [
    ...pools.flatMap((pool) => pool.actions),
    ...planAbandoned(observation, policy, views),
    ...planForget(observation, policy),
  ];
  return {
    at: observation.now,
    pools,
    actions: actions.toSorted((a, b) => ACTION_ORDER[a.do] - ACTION_ORDER[b.do]),
    alarms: [
      ...staleAlarms(observation, policy),
      ...pools.flatMap((pool) => poolAlarms(pool, policy, observation.now)),
    ],
    history: nextHistory(observation, pools),
  };
}
