import { GROUP_METRICS } from './group-metrics.ts';
import { LIMIT_METRICS } from './limit-metrics.ts';
import type { Metric } from './metric.ts';
import { POOL_METRICS } from './pool-metrics.ts';
import { PROCESS_METRICS } from './process-metrics.ts';

/** Every metric once. Prometheus' text and what CloudWatch gets are two renderings of it. */
export const METRICS: readonly Metric[] = [
  ...POOL_METRICS,
  ...LIMIT_METRICS,
  ...GROUP_METRICS,
  ...PROCESS_METRICS,
];
