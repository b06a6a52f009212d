import type { Compared } from '../../simulator/comparison.ts';
import type { Trial } from '../../simulator/trial.ts';

/** What a worker is asked for; the number comes back with everything that it says of it. */
export interface TrialRequest {
  readonly number: number;
  readonly trial: Trial;
}

/** What a worker says. */
export type TrialMessage =
  /** How much of the workload's time is over, 0 to 1. */
  | { readonly kind: 'progress'; readonly number: number; readonly share: number }
  | { readonly kind: 'done'; readonly number: number; readonly result: Compared }
  | { readonly kind: 'failed'; readonly number: number; readonly why: string };
