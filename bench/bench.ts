/** How a bench is run. */
export interface BenchOptions {
  /** The same seed gives the same input. */
  readonly seed: number;
}

/** One line of a bench's report. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 'µs' | 's' | 'MiB' | 'per second' | 'times' | '%';
}

/** What a bench measured, and under which settings. */
export interface Report {
  readonly settings: Readonly<Record<string, number | string>>;
  readonly figures: readonly Figure[];
}

/** Something that can be measured on its own. */
export interface Bench {
  readonly name: string;
  /** One line for the list of benches. */
  readonly about: string;
  readonly run: (options: BenchOptions) => Promise<Report>;
}
