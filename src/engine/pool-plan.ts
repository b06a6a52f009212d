import type { Action } from './action.ts';
import { type Capacity, capacityOf, type InstanceView, isAvailable } from './capacity.ts';
import { coolingUntil } from './cooldown.ts';
import type { PoolDemand } from './demand.ts';
import { type Desired, desiredFor, instancesFor } from './desired.ts';
import { cycleOf } from './instruction.ts';
import type { Muster } from './muster.ts';
import type { Observation } from './observation.ts';
import { purchasesOf } from './offerings.ts';
import { takeBack } from './orders.ts';
import type { PoolPolicy } from './pool.ts';
import type { Retirement } from './retirement.ts';
import { scaleIn } from './scale-in.ts';
import { type Hold, scaleOut } from './scale-out.ts';
import type { Instant } from './time.ts';

/** How far a cycle has come. */
export interface CycleProgress {
  readonly startedAt: Instant;
  readonly paused: boolean;
  /** Old instances that have not been asked to leave yet. */
  readonly waiting: number;
  /** Old instances that drain. */
  readonly leaving: number;
  /** New instances that are ready. */
  readonly ready: number;
}

/** What is decided for one pool, with everything that explains it. */
export interface PoolPlan {
  readonly pool: string;
  readonly demand: PoolDemand;
  readonly capacity: Capacity;
  readonly views: readonly InstanceView[];
  readonly desired: Desired;
  /** What `desired` stays between. */
  readonly limits: Pick<PoolPolicy, 'min' | 'max'>;
  readonly holds: readonly Hold[];
  /** While the pool's instances are replaced by command. */
  readonly cycle?: CycleProgress;
  readonly actions: readonly Action[];
}

function retire(pool: string, { view, because, by }: Retirement): Action {
  return { do: by, pool, instance: view.instance.id, because };
}

/** A retired instance that is already draining need not be told again. */
function isNews({ view, by }: Retirement): boolean {
  return by === 'terminate' || view.instance.drain === undefined;
}

function cycleProgress(
  views: readonly InstanceView[],
  { instructions = [] }: Observation,
  pool: string,
): { readonly cycle?: CycleProgress } {
  const cycle = cycleOf(instructions, pool);
  if (cycle === undefined) return {};
  const { startedAt, paused = false } = cycle;
  const old = views.filter(({ instance }) => instance.launchedAt < startedAt);
  const leaving = old.filter(({ phase }) => phase === 'draining' || phase === 'terminating').length;
  const ready = views.filter((view) => view.instance.launchedAt >= startedAt && isAvailable(view)).length;
  return { cycle: { startedAt, paused, waiting: old.length - leaving, leaving, ready } };
}

function heldReplacements(waiting: number, { minAvailable }: PoolPolicy): readonly Hold[] {
  if (waiting === 0) return [];
  const which = waiting === 1 ? '1 old instance stays' : `${waiting} old instances stay`;
  return [
    {
      what: 'replacement',
      because: `${which} until as many new ones are ready (minAvailable ${minAvailable})`,
    },
  ];
}

function sparedOld(spared: number, setbacks: number): readonly Hold[] {
  if (spared === 0) return [];
  const which = spared === 1 ? '1 old instance stays' : `${spared} old instances stay`;
  return [
    {
      what: 'replacement',
      because: `${which} while new ones fail to start (${setbacks} in a row): they leave one by one until one is ready`,
    },
  ];
}

/** Decides for one pool. */
export function planPool(
  { pool, stale, partial, views, leavers, waiting, spared, live, draining }: Muster,
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
  // Beside `desired`, within the surge: what lets the old ones go while enough stay.
  const wanted = waiting === 0 ? desired.count : Math.max(desired.count, pool.minAvailable + waiting);
  const certain = stale.length === 0 && partial === undefined;
  const reading = observation.groups?.[pool.name];
  const orders = takeBack({
    pool: pool.name,
    reading,
    live,
    wanted,
    fresh: !stale.includes('instances'),
    certain,
  });
  const out = scaleOut({
    pool,
    desired: wanted,
    live: live.length,
    leaving: draining,
    history,
    instancesFresh: !stale.includes('instances'),
    now,
  });
  const inward = scaleIn({
    pool,
    desired: wanted,
    live: orders.staying,
    kept: instancesFor(demand.pending + pool.idle.slots, live, pool).kept,
    coolingUntil: coolingUntil(pool, history, now),
    stale,
    ...(partial !== undefined && { partial }),
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
    limits: { min: pool.min, max: pool.max },
    holds: [
      ...out.holds,
      ...(held === undefined ? [] : [{ what: 'launch' as const, because: held }]),
      ...inward.holds,
      ...heldReplacements(waiting, pool),
      ...sparedOld(spared, history?.setbacks ?? 0),
    ],
    ...cycleProgress(views, observation, pool.name),
    actions: [
      ...launches,
      ...orders.actions,
      ...idle,
      ...leavers.filter(isNews).map((leaver) => retire(pool.name, leaver)),
    ],
  };
}
