import type { Instance, Manager, Phase } from './instance.ts';
import { type HeldJob, NO_JOBS } from './job.ts';
import type { PoolPolicy } from './pool.ts';
import type { InstanceHistory } from './history.ts';
import { lastKnown, type Observation, type UnansweredLaunch } from './observation.ts';
import { type Duration, type Instant, milliseconds } from './time.ts';

/** One instance with everything that is known about it. */
export interface InstanceView {
  readonly instance: Instance;
  readonly phase: Phase;
  readonly busySlots: number;
  readonly freeSlots: number;
  readonly manager: Manager | undefined;
  readonly readyAt: Instant | undefined;
  readonly idleSince: Instant | undefined;
  readonly bootedFor: Duration;
  readonly managerMissingSince: Instant | undefined;
  /** It has had the jobs after which it ends: it takes no more. */
  readonly spent: boolean;
}

/** Slots of one pool by what they are doing. */
export interface Capacity {
  readonly free: number;
  readonly busy: number;
  /** Slots of instances that are launching or booting. */
  readonly booting: number;
  /** Slots of instances that are draining or terminating. */
  readonly leaving: number;
}

/**
 * Slots that hold a job. A job known to run outranks a manager's word that it is idle; an active
 * manager whose job is unknown fills the whole instance.
 */
function busySlots(instance: Instance, manager: Manager | undefined, held: number): number {
  if (held > 0) return Math.min(held, instance.slots);
  return manager?.active === true ? instance.slots : 0;
}

/** Its group takes it, or has let go of it: it gets no new jobs, and may still have some. */
export function isLeaving({ membership }: Instance): boolean {
  return membership?.hook === 'termination' || membership?.retained === true;
}

function phaseOf(instance: Instance, ready: boolean, busy: number): Phase {
  if (instance.state === 'shutting-down' || instance.state === 'stopping') return 'terminating';
  if (instance.membership?.ending === true) return 'terminating';
  if (instance.drain !== undefined || instance.interruption?.kind === 'interruption') return 'draining';
  if (isLeaving(instance)) return 'draining';
  if (ready) return busy > 0 ? 'busy' : 'idle';
  return instance.state === 'pending' ? 'launching' : 'booting';
}

/** A counted instance whose manager is gone has gone through its jobs as well, however many were seen. */
function isSpent({ maxJobs }: Instance, { jobs, managerMissingSince }: InstanceHistory): boolean {
  if (maxJobs === undefined) return false;
  return managerMissingSince !== undefined || (jobs?.count ?? 0) >= maxJobs;
}

interface Facts {
  readonly instance: Instance;
  readonly manager?: Manager | undefined;
  readonly held: number;
  readonly remembered?: InstanceHistory | undefined;
}

const UNKNOWN: InstanceHistory = { pool: '', bootedFor: milliseconds(0) };

/** Derives the phase and the slots of one instance. */
export function viewOf({ instance, manager, held, remembered = UNKNOWN }: Facts): InstanceView {
  const { idleSince, managerMissingSince, bootedFor } = remembered;
  const readyAt = remembered.readyAt ?? manager?.firstSeenAt;
  const busy = busySlots(instance, manager, held);
  const phase = phaseOf(instance, readyAt !== undefined || held > 0, busy);
  const spent = isSpent(instance, remembered);
  const freeSlots = !spent && (phase === 'idle' || phase === 'busy') ? instance.slots - busy : 0;
  return {
    instance,
    phase,
    busySlots: busy,
    freeSlots,
    manager,
    readyAt,
    idleSince,
    managerMissingSince,
    bootedFor,
    spent,
  };
}

/** Whether jobs find a runner there: now, or once its own have ended. */
export function isAvailable({ phase, spent, managerMissingSince }: InstanceView): boolean {
  return (phase === 'idle' || phase === 'busy') && !spent && managerMissingSince === undefined;
}

/** Whether the instance still exists for the engine. */
export function exists(instance: Instance): boolean {
  return instance.state !== 'terminated' && instance.state !== 'stopped';
}

/** How many jobs each instance holds. */
export function heldByInstance(held: readonly HeldJob[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { instance } of held) {
    if (instance !== undefined) counts.set(instance, (counts.get(instance) ?? 0) + 1);
  }
  return counts;
}

/** Every pool's last known managers by the instance that they run on. */
export function managersByPool(
  parts: Observation['managers'],
): ReadonlyMap<string, ReadonlyMap<string, Manager>> {
  return new Map(
    Object.entries(parts).map(([pool, part]) => [pool, managersByInstance(lastKnown(part, []))]),
  );
}

function managersByInstance(managers: readonly Manager[]): ReadonlyMap<string, Manager> {
  const byInstance = new Map<string, Manager>();
  for (const manager of managers) {
    if (manager.instance !== undefined) byInstance.set(manager.instance, manager);
  }
  return byInstance;
}

/** The instances that an unanswered launch may have bought besides those that are listed: as good as launching. */
function mayExist(
  { launchId, count, openedAt, ...rest }: UnansweredLaunch,
  listed: readonly Instance[],
): readonly Instance[] {
  const seen = listed.filter((instance) => instance.launchId === launchId).length;
  return Array.from({ length: Math.max(0, count - seen) }, (_, index) => ({
    ...rest,
    id: `${launchId}/${index}`,
    launchId,
    state: 'pending' as const,
    launchedAt: openedAt,
  }));
}

/** What a pool's group was asked for and has not launched yet. */
function orderedBy(pools: readonly PoolPolicy[], { groups = {}, now }: Observation): readonly Instance[] {
  return pools.flatMap(({ name, slots, generation, offerings: [offering] }) => {
    const reading = groups[name];
    if (reading === undefined || offering === undefined) return [];
    return Array.from({ length: reading.ordered }, (_, index) => ({
      id: orderedId(name, index),
      pool: name,
      launchId: reading.group,
      state: 'pending' as const,
      launchedAt: now,
      slots,
      generation,
      offering,
    }));
  });
}

/** Stands for an instance that has no id yet. */
function orderedId(pool: string, index: number): string {
  return `${pool}/ordered/${index}`;
}

/** Whether the view stands for an instance that a group was asked for and has not launched. */
export function isOrdered({ instance }: InstanceView): boolean {
  return instance.id.startsWith(`${instance.pool}/ordered/`);
}

/** Every existing instance as a view, by pool, sorted by id so that the input's order cannot matter. */
export function viewsByPool(
  observation: Observation,
  pools: readonly PoolPolicy[] = [],
): ReadonlyMap<string, readonly InstanceView[]> {
  const listed = lastKnown(observation.instances, []).filter(exists);
  const instances = [
    ...listed,
    ...observation.unanswered.flatMap((one) => mayExist(one, listed)),
    ...orderedBy(pools, observation),
  ];
  const held = heldByInstance(lastKnown(observation.jobs, NO_JOBS).held);
  const managers = managersByPool(observation.managers);
  const views = new Map<string, InstanceView[]>();
  for (const instance of instances.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const view = viewOf({
      instance,
      manager: managers.get(instance.pool)?.get(instance.id),
      held: held.get(instance.id) ?? 0,
      remembered: observation.history.instances[instance.id],
    });
    const ofPool = views.get(instance.pool);
    if (ofPool === undefined) views.set(instance.pool, [view]);
    else ofPool.push(view);
  }
  return views;
}

/** Adds up the slots of a pool. */
export function capacityOf(views: readonly InstanceView[]): Capacity {
  const total = { free: 0, busy: 0, booting: 0, leaving: 0 };
  for (const view of views) {
    if (view.phase === 'launching' || view.phase === 'booting') total.booting += view.instance.slots;
    else if (view.phase === 'draining' || view.phase === 'terminating') total.leaving += view.instance.slots;
    else {
      total.busy += view.busySlots;
      total.free += view.freeSlots;
    }
  }
  return total;
}
