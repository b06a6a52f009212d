import type { Compared, Comparison } from '../comparison.ts';
import type { Summary } from '../result.ts';
import { caveats, type Column, COLUMNS } from './columns.ts';
import { mark } from './mark.ts';
import { element, escaped } from './svg.ts';

/** The figures of all policies, the best of each column marked, and what the columns mean. */
export function figuresTable({ compared }: Comparison): string {
  const head = [
    element('th', {}, 'policy'),
    ...COLUMNS.map(({ head: name, about }) => element('th', { title: about }, escaped(name))),
  ];
  const best = COLUMNS.map((column) => bestOf(column, compared));
  const rows = compared.map((one, index) => row(one, index, best));
  const meanings = COLUMNS.flatMap(({ head: name, about }) => [
    element('dt', {}, escaped(name)),
    element('dd', {}, escaped(about)),
  ]);
  return [
    element(
      'div',
      { class: 'wide' },
      element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows)),
    ),
    element('dl', {}, ...meanings),
  ].join('');
}

/** The best figure of a column as it is shown; undefined where no figure is better than another. */
function bestOf({ best, cell }: Column, compared: readonly Compared[]): string | undefined {
  const summaries = compared.flatMap(({ summary }) => (summary === undefined ? [] : [summary]));
  if (best === undefined || summaries.length < 2) return undefined;
  const sign = best.is === 'lowest' ? 1 : -1;
  const [first] = summaries.toSorted((one, other) => sign * (best.of(one) - best.of(other)));
  const shown = first === undefined ? undefined : cell(first);
  return summaries.every((summary) => cell(summary) === shown) ? undefined : shown;
}

function row(
  { name, about, own, summary }: Compared,
  index: number,
  best: readonly (string | undefined)[],
): string {
  const key = element('svg', { class: 'key', viewBox: '0 0 18 18' }, mark(index, own, 9, 9));
  const notes = [about, ...(summary === undefined ? ['it ran no job'] : caveats(summary))];
  const title = `${key}${escaped(name)}${element('span', { class: 'soft' }, escaped(notes.join('; ')))}`;
  return element(
    'tr',
    own ? { class: 'own' } : {},
    element('td', {}, title),
    ...COLUMNS.map((column, place) => figure(column, summary, best[place])),
  );
}

function figure({ cell }: Column, summary: Summary | undefined, best: string | undefined): string {
  if (summary === undefined) return element('td', {}, '–');
  const shown = cell(summary);
  return element('td', shown === best ? { class: 'best' } : {}, escaped(shown));
}
