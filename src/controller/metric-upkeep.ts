import type { Duration } from '../engine/time.ts';
import { lastingConcern } from './lasting-concern.ts';
import type { Measurement, MetricSink } from './metric-sink.ts';
import type { Clock } from './ports.ts';
import type { Upkeep } from './upkeep.ts';

const NAME = 'metrics in CloudWatch';

function keyOf({ metric, dimensions }: Measurement): string {
  return JSON.stringify([metric, Object.entries(dimensions)]);
}

/**
 * What has been published of counters since the process started; outlives a reload. A number whose answer was lost is
 * published again.
 */
export class PublishedTotals {
  readonly #published = new Map<string, number>();

  /** The measurements with what came to each counter in place of its total. */
  growthIn(measurements: readonly Measurement[]): readonly Measurement[] {
    return measurements.map((one) =>
      one.kind === 'gauge' ? one : { ...one, value: one.value - this.#publishedOf(one) },
    );
  }

  /** Notes that growth has arrived. */
  accept(growth: readonly Measurement[]): void {
    for (const one of growth) {
      if (one.kind === 'counter') this.#published.set(keyOf(one), this.#publishedOf(one) + one.value);
    }
  }

  #publishedOf(one: Measurement): number {
    return this.#published.get(keyOf(one)) ?? 0;
  }
}

export interface MetricUpkeepOptions {
  readonly sink: MetricSink;
  /** What is to be published, as of now. */
  readonly measure: () => readonly Measurement[];
  readonly published: PublishedTotals;
  readonly every: Duration;
  readonly clock: Clock;
}

/** Publishes the metrics. What only an operator can mend is a concern; of the rest the upkeep tells. */
export function metricUpkeep({ sink, measure, published, every, clock }: MetricUpkeepOptions): Upkeep {
  return {
    name: NAME,
    every: () => every,
    async tend(signal) {
      const growth = published.growthIn(measure());
      try {
        await sink.publish(growth, clock.now(), (arrived) => published.accept(arrived), signal);
        return [];
      } catch (error) {
        return [lastingConcern(NAME, error)];
      }
    },
  };
}
