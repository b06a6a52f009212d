/** Where a value stands: keys and list positions from the top. */
export type Path = readonly (string | number)[];

/** Whether `value` is a map (and neither a list nor nothing). */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands at `path`, or undefined. */
export function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    return Reflect.get(value, key);
  }, tree);
}

/** A path as people write it: `pools.linux.instances.types[0]`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

/** A path as the key of a map; no two paths share one. */
export function pathKey(path: Path): string {
  return JSON.stringify(path);
}

/**
 * What stands at the ends of a tree, with its place: all that is no list and no map. So is a list or a map that contains
 * itself, as YAML's aliases can have it, at the place where it comes again.
 */
export function endsOf(
  value: unknown,
  path: Path,
  around: readonly unknown[] = [],
): readonly (readonly [Path, unknown])[] {
  if (typeof value !== 'object' || value === null || around.includes(value)) return [[path, value]];
  const below: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item: unknown, index) => [index, item] as const)
    : Object.entries(value);
  return below.flatMap(([key, inner]) => endsOf(inner, [...path, key], [...around, value]));
}
