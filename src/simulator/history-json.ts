import type { HistoryMistake, HistoryRow, HistoryRows } from './history-row.ts';

interface Element {
  readonly line: number;
  readonly text: string;
}

/** The rows of a JSON array of objects, or of one object a line. */
export function jsonRows(text: string): HistoryRows {
  const mistakes: HistoryMistake[] = [];
  const elements = text.trimStart().startsWith('[') ? elementsOf(text, mistakes) : linesOf(text);
  return { rows: elements.flatMap((element) => rowOf(element, mistakes)), mistakes };
}

function rowOf({ line, text }: Element, mistakes: HistoryMistake[]): readonly HistoryRow[] {
  const value = parsed(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return [{ line, values: new Map(flat(Object.entries(value))) }];
  mistakes.push({ line, problem: 'it is no JSON object' });
  return [];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** With `pipeline.id` for what GitLab's API puts into an object of its own. */
function flat(entries: readonly (readonly [string, unknown])[]): readonly (readonly [string, unknown])[] {
  return entries.flatMap(([name, value]) => {
    if (value === null || value === '') return [];
    const key = name.toLowerCase();
    if (typeof value !== 'object' || Array.isArray(value)) return [[key, value] as const];
    return flat(Object.entries(value).map(([inner, one]) => [`${key}.${inner}`, one] as const));
  });
}

function linesOf(text: string): readonly Element[] {
  return text
    .split('\n')
    .map((one, index) => ({ line: index + 1, text: one.trim() }))
    .filter((one) => one.text !== '');
}

/** A string, in which brackets and commas mean nothing, or a sign that does. */
const SIGN = /"(?:[^"\\]|\\.)*"?|[[\]{},]/g;
const DEEPER: Readonly<Record<string, number>> = { '[': 1, '{': 1, ']': -1, '}': -1 };

/** The elements of an array, each with the line on which it begins, so that a mistake can be found again. */
function elementsOf(text: string, mistakes: HistoryMistake[]): readonly Element[] {
  const { cuts, closed } = cutsOf(text);
  let line = 1;
  let counted = 0;
  const elements = cuts.flatMap((cut, index) => {
    const element = text.slice(cut + 1, cuts[index + 1]);
    const begin = cut + 1 + element.length - element.trimStart().length;
    line += text.slice(counted, begin).split('\n').length - 1;
    counted = begin;
    return element.trim() === '' ? [] : [{ line, text: element.trim() }];
  });
  if (!closed) mistakes.push({ line, problem: 'the array has no end: the file is not whole' });
  return elements;
}

/** Where the array begins and ends, and the commas between its elements. */
function cutsOf(text: string): { readonly cuts: readonly number[]; readonly closed: boolean } {
  const cuts: number[] = [];
  let depth = 0;
  for (const { 0: sign, index } of text.matchAll(SIGN)) {
    depth += DEEPER[sign] ?? 0;
    if (cuts.length === 0 || depth === 0 || (depth === 1 && sign === ',')) cuts.push(index);
  }
  return { cuts, closed: depth === 0 };
}
