import { type Action, inOrder } from './action.ts';
import {
  abandonedAlarms,
  type Alarm,
  budgetAlarms,
  concernAlarms,
  groupAlarms,
  poolAlarms,
  refusedAlarms,
  staleAlarms,
  unseenAlarms,
} from './alarms.ts';
import { viewsByPool } from './capacity.ts';
import { demandByPool } from './demand.ts';
import { withinGroup } from './group.ts';
import type { History, UnservedJob } from './history.ts';
import { planHooks } from './hooks.ts';
import { cycleOf } from './instruction.ts';
import { planEnrolments } from './isolation.ts';
import { planRetries, withBegun } from './lost-jobs.ts';
import { muster } from './muster.ts';
import { isFresh, type Observation } from './observation.ts';
import { planOrphans } from './orphans.ts';
import type { FleetPolicy, PoolPolicy } from './pool.ts';
import { planPool, type PoolPlan } from './pool-plan.ts';
import { Shares } from './shares.ts';
import { termsOf } from './terms.ts';
import type { Instant } from './time.ts';

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

function nextHistory(
  observation: Observation,
  pools: readonly PoolPlan[],
  actions: readonly Action[],
): History {
  const { history, now } = observation;
  const { lost } = history;
  const fresh = isFresh(observation.jobs, now);
  const ofPools = { ...history.pools };
  for (const { pool, desired } of pools) {
    if (fresh) ofPools[pool] = { ...(ofPools[pool] ?? { setbacks: 0 }), lastDesired: desired.count };
  }
  const counted = new Map<number, UnservedJob>(history.unserved.map((job) => [job.id, job]));
  for (const { demand } of pools) for (const job of demand.unserved) counted.set(job.id, job);
  return {
    ...history,
    pools: ofPools,
    unserved: [...counted.values()].toSorted((a, b) => a.id - b.id),
    ...(lost !== undefined && { lost: withBegun(lost, actions) }),
  };
}

/** The pool as its group and a cycle that goes on let it be. */
function asOfNow(pool: PoolPolicy, { groups = {}, instructions = [] }: Observation): PoolPolicy {
  const { surge = pool.surge, minAvailable = pool.minAvailable } = cycleOf(instructions, pool.name) ?? {};
  return withinGroup({ ...pool, surge, minAvailable }, groups[pool.name]);
}

/** Members that are no more once the actions are carried out. */
function endedBy(hooks: readonly Action[]): ReadonlySet<string> {
  return new Set(
    hooks.flatMap((action) => {
      const ends = action.do === 'terminate' || (action.do === 'complete' && action.hook === 'termination');
      return ends ? [action.instance] : [];
    }),
  );
}

/** Decides. Pure: the same observation and policy give the same plan, in whatever order the input comes. */
export function plan(observation: Observation, asConfigured: FleetPolicy): Plan {
  const policy = {
    ...asConfigured,
    pools: asConfigured.pools.map((pool) => asOfNow(pool, observation)),
  };
  const views = viewsByPool(observation, policy.pools);
  const hooks = planHooks(observation, policy, views);
  const ended = endedBy(hooks);
  const terms = termsOf(observation, policy, views);
  const mustered = terms.map((ofPool) =>
    muster(ofPool, observation, policy, views.get(ofPool.pool.name) ?? [], ended),
  );
  const byPool = new Map(mustered.map((one) => [one.pool.name, one]));
  const demand = demandByPool(observation, { ...policy, pools: terms.map(({ pool }) => pool) }, byPool);
  const shares = new Shares(observation, policy, views);
  const pools = mustered.map((one) => {
    const waiting = demand.get(one.pool.name) ?? { pending: 0, unserved: [] };
    const decided = planPool(one, observation, waiting, shares.of(one.terms));
    shares.take(one.terms, decided.actions);
    return decided;
  });
  const actions = [
    ...pools.flatMap((pool) => pool.actions),
    ...hooks,
    ...planOrphans(observation, policy, views),
    ...planRetries(observation),
    ...planEnrolments(observation, policy),
  ];
  return {
    at: observation.now,
    pools,
    actions: inOrder(actions),
    alarms: [
      ...staleAlarms(observation, policy),
      ...concernAlarms(observation),
      ...groupAlarms(observation),
      ...refusedAlarms(observation, policy),
      ...unseenAlarms(observation, policy),
      ...abandonedAlarms(observation, policy, views),
      ...budgetAlarms(pools),
      ...pools.flatMap((pool) => poolAlarms(pool, policy, observation.now)),
    ],
    history: nextHistory(observation, pools, actions),
  };
}
