import { type Document, LineCounter, parseDocument, type YAMLError } from 'yaml';
import type { Mistake } from './mistakes.ts';
import { publicPath } from './masking.ts';
import { lineFinder, type Place, placesOf } from './places.ts';
import { isMap, type Path, pathText } from './tree.ts';

/** A file that could be read as YAML. */
export interface ReadDocument {
  /** What stands in it: nothing else than maps, lists and plain values. */
  readonly tree: unknown;
  /** The line of what stands at `path`, or of the nearest thing around it. */
  readonly lineOf: (path: Path) => number | undefined;
  /** Keys that stand twice and the like: the tree can be used all the same. */
  readonly mistakes: readonly Mistake[];
}

/** What the file is not, when it cannot be read at all. */
export interface Unreadable {
  readonly mistakes: readonly Mistake[];
}

const YAML = 'YAML (version 1.2) with one map at the top';

/** What YAML's complaints mean here; their own words may quote the file, and so a secret. */
const SYNTAX: Readonly<Record<string, { value: string; mend: string }>> = {
  TAB_AS_INDENT: { value: 'a tab indents this line', mend: 'indent with spaces' },
  MULTIPLE_DOCS: { value: 'a second document starts here', mend: 'remove it and its `---`' },
  BAD_INDENT: {
    value: 'the indentation is wrong',
    mend: 'indent the keys of one map alike, and close every bracket',
  },
  BAD_SCALAR_START: { value: 'a plain text cannot start with this character', mend: 'put it into quotes' },
  BAD_DQ_ESCAPE: { value: 'an unknown escape in double quotes', mend: 'use single quotes' },
  BLOCK_AS_IMPLICIT_KEY: {
    value: 'two keys on one line',
    mend: 'put the text into quotes if it contains a colon',
  },
  MISSING_CHAR: {
    value: 'a quote, a bracket, a colon or a comma is missing',
    mend: 'complete it; inside [ ] and { } put references into quotes',
  },
  UNEXPECTED_TOKEN: {
    value: 'something stands here that does not belong here',
    mend: 'remove it; inside [ ] and { } put references into quotes',
  },
  TAG_RESOLVE_FAILED: { value: 'an unknown YAML tag', mend: 'put a text that starts with ! into quotes' },
};
const OTHER_SYNTAX = { value: 'this is no YAML', mend: 'write it as in examples/runtide.yaml' };

const REFERS_TO_NOTHING = {
  path: '',
  value: 'an alias (*name) that has no anchor (&name) before it, or that multiplies without end',
  allowed: YAML,
  mend: 'put a text that starts with * into quotes, or use fewer aliases',
};

/** Reads the bytes of a file as YAML. */
export function readDocument(bytes: Uint8Array): ReadDocument | Unreadable {
  const text = decode(bytes);
  if (text === undefined) return unreadable('text that is not UTF-8', 'save the file as UTF-8');
  const lines = new LineCounter();
  try {
    return interpret(
      parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' }),
      lines,
    );
  } catch (error) {
    if (error instanceof ReferenceError) return { mistakes: [REFERS_TO_NOTHING] };
    if (!(error instanceof RangeError)) throw error;
    return unreadable('maps or lists nested too deep', 'write it as in examples/runtide.yaml');
  }
}

function unreadable(value: string, mend: string): Unreadable {
  return { mistakes: [{ path: '', value, allowed: YAML, mend }] };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function interpret(document: Document.Parsed, lines: LineCounter): ReadDocument | Unreadable {
  const complaints = [...document.errors, ...document.warnings];
  const first = complaints.find((complaint) => complaint.code !== 'DUPLICATE_KEY');
  if (first !== undefined) return { mistakes: [syntaxMistake(first, lines)] };
  const tree: unknown = document.toJS();
  if (tree === null) return unreadable('nothing: it is empty', 'start from examples/runtide.yaml');
  if (!isMap(tree)) {
    return unreadable(
      Array.isArray(tree) ? 'a list at the top' : 'no map at the top',
      'write `key: value` lines',
    );
  }
  const places = placesOf(document);
  return {
    tree,
    lineOf: lineFinder(places, lines),
    mistakes: [...twiceIn(document, places, lines), ...reservedIn(places, lines)],
  };
}

function syntaxMistake(complaint: YAMLError, lines: LineCounter): Mistake {
  const words = SYNTAX[complaint.code] ?? OTHER_SYNTAX;
  return { path: '', ...words, allowed: YAML, line: lines.linePos(complaint.pos[0]).line };
}

function twiceIn(
  document: Document.Parsed,
  places: readonly Place[],
  lines: LineCounter,
): readonly Mistake[] {
  return document.errors.map(({ pos: [start] }) => ({
    path: pathText(publicPath(places.find(({ offset }) => offset === start)?.path ?? [])),
    value: 'this key stands twice in one map',
    allowed: 'every key once',
    mend: 'remove one of the two',
    line: lines.linePos(start).line,
  }));
}

/** The one key that plain maps cannot hold, and that would otherwise be passed over in silence. */
function reservedIn(places: readonly Place[], lines: LineCounter): readonly Mistake[] {
  return places
    .filter(({ path }) => path.at(-1) === '__proto__')
    .map(({ path, offset }) => ({
      path: pathText(publicPath(path)),
      value: 'a key that cannot be used',
      allowed: 'the keys that examples/runtide.yaml shows',
      mend: 'remove it',
      line: lines.linePos(offset).line,
    }));
}
