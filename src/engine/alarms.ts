import type { BudgetStanding } from './budget.ts';
import type { InstanceView } from './capacity.ts';
import type { Concern } from './concern.ts';
import { isFresh, isWhole, lastKnown, type Observation } from './observation.ts';
import { unseenInstances } from './orphans.ts';
import type { PoolPlan } from './pool-plan.ts';
import type { FleetPolicy } from './pool.ts';
import { type RefusedJobs, refusedJobs } from './refused.ts';
import { elapsed, type Instant, later } from './time.ts';

/** Something that an operator should hear about. */
export type Alarm =
  | { readonly alarm: 'unserved'; readonly pool: string; readonly job: number; readonly times: number }
  | { readonly alarm: 'drain unacknowledged'; readonly pool: string; readonly instance: string }
  | { readonly alarm: 'retained'; readonly pool: string; readonly instance: string }
  | {
      readonly alarm: 'order failed';
      readonly pool: string;
      readonly group: string;
      readonly failure: string;
    }
  | { readonly alarm: 'unseen'; readonly pool: string; readonly instance: string }
  | { readonly alarm: 'boot failed'; readonly pool: string; readonly instance: string }
  | { readonly alarm: 'stale'; readonly source: string; readonly failure: string }
  /** `pool` is absent for the budget of all pools. */
  | { readonly alarm: 'budget'; readonly pool?: string; readonly standing: BudgetStanding }
  | ({ readonly alarm: 'refused' } & RefusedJobs)
  | ({ readonly alarm: 'concern' } & Concern);

function isUnacknowledged(
  { instance, busySlots, manager, idleSince }: InstanceView,
  policy: FleetPolicy,
  now: Instant,
) {
  if (instance.drain === undefined || manager === undefined || busySlots > 0 || idleSince === undefined)
    return false;
  return elapsed(later(instance.drain.at, idleSince), now) >= policy.drainAlarm;
}

/** What could not be read lately. */
export function staleAlarms(observation: Observation, policy: FleetPolicy): readonly Alarm[] {
  const parts = [
    ['jobs', observation.jobs] as const,
    ['instances', observation.instances] as const,
    ...Object.entries(observation.unlisted ?? {}).map(
      ([pool, part]) => [`instances of ${pool}`, part] as const,
    ),
    ...policy.pools.map(({ name }) => [`managers of ${name}`, observation.managers[name]] as const),
  ];
  return parts.flatMap(([source, part]) =>
    isFresh(part, observation.now)
      ? []
      : [{ alarm: 'stale' as const, source, failure: part?.failure ?? 'not read for too long' }],
  );
}

/** What is not as it should be beside the instances, always in the same order. */
export function concernAlarms({ concerns = [] }: Observation): readonly Alarm[] {
  return concerns
    .map((concern) => ({ alarm: 'concern' as const, ...concern }))
    .toSorted((one, other) => (one.about < other.about ? -1 : 1));
}

/** Members that their group has let go of, and what groups could not launch. */
export function groupAlarms({ instances, groups = {} }: Observation): readonly Alarm[] {
  const retained = lastKnown(instances, []).filter(({ membership }) => membership?.retained === true);
  return [
    ...retained
      .map(({ id, pool }) => ({ alarm: 'retained' as const, pool, instance: id }))
      .toSorted((one, other) => (one.instance < other.instance ? -1 : 1)),
    ...Object.values(groups)
      .toSorted((one, other) => (one.pool < other.pool ? -1 : 1))
      .flatMap(({ pool, group, failure }) =>
        failure === undefined
          ? []
          : [{ alarm: 'order failed' as const, pool, group, failure: `${failure.code}: ${failure.message}` }],
      ),
  ];
}

function binding(standings: readonly BudgetStanding[], of: BudgetStanding['of']): readonly BudgetStanding[] {
  return standings.filter((standing) => standing.of === of && standing.allows !== 'everything');
}

/** Limits of budgets that take something away, the fleet's once. */
export function budgetAlarms(pools: readonly PoolPlan[]): readonly Alarm[] {
  return [
    ...binding(pools[0]?.budgets ?? [], 'fleet').map((standing) => ({ alarm: 'budget' as const, standing })),
    ...pools.flatMap(({ pool, budgets }) =>
      binding(budgets, 'pool').map((standing) => ({ alarm: 'budget' as const, pool, standing })),
    ),
  ];
}

/** Jobs that wait in vain, because the runner of the pool whose tags they have may not take them. */
export function refusedAlarms(observation: Observation, policy: FleetPolicy): readonly Alarm[] {
  return refusedJobs(observation, policy).map((refused) => ({ alarm: 'refused', ...refused }));
}

/** Instances that live where nobody looks for them. */
export function unseenAlarms(observation: Observation, policy: FleetPolicy): readonly Alarm[] {
  return unseenInstances(observation, policy).map((one) => ({ alarm: 'unseen', ...one }));
}

/** Instances of pools that are configured no more, which were asked to drain long ago and run nothing that is known of. */
export function abandonedAlarms(
  { jobs, now }: Observation,
  policy: FleetPolicy,
  views: ReadonlyMap<string, readonly InstanceView[]>,
): readonly Alarm[] {
  const known = new Set(policy.pools.map(({ name }) => name));
  if (!isWhole(jobs, now)) return [];
  return [...views].flatMap(([pool, ofPool]) =>
    ofPool
      .filter(({ instance: { drain }, phase, busySlots }) => {
        const asked = phase === 'draining' && drain !== undefined && busySlots === 0 && !known.has(pool);
        return asked && elapsed(drain.at, now) >= policy.drainAlarm;
      })
      .map(({ instance }) => ({ alarm: 'drain unacknowledged', pool, instance: instance.id })),
  );
}

/** What an operator should hear about one pool. */
export function poolAlarms(decided: PoolPlan, policy: FleetPolicy, now: Instant): readonly Alarm[] {
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
