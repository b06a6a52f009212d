import type { Action } from './action.ts';
import type { BudgetStanding } from './budget.ts';
import { type Capacity, capacityOf, type InstanceView, isAvailable } from './capacity.ts';
import { coolingUntil } from './cooldown.ts';
import type { PoolDemand } from './demand.ts';
import { type Desired, desiredFor, idleSlotsOf, instancesFor } from './desired.ts';
import { cycleOf } from './instruction.ts';
import type { Muster } from './muster.ts';
import type { Observation } from './observation.ts';
import { launchable } from './launch-pacing.ts';
import { limitHolds } from './limit-holds.ts';
import { type Purchase, purchasesOf } from './offerings.ts';
import { takeBack } from './orders.ts';
import type { PoolPolicy } from './pool.ts';
import type { Retirement } from './retirement.ts';
import { scaleIn } from './scale-in.ts';
import { type Hold, scaleOut } from './scale-out.ts';
import type { Share } from './shares.ts';
import type { Terms } from './terms.ts';
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
  /** Free slots wanted beyond the demand now. */
  readonly idleSlots: number;
  /** The schedule that holds, by its name; absent: none does. */
  readonly schedule?: string;
  /** Since when the pool is paused; absent: it is not. */
  readonly pausedAt?: Instant;
  /** How every limit of its own budget and of that of all pools stands. */
  readonly budgets: readonly BudgetStanding[];
  /** Dollars an hour that its instances cost now, as far as prices are known. */
  readonly rate: number;
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

/** How many may be launched now of what is missing: no more than is left of what pools share. */
function withinShare(count: number, { affordable, tokens, room }: Share): number {
  const paced = tokens === undefined ? count : launchable(tokens);
  return Math.min(count, affordable?.count ?? count, paced, room?.count ?? count);
}

/** No more calls than the account may make now. */
function withinCalls(purchases: readonly Purchase[], { tokens }: Share): readonly Purchase[] {
  return tokens === undefined ? purchases : purchases.slice(0, Math.floor(tokens.requests));
}

/** What a pool buys, and what keeps it from buying more. */
function buying(
  { terms, live, draining, stale }: Muster,
  wanted: number,
  { history, now }: Observation,
  share: Share,
): { readonly launches: readonly Action[]; readonly holds: readonly Hold[] } {
  const { pool } = terms;
  const out = scaleOut({
    pool,
    desired: wanted,
    live: live.length,
    leaving: draining,
    history: history.pools[pool.name],
    instancesFresh: !stale.includes('instances'),
    now,
  });
  const { shortfalls } = history;
  const { purchases, held } = purchasesOf(withinShare(out.count, share), pool, live, { shortfalls, now });
  return {
    launches: withinCalls(purchases, share).map(({ count, offerings }) => ({
      do: 'launch',
      pool: pool.name,
      count,
      offerings,
    })),
    holds: [...out.holds, ...(held === undefined ? [] : [{ what: 'launch' as const, because: held }])],
  };
}

/** What explains a pool beside the numbers. */
function termsTold({ schedule, pausedAt, budgets, rate }: Terms) {
  return {
    ...(schedule !== undefined && { schedule }),
    ...(pausedAt !== undefined && { pausedAt }),
    budgets,
    rate,
  };
}

/** `desired`, and with it what lets the old ones go while enough stay: beside `desired`, within the surge. */
function wantedOf(
  { terms, stale, live, waiting }: Muster,
  { history }: Observation,
  { pending, capped }: PoolDemand,
  share: Share,
): { readonly desired: Desired; readonly wanted: number } {
  const { pool, closed } = terms;
  const desired = desiredFor({
    terms,
    live,
    pending,
    ...(capped !== undefined && { capped: capped.jobs }),
    share,
    ...(stale.includes('jobs') && { staleCeiling: history.pools[pool.name]?.lastDesired ?? live.length }),
  });
  const replaces = waiting > 0 && closed === undefined;
  return {
    desired,
    wanted: replaces ? Math.max(desired.count, pool.minAvailable + waiting) : desired.count,
  };
}

/** Decides for one pool. */
export function planPool(
  one: Muster,
  observation: Observation,
  demand: PoolDemand,
  share: Share = {},
): PoolPlan {
  const { terms, stale, partial, views, leavers, waiting, spared, live } = one;
  const { pool } = terms;
  const { now } = observation;
  const history = observation.history.pools[pool.name];
  const { desired, wanted } = wantedOf(one, observation, demand, share);
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
  const idleSlots = idleSlotsOf(terms, live, demand.pending);
  const { launches, holds } = buying(one, wanted, observation, share);
  const inward = scaleIn({
    pool,
    desired: wanted,
    live: orders.staying,
    kept: instancesFor(demand.pending + idleSlots, live, pool).kept,
    coolingUntil: coolingUntil(pool, history, now),
    stale,
    ...(partial !== undefined && { partial }),
    now,
  });
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
    idleSlots,
    ...termsTold(terms),
    holds: [
      ...limitHolds(desired, live.length, { terms, share, capped: demand.capped }),
      ...holds,
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
