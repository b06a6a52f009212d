import type { Instant } from '../engine/time.ts';

/** What a metric counts, in CloudWatch's words; `None` is said of yes (1) and no (0). */
export type Unit = 'Count' | 'Seconds' | 'None';

/** One number of one metric at one moment. */
export interface Measurement {
  readonly metric: string;
  /** A gauge is what is now; a counter is what has been since the process started. */
  readonly kind: 'gauge' | 'counter';
  readonly unit: Unit;
  /** At least one. */
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Where what is published goes. */
export interface MetricSink {
  /**
   * Sends numbers of the moment `at`, a counter's as what came to it. Calls `accepted` with those that have arrived, so
   * that what fails afterwards does not undo them. Throws `PortError` at the first failure: `unauthorized`, `refused`,
   * `throttled`, `unreachable`, …
   */
  publish(
    measurements: readonly Measurement[],
    at: Instant,
    accepted: (measurements: readonly Measurement[]) => void,
    signal: AbortSignal,
  ): Promise<void>;
}
