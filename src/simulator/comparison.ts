import type { Duration, Instant } from '../engine/time.ts';
import type { Conditions } from './conditions.ts';
import type { Summary } from './result.ts';
import type { RunSeries } from './series.ts';

/** What one policy did in a comparison. */
export interface Compared {
  readonly name: string;
  /** Its settings, and whether it is exact or modelled. */
  readonly about: string;
  /** Of the operator's own, and not one that others have built. */
  readonly own: boolean;
  /** Absent: it ran no job at all. */
  readonly summary?: Summary;
  readonly series: RunSeries;
}

/** What nobody can do better: every job starts at once, by somebody who knows what will come. */
export interface Bound {
  readonly name: string;
  /** Billed machine time over the time of scripts, per slot. */
  readonly cost: number;
}

/** Policies side by side, each over the same jobs and under the same conditions. */
export interface Comparison {
  readonly workload: string;
  readonly start: Instant;
  readonly length: Duration;
  readonly pipelines: number;
  readonly jobs: number;
  readonly conditions: Conditions;
  readonly compared: readonly Compared[];
  readonly bound?: Bound;
}
