import type { Market } from '../../../engine/pool.ts';
import type { Instant } from '../../../engine/time.ts';
import type { GroupInstance, LifecycleState } from './group-requests.ts';

/** One instance of a group: what is shown of it, and what the group knows besides. */
export interface Member {
  readonly view: GroupInstance;
  readonly market: Market;
  readonly subnet: string;
  /** How many units of capacity it is. */
  readonly weight: number;
  readonly launchedAt: Instant;
  /** Absent until it was in service. */
  readonly inServiceAt?: Instant | undefined;
  /** The activity that launches, ends or detaches it. */
  readonly activity: string;
}

const LEAVING: ReadonlySet<LifecycleState> = new Set([
  'Terminating',
  'Terminating:Wait',
  'Terminating:Proceed',
  'Terminating:Retained',
  'Terminated',
  'Detaching',
  'Detached',
]);

/** Whether a member is on its way out, or kept for somebody to look at: it counts no more. */
export function isLeaving({ view }: Member): boolean {
  return LEAVING.has(view.lifecycleState);
}

export function isInService({ view }: Member): boolean {
  return view.lifecycleState === 'InService';
}

/** The capacity of members in units. */
export function unitsOf(members: readonly Member[]): number {
  return members.reduce((sum, { weight }) => sum + weight, 0);
}
