import type { Unit } from '../controller/metric-sink.ts';
import type { PoolStatus, Status } from './model.ts';

/** What tells the samples of one metric apart. */
export type Label =
  'pool' | 'phase' | 'state' | 'source' | 'kind' | 'result' | 'group' | 'transition' | 'period';

/** One number, and which of the metric's it is. */
export interface Sample {
  /** A value for each of the metric's labels, in their order. */
  readonly labels: Readonly<Partial<Record<Label, string>>>;
  readonly value: number;
}

/** One metric of the catalogue. */
export interface Metric {
  /** As Prometheus and CloudWatch show it; that of a counter ends with `_total`. */
  readonly name: string;
  /** A counter grows from 0 since the process started. */
  readonly kind: 'gauge' | 'counter';
  /** CloudWatch's word for what is counted. */
  readonly unit: Unit;
  /** One sentence. */
  readonly help: string;
  readonly labels: readonly Label[];
  /** Whether CloudWatch gets it as well: each of its samples costs there by the month. */
  readonly published: boolean;
  /** Where the numbers come from. */
  readonly samples: (status: Status) => readonly Sample[];
}

/** What is said of every metric. */
export type MetricDoc = Omit<Metric, 'kind' | 'labels' | 'samples'>;

/** A metric with one sample for each pool. */
export function ofPools(metric: MetricDoc, value: (pool: PoolStatus, status: Status) => number): Metric {
  return {
    ...metric,
    kind: metric.name.endsWith('_total') ? 'counter' : 'gauge',
    labels: ['pool'],
    samples: (status) =>
      status.pools.map((pool) => ({ labels: { pool: pool.pool }, value: value(pool, status) })),
  };
}

/** A metric with one sample for the whole installation. */
export function ofAll(metric: MetricDoc, value: (status: Status) => number): Metric {
  return {
    ...metric,
    kind: metric.name.endsWith('_total') ? 'counter' : 'gauge',
    labels: [],
    samples: (status) => [{ labels: {}, value: value(status) }],
  };
}
