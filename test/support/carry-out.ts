import { afterwards, type Outcome } from '../../src/engine/outcome.ts';
import type { Observation, Part } from '../../src/engine/observation.ts';
import type { Action } from '../../src/engine/action.ts';
import type { Plan } from '../../src/engine/plan.ts';
import type { FleetPolicy } from '../../src/engine/pool.ts';
import type { Instance } from '../../src/engine/instance.ts';
import { remember } from '../../src/engine/remember.ts';
import { after, seconds } from '../../src/engine/time.ts';

function map<T>(part: Part<T>, change: (value: T) => T): Part<T> {
  return part.known ? { ...part, value: change(part.value) } : part;
}

function launched(
  action: Action,
  order: number,
  policy: FleetPolicy,
  now: Instance['launchedAt'],
): readonly Instance[] {
  const pool = action.do === 'launch' ? policy.pools.find(({ name }) => name === action.pool) : undefined;
  if (action.do !== 'launch' || pool === undefined) return [];
  const [offering] = action.offerings;
  // A group launches in its own time.
  if (offering === undefined || pool.group !== undefined) return [];
  return Array.from({ length: action.count }, (_, index) => ({
    id: `i-new-${now}-${order}-${index}`,
    pool: action.pool,
    launchId: `launch-${now}-${order}`,
    state: 'pending',
    launchedAt: now,
    slots: pool.slots,
    ...(pool.maxJobs !== undefined && { maxJobs: pool.maxJobs }),
    generation: pool.generation,
    offering,
  }));
}

/** What groups were asked for and have not launched, after these actions. */
function ordered(
  groups: NonNullable<Observation['groups']>,
  actions: readonly Action[],
  policy: FleetPolicy,
): NonNullable<Observation['groups']> {
  const then = { ...groups };
  for (const action of actions) {
    if (action.do !== 'launch' && action.do !== 'cancel') continue;
    const pool = policy.pools.find(({ name }) => name === action.pool);
    if (pool?.group === undefined) continue;
    const more = action.do === 'launch' ? action.count : -action.count;
    const { failure: _before, ...reading } = then[pool.name] ?? {
      pool: pool.name,
      group: 'new',
      min: 0,
      max: pool.max + pool.surge,
      desired: 0,
      ordered: 0,
    };
    then[pool.name] = { ...reading, ordered: reading.ordered + more };
  }
  return then;
}

/** A member after its group has gone on: it counts, or it ends. */
function wentOn(instance: Instance, actions: readonly Action[]): Instance {
  const told = actions.find((action) => action.do === 'complete' && action.instance === instance.id);
  if (instance.membership === undefined || told?.do !== 'complete') return instance;
  const { group } = instance.membership;
  const membership = told.hook === 'launch' ? { group } : { group, ending: true as const };
  return { ...instance, membership };
}

function changed(instance: Instance, actions: readonly Action[], now: Instance['launchedAt']): Instance {
  for (const action of actions) {
    if (action.do === 'terminate' && action.instance === instance.id)
      return { ...instance, state: 'shutting-down' };
    if (action.do === 'drain' && action.instance === instance.id) {
      return { ...instance, drain: { because: action.because, at: now } };
    }
  }
  return instance;
}

/** With the runners of single instances that were made and removed; those just bought have theirs at once. */
function enrolledAfter(
  { enrolled, now }: Observation,
  actions: readonly Action[],
  bought: readonly Instance[],
): Observation['enrolled'] {
  if (enrolled === undefined) return undefined;
  const byPool = Object.entries(enrolled).map(([pool, before]) => {
    const known = new Map(before);
    const own = { since: now, whole: true };
    for (const instance of bought) if (instance.pool === pool) known.set(instance.id, own);
    for (const action of actions) {
      if (action.pool !== pool) continue;
      if (action.do === 'enrol') known.set(action.instance, own);
      if (action.do === 'dismiss') known.delete(action.instance);
    }
    return [pool, known] as const;
  });
  return Object.fromEntries(byPool);
}

function isOrder(action: Action, policy: FleetPolicy): action is Extract<Action, { do: 'launch' }> {
  const pool = policy.pools.find(({ name }) => name === action.pool);
  return action.do === 'launch' && pool?.group !== undefined;
}

/** The observation after every action of the plan took effect and nothing else changed. */
export function carryOut(observation: Observation, plan: Plan, policy: FleetPolicy): Observation {
  const { now } = observation;
  const news = plan.actions.map((action, order) => launched(action, order, policy, now));
  const outcomes = plan.actions.map((action, order): Outcome => ({
    action,
    done: true,
    launched: (news[order] ?? []).map(({ id }) => id),
    ...(isOrder(action, policy) && { ordered: action.count }),
  }));
  const forgotten = new Set(
    plan.actions.flatMap((action) => (action.do === 'forget' ? [action.manager] : [])),
  );
  const enrolled = enrolledAfter(observation, plan.actions, news.flat());
  return {
    ...observation,
    ...(enrolled !== undefined && { enrolled }),
    groups: ordered(observation.groups ?? {}, plan.actions, policy),
    instances: map(observation.instances, (before) => [
      ...before.map((instance) => changed(wentOn(instance, plan.actions), plan.actions, now)),
      ...news.flat(),
    ]),
    managers: Object.fromEntries(
      Object.entries(observation.managers).map(([pool, part]) => [
        pool,
        map(part, (managers) => managers.filter(({ systemId }) => !forgotten.has(systemId))),
      ]),
    ),
    history: afterwards(plan.history, outcomes, now, policy),
  };
}

/** How many instances the plan launches. */
export const launches = (decided: Plan): number =>
  decided.actions.reduce((sum, action) => sum + (action.do === 'launch' ? action.count : 0), 0);

/** The same fleet, `passed` later, freshly read. */
export function later(observation: Observation, policy: FleetPolicy, passed = seconds(60)): Observation {
  const now = after(observation.now, passed);
  const again = <T>(part: Part<T>): Part<T> => (part.known ? { ...part, readAt: now } : part);
  const readings = {
    ...observation,
    now,
    jobs: again(observation.jobs),
    instances: again(observation.instances),
    managers: Object.fromEntries(
      Object.entries(observation.managers).map(([pool, part]) => [pool, again(part)]),
    ),
  };
  return { ...readings, history: remember(observation.history, readings, policy) };
}
