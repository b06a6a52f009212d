import { type CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Measurement, MetricSink } from '../../controller/metric-sink.ts';
import type { Duration, Instant } from '../../engine/time.ts';
import { awsCall, limitsOf } from './aws-call.ts';

export interface CloudWatchMetricsOptions {
  readonly cloudWatch: CloudWatchClient;
  readonly namespace: string;
  /** The longest that one call may take. */
  readonly timeout: Duration;
}

/** What one request takes, after the documentation of PutMetricData: 1,000 metrics, and 1 MB in all. */
const MOST_METRICS = 1000;
/** Below it, as the namespace and what stands around the data belongs to the request as well. */
const MOST_BYTES = 900_000;

interface Datum {
  readonly measurement: Measurement;
  readonly datum: MetricDatum;
  readonly bytes: number;
}

function datumOf(measurement: Measurement, at: Instant): Datum {
  const { metric, unit, dimensions, value } = measurement;
  const datum = {
    MetricName: metric,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    Timestamp: new Date(at),
    Unit: unit,
    Value: value,
  };
  return { measurement, datum, bytes: new TextEncoder().encode(JSON.stringify(datum)).length };
}

function batchesOf(data: readonly Datum[]): readonly (readonly Datum[])[] {
  const batches: Datum[][] = [];
  let room = 0;
  for (const one of data) {
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === MOST_METRICS || one.bytes > room) {
      batches.push([one]);
      room = MOST_BYTES - one.bytes;
    } else {
      batch.push(one);
      room -= one.bytes;
    }
  }
  return batches;
}

/** Metrics in CloudWatch, in as few requests as it allows; each is tried once. */
export function cloudWatchMetrics({ cloudWatch, namespace, timeout }: CloudWatchMetricsOptions): MetricSink {
  return {
    async publish(measurements, at, accepted, signal) {
      const call = { system: 'cloudwatch', doing: `publishing metrics in namespace ${namespace}` } as const;
      for (const batch of batchesOf(measurements.map((one) => datumOf(one, at)))) {
        const put = { Namespace: namespace, MetricData: batch.map(({ datum }) => datum) };
        await awsCall(call, limitsOf(signal, timeout), (options) =>
          cloudWatch.send(new PutMetricDataCommand(put), options),
        );
        accepted(batch.map(({ measurement }) => measurement));
      }
    },
  };
}
