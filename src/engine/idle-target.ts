import type { Duration } from './time.ts';

/** Free slots that a pool wants beyond the demand, so that the next jobs start at once. */
export interface IdleTarget {
  /** Free slots wanted; where there is a factor, the most of them. */
  readonly slots: number;
  /** Free slots wanted for each busy one; absent: `slots`, however many are busy. */
  readonly factor?: number;
  /** The fewest free slots wanted, where there is a factor; absent: none. */
  readonly minimum?: number;
  /** How long an instance must be idle before it may leave. */
  readonly time: Duration;
}
