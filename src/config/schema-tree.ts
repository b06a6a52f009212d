import { z } from 'zod';
import type { Applies } from './key-kinds.ts';
import { configSchema } from './schema.ts';
import type { Path } from './tree.ts';

/** Any part of the schema. */
export type Part = z.core.$ZodType;

type Optional = z.ZodOptional | z.ZodExactOptional | z.ZodDefault | z.ZodPrefault;

/** Whether the key may be left out. */
export function mayBeMissing(part: Part): part is Optional {
  return [z.ZodOptional, z.ZodExactOptional, z.ZodDefault, z.ZodPrefault].some(
    (kind) => part instanceof kind,
  );
}

function unwrapped(part: Part): Part | undefined {
  if (mayBeMissing(part)) return part.unwrap();
  return part instanceof z.ZodPipe ? part.in : undefined;
}

/** What stands in the file: without defaults, options and what is made of it afterwards. */
export function written(part: Part): Part {
  const inner = unwrapped(part);
  return inner === undefined ? part : written(inner);
}

/** All that the schema says about a key. */
export function about(part: Part): z.core.GlobalMeta {
  const inner = unwrapped(part);
  return { ...(inner === undefined ? {} : about(inner)), ...z.globalRegistry.get(part) };
}

/** What stands in the file, in its long form where there is a short one as well. */
function longForm(part: Part): Part {
  const inner = written(part);
  if (!(inner instanceof z.ZodUnion)) return inner;
  return inner.options.map(written).find((option) => option instanceof z.ZodObject) ?? inner;
}

/** What stands in the file where it is a list, in place of what is no list. */
function listForm(part: Part): Part {
  const inner = written(part);
  if (!(inner instanceof z.ZodUnion)) return inner;
  return inner.options.map(written).find((option) => option instanceof z.ZodArray) ?? inner;
}

/** The part below `part` under `key`; undefined when there is none. */
export function child(part: Part, key: string | number): Part | undefined {
  const inner = typeof key === 'number' ? listForm(part) : longForm(part);
  if (inner instanceof z.ZodObject) return Object.hasOwn(inner.shape, key) ? inner.shape[key] : undefined;
  if (inner instanceof z.ZodRecord) return typeof key === 'string' ? inner.valueType : undefined;
  if (inner instanceof z.ZodArray) return typeof key === 'number' ? inner.element : undefined;
  return undefined;
}

/** The part at `path`; undefined where the schema knows nothing. */
export function partAt(path: Path): Part | undefined {
  return path.reduce<Part | undefined>((part, key) => part && child(part, key), configSchema);
}

/** The keys of a section in their order; undefined for what is no section with fixed keys. */
export function keysOf(part: Part): readonly string[] | undefined {
  const inner = longForm(part);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : undefined;
}

/** What the keys of a map may be where the writer of the file chooses them; undefined elsewhere. */
export function freeKey(part: Part): Part | undefined {
  const inner = written(part);
  return inner instanceof z.ZodRecord ? inner.keyType : undefined;
}

/** What a text that came from a reference may stand for at `part`, besides text. */
export function readsAs(part: Part): 'number' | 'boolean' | undefined {
  const inner = written(part);
  if (inner instanceof z.ZodBoolean) return 'boolean';
  if (inner instanceof z.ZodNumber) return 'number';
  if (inner instanceof z.ZodUnion) return inner.options.map(readsAs).find((kind) => kind !== undefined);
  return undefined;
}

/** When a change at `part` applies, given what holds for the section around it. */
export function appliesAt(part: Part, around: Applies): Applies {
  return about(part).applies ?? around;
}
