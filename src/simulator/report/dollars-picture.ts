import type { Compared, Comparison } from '../comparison.ts';
import { colourClass } from './palette.ts';
import { linearScale, type Scale } from './scale.ts';
import { coordinate, element, escaped } from './svg.ts';
import { dayLines, type TimeAxis, timeAxis } from './time-axis.ts';
import { countText, dollarsText } from './wording.ts';

const WIDTH = 1140;
const HEIGHT = 340;
const LEFT = 56;
/** Room for names at the ends of the lines. */
const RIGHT = WIDTH - 230;
const TOP = 14;
const BOTTOM = HEIGHT - 26;
const LINE_HEIGHT = 15;

interface Sum {
  readonly name: string;
  readonly index: number;
  readonly own: boolean;
  /** Dollars up to the end of each hour. */
  readonly sums: readonly number[];
  readonly total: number;
}

/** What each policy has cost since the start, hour by hour. */
export function dollarsPicture(comparison: Comparison): string {
  const axis = timeAxis(comparison, LEFT, RIGHT);
  const all = comparison.compared.map(sumOf);
  const y = linearScale([0, Math.max(0.01, ...all.map(({ total }) => total))], [BOTTOM, TOP]);
  const say = `Dollars since the start: ${all.map(({ name, total }) => `${name} ${dollarsText(total)}`).join(', ')}`;
  return element(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': say },
    ...y.ticks.map(
      (tick) =>
        element('line', { class: 'grid', x1: LEFT, x2: RIGHT, y1: y.at(tick), y2: y.at(tick) }) +
        element(
          'text',
          { class: 'tick', x: LEFT - 6, y: y.at(tick) + 4, 'text-anchor': 'end' },
          `$${tick < 10 ? tick : countText(tick)}`,
        ),
    ),
    dayLines(axis, TOP, BOTTOM),
    ...comparison.compared.map(({ series }, index) => line(all[index], series.dollars.step, axis, y)),
    ...names(all, y),
  );
}

function sumOf({ name, own, series }: Compared, index: number): Sum {
  let total = 0;
  const sums = series.dollars.values.map((value = 0) => (total += value));
  return { name, index, own, sums, total };
}

function line(sum: Sum | undefined, step: number, axis: TimeAxis, y: Scale): string {
  if (sum === undefined) return '';
  const points = [0, ...sum.sums].map(
    (value, index) => `${coordinate(axis.at(axis.from + index * step))},${coordinate(y.at(value))}`,
  );
  const look = `line ${sum.own ? 'own' : 'other'} ${colourClass(sum.index)}`;
  return element('polyline', { class: look, points: points.join(' ') });
}

/** The names beside the ends of the lines, moved apart where the ends lie close together. */
function names(all: readonly Sum[], y: Scale): readonly string[] {
  let lowest = BOTTOM + LINE_HEIGHT;
  return all
    .toSorted((one, other) => one.total - other.total)
    .map(({ name, index, own, total }) => {
      lowest = Math.min(lowest - LINE_HEIGHT, y.at(total) + 4);
      return element(
        'text',
        { class: `end ${own ? 'own' : ''} ${colourClass(index)}`, x: RIGHT + 8, y: lowest },
        escaped(`${name} ${dollarsText(total)}`),
      );
    });
}
