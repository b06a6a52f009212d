import type { Comparison } from '../comparison.ts';
import type { TimeSeries } from '../series.ts';
import { coordinate, element } from './svg.ts';
import { dayText } from './wording.ts';
import { instant, type Instant } from '../../engine/time.ts';

const DAY = 86_400_000;
/** More days than this are named by every second, third … one. */
const MOST_NAMED = 8;

/** From when to when pictures over time are drawn, and where an instant lies. */
export interface TimeAxis {
  readonly from: Instant;
  readonly to: Instant;
  readonly at: (time: number) => number;
}

/** The axis over which all series of a comparison fit. */
export function timeAxis({ start, compared }: Comparison, left: number, right: number): TimeAxis {
  const ends = compared.map(({ series: { alive } }) => alive.from + alive.values.length * alive.step);
  const to = instant(Math.max(start + 1, ...ends));
  return { from: start, to, at: (time) => left + ((time - start) / (to - start)) * (right - left) };
}

/** A line at each midnight in UTC, with the day's name under it. */
export function dayLines({ from, to, at }: TimeAxis, top: number, bottom: number): string {
  const first = Math.ceil(from / DAY) * DAY;
  const days = Array.from({ length: Math.max(0, Math.floor((to - first) / DAY) + 1) }, (_, index) =>
    instant(first + index * DAY),
  );
  const every = Math.ceil(days.length / MOST_NAMED);
  return days
    .map((day, index) => {
      const line = element('line', { class: 'grid', x1: at(day), x2: at(day), y1: top, y2: bottom });
      // A name at the very end would stand outside.
      if (index % every !== 0 || at(day) > at(to) - 40) return line;
      return line + element('text', { class: 'tick', x: at(day) + 3, y: bottom + 14 }, dayText(day));
    })
    .join('');
}

/** The outline of an area under a series: one step for each value, down to `ground` where there is none. */
export function steppedArea(
  { from, step, values }: TimeSeries,
  { at }: TimeAxis,
  y: (value: number) => number,
  ground: number,
): string {
  const steps = values.map((value, index) => {
    const begun = coordinate(at(from + index * step));
    const ended = coordinate(at(from + (index + 1) * step));
    const height = coordinate(value === undefined ? ground : y(value));
    return `L${begun} ${height}H${ended}`;
  });
  return `M${coordinate(at(from))} ${ground}${steps.join('')}V${ground}Z`;
}
