import type { Offering, PoolPolicy } from './pool.ts';

/** What a lifecycle hook of an Auto Scaling group keeps waiting: a member that begins, or one that ends. */
export type Transition = 'launch' | 'termination';

/** Where an instance stands with the Auto Scaling group that it is a member of. */
export interface Membership {
  readonly group: string;
  /** The group waits at its hook until it is told to go on. */
  readonly hook?: Transition;
  /** Nobody answered at its termination hook in time: the group has let go of it, and it runs on. */
  readonly retained?: true;
  /** The group is ending it. */
  readonly ending?: true;
}

/** Why a group's last try to launch what it was asked for gave nothing. */
export interface OrderFailure {
  /** EC2's code, such as `InsufficientInstanceCapacity`. */
  readonly code: string;
  readonly message: string;
  /** What cannot be had; absent where it is not the offerings' fault, as with a template that is wrong. */
  readonly offerings?: readonly Offering[];
}

/** One pool's Auto Scaling group as it was described last. */
export interface GroupReading {
  readonly pool: string;
  readonly group: string;
  /** The group's own limits, in instances. */
  readonly min: number;
  readonly max: number;
  readonly desired: number;
  /** Instances that it was asked for and has not launched yet: as good as launching. */
  readonly ordered: number;
  readonly failure?: OrderFailure;
}

/** The pool within the limits of its group. */
export function withinGroup(pool: PoolPolicy, reading: GroupReading | undefined): PoolPolicy {
  if (reading === undefined) return pool;
  const max = Math.min(pool.max, reading.max);
  const min = Math.min(Math.max(pool.min, reading.min), max);
  return { ...pool, min, max, surge: Math.min(pool.surge, reading.max - max) };
}
