import type { Action } from './action.ts';
import type { Enrolled, Instance } from './instance.ts';
import { instancesOf, isFresh, lastKnown, type Observation } from './observation.ts';
import { isLeft } from './orphans.ts';
import type { FleetPolicy } from './pool.ts';
import { elapsed } from './time.ts';

type Enrolments = ReadonlyMap<string, Enrolled>;

/** Whether it may still begin a job: one that leaves needs no runner any more. */
function isStaying({ state, drain, interruption }: Instance): boolean {
  const exists = state === 'pending' || state === 'running';
  return exists && drain === undefined && interruption?.kind !== 'interruption';
}

/** Instances whose runner, or its token, is missing. */
function enrolments(pool: string, enrolled: Enrolments, { instances }: Observation): readonly Action[] {
  return lastKnown(instances, [])
    .filter((instance) => instance.pool === pool && isStaying(instance))
    .map(({ id }) => id)
    .filter((id) => enrolled.get(id)?.whole !== true)
    .toSorted()
    .map((instance) => ({ do: 'enrol', pool, instance }));
}

/**
 * Whether the instance that a runner was made for is gone for good. One that nobody remembers may be so new that EC2
 * does not list it yet.
 */
function isGone(
  pool: string,
  [instance, { since }]: readonly [string, Enrolled],
  observation: Observation,
  policy: FleetPolicy,
): boolean {
  const { managers, history, now } = observation;
  const manager = lastKnown(managers[pool], []).find((one) => one.instance === instance);
  if (manager !== undefined) return isLeft(manager, observation, policy);
  const remembered = history.instances[instance];
  const from = remembered === undefined ? since : remembered.goneSince;
  return from !== undefined && elapsed(from, now) >= policy.orphanGrace;
}

/** Runners whose instance does not exist. */
function dismissals(
  pool: string,
  enrolled: Enrolments,
  observation: Observation,
  policy: FleetPolicy,
): readonly Action[] {
  if (!isFresh(observation.managers[pool], observation.now)) return [];
  const present = lastKnown(observation.instances, []).filter(({ state }) => state !== 'terminated');
  const listed = new Set(present.map(({ id }) => id));
  return [...enrolled]
    .filter(([instance]) => !listed.has(instance))
    .filter((one) => isGone(pool, one, observation, policy))
    .map(([instance]) => instance)
    .toSorted()
    .map((instance) => ({ do: 'dismiss', pool, instance, because: 'instance gone' }));
}

/**
 * Gives every instance of an isolated pool a runner of its own, and takes away those whose instance is gone, also where
 * the pool is no longer isolated. In doubt nothing is done.
 */
export function planEnrolments(observation: Observation, policy: FleetPolicy): readonly Action[] {
  const { enrolled = {}, now } = observation;
  return policy.pools.flatMap(({ name, isolated }) => {
    const ofPool = enrolled[name];
    if (ofPool === undefined || !isFresh(instancesOf(observation, name), now)) return [];
    return [
      ...(isolated === true ? enrolments(name, ofPool, observation) : []),
      ...dismissals(name, ofPool, observation, policy),
    ];
  });
}
