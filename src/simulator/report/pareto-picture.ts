import type { Duration } from '../../engine/time.ts';
import type { Compared, Comparison } from '../comparison.ts';
import type { Summary } from '../result.ts';
import { paretoFront } from '../statistics.ts';
import { type Box, labelPlaces } from './label-places.ts';
import { mark } from './mark.ts';
import { linearScale, type Scale } from './scale.ts';
import { coordinate, element, escaped } from './svg.ts';

const WIDTH = 560;
const HEIGHT = 400;
const PLOT: Box = { left: 58, top: 34, right: WIDTH - 16, bottom: HEIGHT - 52 };

/** Which wait is drawn. */
export interface ParetoAxis {
  /** What stands above the picture, such as "Mean wait". */
  readonly title: string;
  readonly of: (summary: Summary) => Duration;
}

interface Spot {
  readonly name: string;
  readonly about: string;
  readonly own: boolean;
  readonly index: number;
  readonly cost: number;
  /** Seconds. */
  readonly wait: number;
}

/** Cost to the right, waits upwards: the better, the nearer to the lower left corner. */
export function paretoPicture({ compared, bound }: Comparison, { title, of }: ParetoAxis): string {
  const spots = compared.flatMap((one, index) => spotOf(one, index, of));
  const costs = [...spots.map(({ cost }) => cost), ...(bound === undefined ? [] : [bound.cost])];
  const x = linearScale([1, Math.max(1.1, ...costs)], [PLOT.left, PLOT.right], 6);
  const y = linearScale([0, Math.max(1, ...spots.map(({ wait }) => wait))], [PLOT.bottom, PLOT.top]);
  const say = `${title} against cost: ${spots.map(({ name, cost, wait }) => `${name} ${cost.toFixed(2)} and ${wait.toFixed(1)} s`).join('; ')}`;
  return element(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': say, class: 'pareto' },
    axes(title, x, y),
    front(spots, x, y),
    bound === undefined ? '' : boundLine(bound.cost, bound.name, x),
    ...spots.map((spot) => spotMark(spot, x, y)),
    ...labels(spots, x, y),
  );
}

function spotOf({ name, about, own, summary }: Compared, index: number, of: ParetoAxis['of']): Spot[] {
  if (summary === undefined) return [];
  return [{ name, about, own, index, cost: summary.cost, wait: of(summary) / 1000 }];
}

function axes(title: string, x: Scale, y: Scale): string {
  const { left, right, top, bottom } = PLOT;
  const across = y.ticks.flatMap((tick) => [
    element('line', { class: 'grid', x1: left, x2: right, y1: y.at(tick), y2: y.at(tick) }),
    element('text', { class: 'tick', x: left - 8, y: y.at(tick) + 4, 'text-anchor': 'end' }, String(tick)),
  ]);
  const along = x.ticks.flatMap((tick) => [
    element('line', { class: 'grid', x1: x.at(tick), x2: x.at(tick), y1: top, y2: bottom }),
    element('text', { class: 'tick', x: x.at(tick), y: bottom + 18, 'text-anchor': 'middle' }, String(tick)),
  ]);
  return [
    ...across,
    ...along,
    element('text', { class: 'title', x: 12, y: 18 }, `${escaped(title)}, seconds`),
    element(
      'text',
      { class: 'axis', x: (left + right) / 2, y: HEIGHT - 10, 'text-anchor': 'middle' },
      'cost: billed machine time over the time of scripts',
    ),
  ].join('');
}

function front(spots: readonly Spot[], x: Scale, y: Scale): string {
  const points = paretoFront(spots).map(
    ({ cost, wait }) => `${coordinate(x.at(cost))},${coordinate(y.at(wait))}`,
  );
  return points.length < 2 ? '' : element('polyline', { class: 'front', points: points.join(' ') });
}

function boundLine(cost: number, name: string, x: Scale): string {
  const at = x.at(cost);
  return [
    element('line', { class: 'bound', x1: at, x2: at, y1: PLOT.top, y2: PLOT.bottom }),
    element(
      'text',
      {
        class: 'note',
        x: at + 4,
        y: PLOT.top + 4,
        transform: `rotate(90 ${coordinate(at + 4)} ${PLOT.top + 4})`,
      },
      escaped(`${name} ${cost.toFixed(3)}`),
    ),
  ].join('');
}

function spotMark({ name, about, own, index, cost, wait }: Spot, x: Scale, y: Scale): string {
  const said = `${name}: cost ${cost.toFixed(2)}, ${wait.toFixed(1)} s. ${about}`;
  return element('g', {}, element('title', {}, escaped(said)), mark(index, own, x.at(cost), y.at(wait)));
}

function labels(spots: readonly Spot[], x: Scale, y: Scale): readonly string[] {
  // The own ones first, so that theirs find room.
  const inTurn = spots.toSorted((one, other) => Number(other.own) - Number(one.own));
  const points = inTurn.map(({ name, cost, wait }) => ({ name, x: x.at(cost), y: y.at(wait) }));
  const own = new Set(spots.filter((spot) => spot.own).map(({ name }) => name));
  return labelPlaces(points, { ...PLOT, bottom: PLOT.bottom - 2 }).map(({ name, x: left, y: top, anchor }) =>
    element(
      'text',
      { class: own.has(name) ? 'label own' : 'label', x: left, y: top, 'text-anchor': anchor },
      escaped(name),
    ),
  );
}
