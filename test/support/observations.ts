import { emptyHistory, type InstanceHistory } from '../../src/engine/history.ts';
import type { Instance, Manager } from '../../src/engine/instance.ts';
import type { HeldJob, JobSnapshot, KindDemand } from '../../src/engine/job.ts';
import type { Observation, Part } from '../../src/engine/observation.ts';
import type { FleetPolicy, Offering, PoolPolicy } from '../../src/engine/pool.ts';
import { type Duration, type Instant, instant, minutes, seconds } from '../../src/engine/time.ts';

/** The moment at which all built observations are made. */
export const NOW = instant(Date.UTC(2026, 0, 5, 8));

export const OFFERING: Offering = { instanceType: 'm7i.large', subnet: 'subnet-a', market: 'spot' };

/** `duration` before `NOW`. */
export function ago(duration: Duration): Instant {
  return instant(NOW - duration);
}

/** A pool that runs jobs tagged `linux`, one a machine, up to ten, with nothing kept idle. */
export function aPool(over: Partial<PoolPolicy> = {}): PoolPolicy {
  return {
    name: 'linux',
    tags: ['linux'],
    runUntagged: false,
    slots: 1,
    min: 0,
    max: 10,
    surge: 1,
    minAvailable: 0,
    idle: { slots: 0, time: minutes(5) },
    cooldown: seconds(30),
    bootTimeout: minutes(10),
    generation: 'g1',
    offerings: [OFFERING],
    split: { onDemandBase: 0, spotShare: 1, onDemandFallback: false },
    ...over,
  };
}

export function aPolicy(...pools: readonly PoolPolicy[]): FleetPolicy {
  return { pools, unservedAfter: minutes(2), orphanGrace: minutes(2), drainAlarm: minutes(2) };
}

export function anInstance(id: string, over: Partial<Instance> = {}): Instance {
  return {
    id,
    pool: 'linux',
    launchId: 'launch-1',
    state: 'running',
    launchedAt: ago(minutes(30)),
    slots: 1,
    generation: 'g1',
    offering: OFFERING,
    ...over,
  };
}

export function aManager(instance: string, over: Partial<Manager> = {}): Manager {
  return { systemId: `r_${instance}`, instance, firstSeenAt: ago(minutes(29)), active: false, ...over };
}

export function fresh<T>(value: T): Part<T> {
  return freshAt(value, NOW);
}

export function freshAt<T>(value: T, readAt: Instant): Part<T> {
  return { known: true, value, readAt, freshFor: seconds(45) };
}

/** The same answer, grown too old to act on. */
export function stale<T>(value: T): Part<T> {
  return {
    known: true,
    value,
    readAt: ago(minutes(5)),
    freshFor: seconds(45),
    failure: 'gitlab answered 500',
  };
}

/** `count` jobs with these tags, waiting since `queuedAt`. */
export function pending(
  count: number,
  tags: readonly string[] = ['linux'],
  queuedAt = ago(seconds(10)),
): KindDemand {
  return {
    kind: { project: 1, tags },
    pending: Array.from({ length: count }, (_, index) => ({ id: 1000 + index, queuedAt })),
  };
}

export function jobs(demand: readonly KindDemand[] = [], held: readonly HeldJob[] = []): JobSnapshot {
  return { demand, held, later: 0 };
}

/** What the memory says of an instance that has been idle for `idle`. */
export function idleFor(idle: Duration, over: Partial<InstanceHistory> = {}): InstanceHistory {
  return { pool: 'linux', readyAt: ago(idle), idleSince: ago(idle), bootedFor: seconds(40), ...over };
}

/** An observation of a quiet, freshly read, empty fleet. */
export function anObservation(over: Partial<Observation> = {}): Observation {
  return {
    now: NOW,
    jobs: fresh(jobs()),
    managers: { linux: fresh([]) },
    instances: fresh([]),
    unanswered: [],
    history: emptyHistory(NOW),
    ...over,
  };
}
