import type { Action } from './action.ts';
import type { InstanceView } from './capacity.ts';
import type { Manager } from './instance.ts';
import { instancesOf, isFresh, lastKnown, type Observation, toldUntil } from './observation.ts';
import type { FleetPolicy } from './pool.ts';
import { type Duration, elapsed, type Instant, minutes, seconds } from './time.ts';

/**
 * After so long without contact GitLab itself calls a manager offline. Until then one that we never saw
 * on an instance of ours may live on a machine that we cannot see.
 */
const OFFLINE_AFTER: Duration = minutes(120);

/** Instances whose pool was taken out of the configuration drain: nobody else would ever look at them. */
function abandoned(
  { instances }: Observation,
  policy: FleetPolicy,
  views: ReadonlyMap<string, readonly InstanceView[]>,
): readonly Action[] {
  const known = new Set(policy.pools.map(({ name }) => name));
  // What a launch without an answer may have bought has no id that EC2 would know.
  const listed = new Set(lastKnown(instances, []).map(({ id }) => id));
  return [...views].flatMap(([pool, ofPool]) =>
    known.has(pool)
      ? []
      : ofPool
          .filter(({ instance }) => listed.has(instance.id))
          .filter(({ phase }) => phase !== 'draining' && phase !== 'terminating')
          .map(({ instance }): Action => ({ do: 'drain', pool, instance: instance.id, because: 'drifted' })),
  );
}

/** Instances that somebody stopped: no job runs on them, nothing starts them again, and their disks cost. */
function stopped(observation: Observation, { orphanGrace }: FleetPolicy): readonly Action[] {
  const { instances, history, now } = observation;
  // Somebody may have started it since it was listed.
  const seenUntil = (pool: string): Instant => toldUntil(instancesOf(observation, pool), now);
  return lastKnown(instances, [])
    .filter(({ id, pool, state }) => {
      const since = history.instances[id]?.goneSince;
      return state === 'stopped' && since !== undefined && elapsed(since, seenUntil(pool)) >= orphanGrace;
    })
    .map(({ id, pool }) => ({ do: 'terminate', pool, instance: id, because: 'orphaned' }));
}

/** By more than the clocks of GitLab and of this controller may differ. */
const CLOCKS_DIFFER = seconds(60);

function spokeAfter({ contactedAt }: Manager, moment: Instant): boolean {
  return contactedAt !== undefined && elapsed(moment, contactedAt) > CLOCKS_DIFFER;
}

/** Whether its manager still speaks with GitLab, though the instance has not been there for a while. */
function speaksUnseen(
  manager: Manager,
  { history, now }: Observation,
  { orphanGrace }: FleetPolicy,
): boolean {
  const { instance = '', contactedAt, firstSeenAt } = manager;
  const remembered = history.instances[instance];
  if (remembered !== undefined) {
    return remembered.goneSince !== undefined && spokeAfter(manager, remembered.goneSince);
  }
  return (
    contactedAt !== undefined &&
    elapsed(contactedAt, now) < orphanGrace &&
    elapsed(firstSeenAt, now) >= orphanGrace
  );
}

/**
 * Instances that live by what GitLab says, and that EC2 does not list: what the pool is looked for with, its region,
 * its role or the credentials, is not what they were bought with.
 */
export function unseenInstances(
  observation: Observation,
  policy: FleetPolicy,
): readonly { readonly pool: string; readonly instance: string }[] {
  const { now, instances, managers } = observation;
  const listed = new Set(lastKnown(instances, []).map(({ id }) => id));
  return policy.pools.flatMap(({ name: pool }) => {
    const certain = isFresh(managers[pool], now) && isFresh(instancesOf(observation, pool), now);
    return (certain ? lastKnown(managers[pool], []) : [])
      .filter((manager) => manager.instance !== undefined && !listed.has(manager.instance))
      .filter((manager) => speaksUnseen(manager, observation, policy))
      .map(({ instance = '' }) => ({ pool, instance }))
      .toSorted((one, other) => (one.instance < other.instance ? -1 : 1));
  });
}

/** Whether the manager's instance is gone for good: one that we saw go, or one that is nowhere and long silent. */
export function isLeft(
  manager: Manager,
  { history, now }: Observation,
  { orphanGrace }: FleetPolicy,
): boolean {
  if (manager.instance === undefined) return false;
  const remembered = history.instances[manager.instance];
  if (remembered !== undefined) {
    const { goneSince } = remembered;
    return (
      goneSince !== undefined && elapsed(goneSince, now) >= orphanGrace && !spokeAfter(manager, goneSince)
    );
  }
  return !manager.active && elapsed(manager.contactedAt ?? manager.firstSeenAt, now) >= OFFLINE_AFTER;
}

/** Managers whose instance does not exist. */
function managersLeft(observation: Observation, policy: FleetPolicy): readonly Action[] {
  const { now, instances } = observation;
  const listed = new Set(lastKnown(instances, []).map(({ id }) => id));
  return policy.pools.flatMap(({ name }) => {
    const part = observation.managers[name];
    if (!isFresh(part, now)) return [];
    return lastKnown(part, [])
      .filter(({ instance = '' }) => !listed.has(instance))
      .filter((manager) => isLeft(manager, observation, policy))
      .map(({ systemId }) => systemId)
      .toSorted()
      .map((manager): Action => ({ do: 'forget', pool: name, manager, because: 'instance gone' }));
  });
}

/** What belongs to us and has nobody left who would look after it. In doubt it stays. */
export function planOrphans(
  observation: Observation,
  policy: FleetPolicy,
  views: ReadonlyMap<string, readonly InstanceView[]>,
): readonly Action[] {
  if (!isFresh(observation.instances, observation.now)) return [];
  return [
    ...abandoned(observation, policy, views),
    ...stopped(observation, policy),
    ...managersLeft(observation, policy),
  ].filter(({ pool }) => isFresh(instancesOf(observation, pool), observation.now));
}
