/** How a bench is run. */
export interface BenchOptions {
  /** The same seed gives the same input. */
  readonly seed: number;
  /** Whether the bench is to do its small part alone. */
  readonly quick?: boolean;
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
  /** What is no figure of its own: rows of cells, the first with the heads. */
  readonly tables?: readonly (readonly (readonly string[])[])[];
  /** What `--json` prints in place of the settings and figures. */
  readonly document?: object;
}

/** Something that can be measured on its own. */
export interface Bench {
  readonly name: string;
  /** One line for the list of benches. */
  readonly about: string;
  /** It has a small part that can be run alone. */
  readonly quick?: true;
  readonly run: (options: BenchOptions) => Promise<Report>;
}
