import { type Document, isScalar, type LineCounter, visit } from 'yaml';
import { isMap, type Path, pathKey } from './tree.ts';

/** Where a key or a list item starts. */
export interface Place {
  readonly path: Path;
  /** In characters, from the start of the file. */
  readonly offset: number;
}

/** Where keys and list items start, in the order of the file. */
export function placesOf(document: Document.Parsed): readonly Place[] {
  const places: Place[] = [];
  const paths = new Map<unknown, Path>([[document.contents, []]]);
  const add = (node: unknown, path: Path, start: unknown): void => {
    paths.set(node, path);
    const offset = rangeStart(start);
    if (offset !== undefined) places.push({ path, offset });
  };
  visit(document, {
    Map(_, node) {
      const around = paths.get(node) ?? [];
      for (const { key, value } of node.items) {
        add(value, [...around, keyText(key)], key);
      }
    },
    Seq(_, node) {
      const around = paths.get(node) ?? [];
      for (const [index, item] of node.items.entries()) add(item, [...around, index], item);
    },
  });
  return places;
}

/** A key as the tree names it. */
function keyText(key: unknown): string {
  const value = isScalar(key) ? key.value : undefined;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? `${value}`
    : '';
}

function rangeStart(node: unknown): number | undefined {
  const range = isMap(node) ? node['range'] : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
}

/** Finds the line of a path, or of the nearest thing around it. */
export function lineFinder(places: readonly Place[], lines: LineCounter): (path: Path) => number | undefined {
  const offsets = new Map(places.map(({ path, offset }) => [pathKey(path), offset]));
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const offset = offsets.get(pathKey(path.slice(0, length)));
      if (offset !== undefined) return lines.linePos(offset).line;
    }
    return undefined;
  };
}
