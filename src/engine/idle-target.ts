import type { Duration } from './time.ts';

/** Free slots that a pool wants beyond the demand, so that the next jobs start at once. */
export interface IdleTarget {
  /** Free slots wanted; where there is a factor, the most of them. */
  readonly slots: number;
  /** Free slots wanted for each job that runs or waits; absent: `slots`, however many there are. */
  readonly factor?: number;
  /** The fewest free slots wanted, where there is a factor; absent: none. */
  readonly minimum?: number;
  /** How long an instance must be idle before it may leave. */
  readonly time: Duration;
}

/** So that a tenth of thirty is three, not a little more. */
const ROUNDING = 1e-9;

/** How many free slots are wanted beside `jobs` that run or wait. */
export function idleSlots({ slots, factor, minimum = 0 }: IdleTarget, jobs: number): number {
  if (factor === undefined) return slots;
  return Math.min(slots, Math.max(minimum, Math.ceil(jobs * factor - ROUNDING)));
}
