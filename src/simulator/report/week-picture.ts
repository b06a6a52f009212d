import type { TimeSeries } from '../series.ts';
import { linearScale } from './scale.ts';
import { element } from './svg.ts';
import { dayLines, steppedArea, type TimeAxis } from './time-axis.ts';

/** The width of pictures over time, and from where to where of it time runs. */
export const WEEK = { width: 560, left: 44, right: 552 } as const;
const HEIGHT = 140;
const TOP = 18;
const BOTTOM = HEIGHT - 24;

/** One series as an area. */
export interface Area {
  readonly series: TimeSeries;
  /** How the sheet draws it. */
  readonly look: 'faint' | 'strong';
}

/** What a picture shows. */
export interface WeekSubject {
  /** What its height stands for, with the unit. */
  readonly unit: string;
  readonly areas: readonly Area[];
  /** The height that all policies share. */
  readonly highest: number;
  /** The class of the policy's colour. */
  readonly colour: string;
  /** The picture in words, for those who do not see it. */
  readonly say: string;
}

/** How one policy went on: areas before each other, up to a height that all policies share. */
export function weekPicture({ unit, areas, highest, colour, say }: WeekSubject, axis: TimeAxis): string {
  const y = linearScale([0, highest], [BOTTOM, TOP], 3);
  const ticks = y.ticks.map(
    (tick) =>
      element('line', { class: 'grid', x1: WEEK.left, x2: WEEK.right, y1: y.at(tick), y2: y.at(tick) }) +
      element(
        'text',
        { class: 'tick', x: WEEK.left - 6, y: y.at(tick) + 4, 'text-anchor': 'end' },
        String(tick),
      ),
  );
  return element(
    'svg',
    { viewBox: `0 0 ${WEEK.width} ${HEIGHT}`, role: 'img', 'aria-label': say, class: colour },
    ...ticks,
    dayLines(axis, TOP, BOTTOM),
    element('text', { class: 'note', x: WEEK.left + 4, y: TOP - 3 }, unit),
    ...areas.map(({ series, look }) =>
      element('path', { class: `area ${look}`, d: steppedArea(series, axis, y.at, BOTTOM) }),
    ),
  );
}
