/** What an answer looks like: each field's path and type, such as `Instances[].Tags[].Key: string`. */
export type AnswerShape = ReadonlyMap<string, string>;

/** Fields whose values are words of the API: they are compared as they are. */
const WORDS = new Set([
  'HealthStatus',
  'LifecycleState',
  'StatusCode',
  'Code',
  'HttpStatus',
  'HttpTokens',
  'InstanceLifecycle',
  'Lifecycle',
  'Type',
]);

function isWord(path: string): boolean {
  const [key = '', parent = ''] = path.split('.').toReversed();
  return WORDS.has(key) || (key === 'Name' && parent.endsWith('State'));
}

function leaf(path: string, value: unknown): string {
  if (value instanceof Date) return 'time';
  if (typeof value === 'string' && value === '') return 'empty text';
  return isWord(path) ? JSON.stringify(value) : typeof value;
}

function walk(path: string, value: unknown, add: (path: string, type: string) => void): void {
  if (value === undefined) return;
  if (Array.isArray(value)) {
    add(path, value.length === 0 ? 'empty list' : 'list');
    for (const item of value) walk(`${path}[]`, item, add);
  } else if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    for (const [key, inner] of Object.entries(value)) walk(path === '' ? key : `${path}.${key}`, inner, add);
  } else add(path, leaf(path, value));
}

/** The shape of what an SDK client answered; of its metadata only whether there is a request id. */
export function shapeOf(answer: object): AnswerShape {
  const { $metadata, ...fields } = { $metadata: {}, ...answer };
  const types = new Map<string, Set<string>>();
  walk('', fields, (path, type) => {
    types.set(path, (types.get(path) ?? new Set()).add(type));
  });
  types.set('request id', new Set([typeof Object($metadata).requestId]));
  return new Map(Array.from(types, ([path, all]) => [path, [...all].toSorted().join(' or ')]));
}

/** The path and everything around it, the outermost first: `a`, `a.b[]`, `a.b[].c`. */
function pathAndParents(path: string): readonly string[] {
  const keys = path.split('.');
  return keys.map((_, index) => keys.slice(0, index + 1).join('.'));
}

/** The outermost part of the path that the other answer lacks; none where that one has an empty list there. */
function lackedBy(shape: AnswerShape, path: string): readonly string[] {
  const held = new Set([...shape.keys()].flatMap(pathAndParents));
  const lacked = pathAndParents(path).find((part) => !held.has(part)) ?? path;
  return lacked.endsWith('[]') ? lackedList(held, lacked.slice(0, -2)) : [lacked];
}

function lackedList(held: ReadonlySet<string>, path: string): readonly string[] {
  return held.has(path) ? [] : [path];
}

/**
 * What differs, one line a field: `-` only the first has it, `+` only the second has it, `~` both have it
 * in other forms. Of what one side lacks as a whole, only the outermost field is named.
 */
export function differencesBetween(first: AnswerShape, second: AnswerShape): readonly string[] {
  const paths = [...new Set([...first.keys(), ...second.keys()])];
  const lines = paths.flatMap((path) => {
    const [a, b] = [first.get(path), second.get(path)];
    if (a === b) return [];
    if (b === undefined) return lackedBy(second, path).map((lacked) => `- ${lacked}`);
    if (a === undefined) return lackedBy(first, path).map((lacked) => `+ ${lacked}`);
    return [`~ ${path}: ${a} | ${b}`];
  });
  return [...new Set(lines)].toSorted();
}
