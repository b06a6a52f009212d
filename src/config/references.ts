import { type Lookup, Unresolvable } from './lookup.ts';
import { about, partAt, readsAs } from './schema-tree.ts';
import { parseTemplate, type Piece } from './template.ts';
import { isMap, type Path } from './tree.ts';

/** A text whose references could not be resolved. */
export interface BrokenReference {
  readonly path: Path;
  readonly allowed: string;
  readonly mend: string;
}

/** A tree in which every reference has become what it stands for. */
export interface Resolved {
  readonly tree: unknown;
  /** Where that failed; what stands there is left as it was. */
  readonly broken: readonly BrokenReference[];
}

const MALFORMED = {
  allowed: '${env:NAME}, ${file:PATH} or ${ssm:NAME}',
  mend: 'write $${ where the text itself contains ${',
};

/** Replaces the references in every text of `tree` that the schema knows a place for. */
export async function resolveReferences(tree: unknown, lookup: Lookup): Promise<Resolved> {
  const broken: BrokenReference[] = [];
  const walk = async (value: unknown, path: Path): Promise<unknown> => {
    // An unknown key is a mistake whatever it says, and through YAML's aliases it may be endless.
    if (partAt(path) === undefined) return value;
    if (typeof value === 'string') return resolveText(value, path, lookup, broken);
    if (Array.isArray(value)) return Promise.all(value.map((item, index) => walk(item, [...path, index])));
    if (!isMap(value)) return value;
    const entries = Object.entries(value).map(async ([key, below]) => [
      key,
      await walk(below, [...path, key]),
    ]);
    return Object.fromEntries(await Promise.all(entries));
  };
  return { tree: await walk(tree, []), broken };
}

async function resolveText(
  text: string,
  path: Path,
  lookup: Lookup,
  broken: BrokenReference[],
): Promise<unknown> {
  const pieces = parseTemplate(text);
  if (pieces === undefined) {
    broken.push({ path, ...MALFORMED });
    return text;
  }
  const answers = await Promise.all(pieces.map((piece) => answerTo(piece, lookup)));
  const failed = answers.filter((answer) => answer instanceof Unresolvable);
  broken.push(...failed.map(({ allowed, mend }) => ({ path, allowed, mend })));
  if (failed.length > 0) return text;
  const resolved = answers.filter((answer) => typeof answer === 'string').join('');
  if (isFile(path)) return contentOf(resolved, path, { lookup, broken, written: text });
  return pieces.some((piece) => typeof piece === 'object') ? asKeyWants(resolved, path) : resolved;
}

function isFile(path: Path): boolean {
  const part = partAt(path);
  return part !== undefined && about(part).kind === 'file';
}

/** What stands in the file that the key names. */
async function contentOf(
  name: string,
  path: Path,
  { lookup, broken, written }: { lookup: Lookup; broken: BrokenReference[]; written: string },
): Promise<string> {
  const content = await lookup({ source: 'file', name });
  if (typeof content === 'string') return content;
  // What a reference stands for is not shown, and so neither is a path that is made of it.
  const allowed = name === written ? content.allowed : 'the path of a readable file in UTF-8';
  const part = partAt(path);
  broken.push({ path, allowed, mend: (part && about(part).mend) ?? content.mend });
  return written;
}

async function answerTo(piece: Piece, lookup: Lookup): Promise<string | Unresolvable> {
  return typeof piece === 'string' ? piece : lookup(piece);
}

/** References stand for text; where the schema wants a number or true or false, the text is read as such. */
function asKeyWants(text: string, path: Path): unknown {
  const part = partAt(path);
  const kind = part === undefined ? undefined : readsAs(part);
  if (kind === 'number' && /^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  if (kind === 'boolean' && /^(?:true|false)$/.test(text)) return text === 'true';
  return text;
}
