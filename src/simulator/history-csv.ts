import type { HistoryMistake, HistoryRow, HistoryRows } from './history-row.ts';

interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * The rows of comma-separated values by RFC 4180: fields in double quotes may have commas, line breaks and doubled
 * quotes. Lines end with LF or CRLF, and empty ones are passed over; the first one names the columns.
 */
export function csvRows(text: string): HistoryRows {
  const mistakes: HistoryMistake[] = [];
  const [header, ...records] = recordsOf(text, mistakes);
  if (header === undefined) return { rows: [], mistakes };
  const names = header.fields.map((name) => name.trim().toLowerCase());
  const rows = records.flatMap((record) => rowOf(names, record, mistakes));
  return { rows, mistakes };
}

function rowOf(
  names: readonly string[],
  { line, fields }: CsvRecord,
  mistakes: HistoryMistake[],
): readonly HistoryRow[] {
  if (fields.length !== names.length) {
    mistakes.push({
      line,
      problem: `it has ${fields.length} fields, and the first line names ${names.length}`,
    });
    return [];
  }
  const filled = names.flatMap((name, index) => {
    const value = fields[index]?.trim() ?? '';
    return value === '' ? [] : [[name, value] as const];
  });
  return [{ line, values: new Map(filled) }];
}

function recordsOf(text: string, mistakes: HistoryMistake[]): readonly CsvRecord[] {
  const records: CsvRecord[] = [];
  let line = 1;
  for (let at = 0; at < text.length;) {
    const record = recordAt(text, at, line, mistakes);
    if (record.fields.length > 1 || record.fields[0] !== '') records.push({ line, fields: record.fields });
    line += lineBreaks(text.slice(at, record.end));
    at = record.end;
  }
  return records;
}

/** A field in quotes, in which quotes are doubled; or one without. */
const FIELD = /"((?:[^"]|"")*)"|([^",\r\n]*)/y;
const END = /,|\r?\n|$/y;

/** The record that begins there, up to and with its line break. What is no record is passed over to the next line. */
function recordAt(
  text: string,
  start: number,
  line: number,
  mistakes: HistoryMistake[],
): { readonly fields: readonly string[]; readonly end: number } {
  const fields: string[] = [];
  let at = start;
  for (;;) {
    FIELD.lastIndex = at;
    const field = FIELD.exec(text);
    const [whole = '', quoted, plain = ''] = field ?? [];
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    END.lastIndex = at + whole.length;
    const end = END.exec(text);
    if (end === null) {
      mistakes.push({ line, problem: 'a double quote stands where none may, or is never closed' });
      return { fields: [''], end: nextLine(text, at) };
    }
    at += whole.length + end[0].length;
    if (end[0] !== ',') return { fields, end: at };
  }
}

function nextLine(text: string, at: number): number {
  const next = text.indexOf('\n', at);
  return next === -1 ? text.length : next + 1;
}

function lineBreaks(text: string): number {
  return text.split('\n').length - 1;
}
