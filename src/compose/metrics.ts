import { cloudWatchClient } from '../adapters/aws/clients.ts';
import { cloudWatchMetrics } from '../adapters/aws/cloudwatch-metrics.ts';
import type { Config } from '../config/schema.ts';
import type { Measurement } from '../controller/metric-sink.ts';
import { metricUpkeep, type PublishedTotals } from '../controller/metric-upkeep.ts';
import type { Clock } from '../controller/ports.ts';
import type { Upkeep } from '../controller/upkeep.ts';

/** What is published, and what of it has been. */
export interface MetricFeed {
  readonly measure: () => readonly Measurement[];
  readonly published: PublishedTotals;
}

/** What publishes metrics in CloudWatch, where the configuration has `aws.metrics`. */
export function composeMetricUpkeep(
  { aws }: Config,
  parts: MetricFeed & { readonly clock: Clock },
): readonly Upkeep[] {
  if (aws.metrics === undefined) return [];
  const { namespace, every } = aws.metrics;
  const endpoints = aws.endpoints?.cloudwatch === undefined ? {} : { cloudwatch: aws.endpoints.cloudwatch };
  const cloudWatch = cloudWatchClient({ region: aws.region, endpoints });
  const sink = cloudWatchMetrics({ cloudWatch, namespace, timeout: aws.timeout });
  return [metricUpkeep({ sink, every, ...parts })];
}
