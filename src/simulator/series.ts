import { type Duration, type Instant, minutes } from '../engine/time.ts';
import { percentile } from './percentile.ts';
import type { Run } from './result.ts';

const HOUR = minutes(60);

/** Figures of equal stretches of time, one after the other. */
export interface TimeSeries {
  readonly from: Instant;
  /** How long each stretch is. */
  readonly step: Duration;
  /** Undefined where there is nothing to say, such as how long jobs waited in an hour without jobs. */
  readonly values: readonly (number | undefined)[];
}

/** How a run went on, for drawing. */
export interface RunSeries {
  /** Jobs that wait, on average over each stretch. */
  readonly waiting: TimeSeries;
  /** Machines that are billed, on average over each stretch. */
  readonly alive: TimeSeries;
  /** Machines' worth of slots with a script, on average over each stretch. */
  readonly busy: TimeSeries;
  /** Milliseconds that 95 % of the jobs queued in each hour did not exceed. */
  readonly wait95: TimeSeries;
  /** What each hour cost. */
  readonly dollars: TimeSeries;
}

/** A stretch of time, and how much it weighs. */
interface Weighted {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

/** The series of a run, in steps of `step` where nothing else is said. */
export function seriesOf({ jobs, billed, slots, start, end }: Run, step = minutes(10)): RunSeries {
  const averaged = (spans: readonly Weighted[]): TimeSeries => ({
    from: start,
    step,
    values: totals(spans, start, end, step).map((total) => total / step),
  });
  const waits = jobs.map(({ queuedAt, scriptAt }) => ({ from: queuedAt, to: scriptAt, weight: 1 }));
  const scripts = jobs.map(({ scriptAt, endedAt }) => ({ from: scriptAt, to: endedAt, weight: 1 / slots }));
  const prices = billed.map(({ from, to, price }) => ({ from, to, weight: price }));
  return {
    waiting: averaged(waits),
    alive: averaged(billed.map(({ from, to }) => ({ from, to, weight: 1 }))),
    busy: averaged(scripts),
    wait95: { from: start, step: HOUR, values: hourly95(waits, start, end) },
    dollars: {
      from: start,
      step: HOUR,
      values: totals(prices, start, end, HOUR).map((total) => total / HOUR),
    },
  };
}

/** How much of each stretch the spans cover, each times its weight. */
function totals(spans: readonly Weighted[], start: Instant, end: Instant, step: Duration): number[] {
  const count = Math.max(1, Math.ceil((end - start) / step));
  const all = Array.from({ length: count }, () => 0);
  for (const { from, to, weight } of spans) {
    for (let index = Math.max(0, Math.floor((from - start) / step)); index < count; index += 1) {
      const begun = start + index * step;
      if (begun >= to) break;
      all[index] = (all[index] ?? 0) + (Math.min(to, begun + step) - Math.max(from, begun)) * weight;
    }
  }
  return all;
}

function hourly95(waits: readonly Weighted[], start: Instant, end: Instant): (number | undefined)[] {
  const hours = Array.from({ length: Math.max(1, Math.ceil((end - start) / HOUR)) }, (): number[] => []);
  for (const { from, to } of waits) hours[Math.floor((from - start) / HOUR)]?.push(to - from);
  return hours.map((hour) =>
    hour.length === 0
      ? undefined
      : percentile(
          hour.toSorted((a, b) => a - b),
          0.95,
        ),
  );
}
