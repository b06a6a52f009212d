import type { Duration } from '../../engine/time.ts';
import type { Compared, Comparison } from '../comparison.ts';
import { medianStart } from '../conditions.ts';
import type { TimeSeries } from '../series.ts';
import { dollarsPicture } from './dollars-picture.ts';
import { figuresTable } from './figures-table.ts';
import { modelled } from './modelled.ts';
import { colourClass } from './palette.ts';
import { paretoPicture } from './pareto-picture.ts';
import { SHEET } from './sheet.ts';
import { element, escaped } from './svg.ts';
import { timeAxis } from './time-axis.ts';
import { WEEK, weekPicture } from './week-picture.ts';
import { countText, dayText, durationText } from './wording.ts';

/** Nothing is loaded from anywhere, and nothing runs. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** A comparison as one HTML document that stands for itself. The same comparison gives the same bytes. */
export function reportDocument(comparison: Comparison): string {
  const head = [
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    element('title', {}, escaped(`Runtide: policies compared over ${comparison.workload}`)),
    element('style', {}, SHEET),
  ];
  const body = element(
    'main',
    {},
    heading(comparison),
    costSection(comparison),
    element('section', {}, element('h2', {}, 'Figures'), figuresTable(comparison)),
    weekSection(comparison),
    dollarsSection(comparison),
    modelSection(comparison),
  );
  return `<!doctype html>\n<html lang="en"><head>${head.join('')}</head><body>${body}</body></html>\n`;
}

function heading({ workload, start, length, pipelines, jobs, conditions, bound }: Comparison): string {
  const facts = [
    ['jobs', countText(jobs)],
    ['pipelines', countText(pipelines)],
    ['length', lengthText(length)],
    ['start of a machine', `${medianStart(conditions.startDelay) / 1000} s`],
    ['seed', String(conditions.seed)],
    ...(bound === undefined ? [] : [[`lowest cost without waits`, bound.cost.toFixed(3)]]),
  ];
  const boxes = facts.map(([name = '', value = '']) =>
    element('div', {}, element('b', {}, escaped(value)), element('span', {}, escaped(name))),
  );
  return element(
    'header',
    {},
    element('h1', {}, 'Policies side by side'),
    element(
      'p',
      { class: 'soft' },
      escaped(`Simulated by Runtide over the workload “${workload}”, from ${dayText(start)}; times are UTC.`),
    ),
    element('div', { class: 'facts' }, ...boxes),
  );
}

function lengthText(length: Duration): string {
  const days = length / 86_400_000;
  return days >= 2 ? `${Number(days.toFixed(1))} days` : durationText(length);
}

function costSection(comparison: Comparison): string {
  const legend =
    'Each mark is one policy over the whole time; nearer to the lower left corner is better. Filled: your policies. ' +
    'Hollow: what others have built. Dotted: nothing here is both cheaper and quicker than the policies on this line.' +
    (comparison.bound === undefined
      ? ''
      : ' Dashed: what a week without any wait costs whoever knows all jobs in advance.');
  return element(
    'section',
    {},
    element('h2', {}, 'What waiting costs'),
    element('p', { class: 'soft' }, legend),
    element(
      'div',
      { class: 'pair' },
      paretoPicture(comparison, { title: 'Mean wait', of: ({ mean }) => mean }),
      paretoPicture(comparison, { title: 'Wait that 95 % of jobs stay within', of: ({ p95 }) => p95 }),
    ),
  );
}

function inSeconds({ values, ...series }: TimeSeries): TimeSeries {
  return { ...series, values: values.map((value) => (value === undefined ? undefined : value / 1000)) };
}

function highest(series: readonly TimeSeries[]): number {
  return series.reduce(
    (most, { values }) => values.reduce<number>((top, value = 0) => Math.max(top, value), most),
    1,
  );
}

function swatch(look: string): string {
  return element('span', { class: `swatch ${look}` });
}

function weekSection(comparison: Comparison): string {
  const { compared } = comparison;
  const machines = highest(compared.map(({ series }) => series.alive));
  const waits = highest(compared.map(({ series }) => inSeconds(series.wait95)));
  return element(
    'section',
    {},
    element('h2', {}, 'Machines and waits over time'),
    element(
      'p',
      { class: 'soft' },
      `Left: machines,${swatch('faint')}paid for and${swatch('strong')}busy, averages of ten minutes. Right: seconds that 95 % of ` +
        'the jobs queued in each hour did not exceed. All policies are drawn to the same height.',
    ),
    ...compared.map((one, index) => week(one, index, comparison, { machines, waits })),
  );
}

interface Heights {
  readonly machines: number;
  /** Seconds. */
  readonly waits: number;
}

function week(
  { name, series, summary }: Compared,
  index: number,
  comparison: Comparison,
  heights: Heights,
): string {
  const axis = timeAxis(comparison, WEEK.left, WEEK.right);
  const colour = colourClass(index);
  const wait95 = summary === undefined ? '' : `, ${durationText(summary.p95)} over all`;
  return [
    element('h3', {}, escaped(name)),
    element(
      'div',
      { class: 'pair' },
      weekPicture(
        {
          unit: 'machines',
          areas: [
            { series: series.alive, look: 'faint' },
            { series: series.busy, look: 'strong' },
          ],
          highest: heights.machines,
          colour,
          say: `Machines of ${name} over time, paid for and busy; at most ${highest([series.alive]).toFixed(0)}`,
        },
        axis,
      ),
      weekPicture(
        {
          unit: 'seconds that 95 % of the jobs waited at most',
          areas: [{ series: inSeconds(series.wait95), look: 'strong' }],
          highest: heights.waits,
          colour,
          say: `Seconds of waiting that 95 % of the jobs of ${name} did not exceed, by the hour${wait95}`,
        },
        axis,
      ),
    ),
  ].join('');
}

function dollarsSection(comparison: Comparison): string {
  return element(
    'section',
    {},
    element('h2', {}, 'Dollars'),
    element('p', { class: 'soft' }, 'What the machines have cost since the start. Thick: your policies.'),
    element('div', { class: 'wide' }, dollarsPicture(comparison)),
  );
}

function modelSection({ conditions }: Comparison): string {
  const sentences = modelled(conditions).map((sentence) => element('li', {}, escaped(sentence)));
  return element('section', {}, element('h2', {}, 'What is modelled'), element('ul', {}, ...sentences));
}
