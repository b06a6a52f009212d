import type { Instant } from '../../../engine/time.ts';
import type { Script } from '../script.ts';

/** One instance as taskscaler knows it. */
export interface Instance {
  readonly id: string;
  /** `creating` until it can be reached; `deleting` until an update no longer finds it. */
  state: 'creating' | 'ready' | 'deleting';
  /** What is true of it, whether or not an update has found it so. */
  truth: 'pending' | 'running' | 'terminated';
  /** An update has found it running. */
  seen: boolean;
  booted: boolean;
  readonly scripts: Set<Script>;
  /** Slots that run a job. */
  acquired: number;
  /** Jobs that it was given. */
  useCount: number;
  /** Since when no slot is acquired. */
  idleSince: Instant;
}

/** What an instance may run. */
export interface InstanceLimits {
  /** `capacity_per_instance`. */
  readonly capacity: number;
  /** `max_use_count`; 0: no bound. */
  readonly maxUseCount: number;
}

export function newInstance(id: string, now: Instant): Instance {
  return {
    id,
    state: 'creating',
    truth: 'pending',
    seen: false,
    booted: false,
    scripts: new Set(),
    acquired: 0,
    useCount: 0,
    idleSince: now,
  };
}

export function isUsedUp({ useCount }: Instance, { maxUseCount }: InstanceLimits): boolean {
  return maxUseCount > 0 && useCount >= maxUseCount;
}

/** Slots that a job can have now. */
export function freeSlots(instance: Instance, limits: InstanceLimits): number {
  if (instance.state !== 'ready') return 0;
  const free = limits.capacity - instance.acquired;
  return limits.maxUseCount > 0 ? Math.min(free, limits.maxUseCount - instance.useCount) : free;
}
