import { createHash } from 'node:crypto';
import { milliseconds } from '../engine/time.ts';
import { formatDuration } from './duration.ts';
import { addressText, type Applies } from './key-kinds.ts';
import { about, appliesAt, child, freeKey, keysOf, type Part } from './schema-tree.ts';
import { type Config, configSchema } from './schema.ts';
import { Secret } from './secret.ts';
import { isMap, type Path, pathText, valueAt } from './tree.ts';

/** One key that differs between two configurations. */
export interface Change {
  /** Where: `pools.linux.max`. */
  readonly path: string;
  /** The value before, as text; a secret as `[secret]`; undefined where there was none. */
  readonly from: string | undefined;
  /** The value after, likewise. */
  readonly to: string | undefined;
  readonly applies: Applies;
}

interface Pair {
  readonly part: Part;
  readonly path: Path;
  readonly before: unknown;
  readonly after: unknown;
  /** What holds for the section around. */
  readonly applies: Applies;
}

/**
 * What differs between two configurations, in the order of the schema, and when each change applies.
 * A section or a pool that comes or goes is one change.
 */
export function compareConfigs(before: Config, after: Config): readonly Change[] {
  return changesIn({ part: configSchema, path: [], before, after, applies: 'restart' });
}

function changesIn(pair: Pair): readonly Change[] {
  const applies = appliesAt(pair.part, pair.applies);
  const { before, after } = pair;
  const keys = isMap(before) && isMap(after) ? keysBelow(pair.part, before, after) : undefined;
  if (keys === undefined) return sameValue(before, after) ? [] : [changeOf(pair, applies)];
  const below = keys.flatMap((key) => {
    const part = child(pair.part, key);
    if (part === undefined) return [];
    const values = { before: valueAt(before, [key]), after: valueAt(after, [key]) };
    return changesIn({ part, path: [...pair.path, key], ...values, applies });
  });
  return [...below, ...reordering(pair, applies)];
}

function keysBelow(
  part: Part,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): readonly string[] | undefined {
  if (freeKey(part) === undefined) return keysOf(part);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])];
}

/** The kept keys of an ordered map that now stand in another order. */
function reordering({ part, path, before, after }: Pair, applies: Applies): readonly Change[] {
  if (about(part).ordered !== true || !isMap(before) || !isMap(after)) return [];
  const from = Object.keys(before).filter((key) => Object.hasOwn(after, key));
  const to = Object.keys(after).filter((key) => Object.hasOwn(before, key));
  if (from.join() === to.join()) return [];
  return [{ path: pathText(path), from: from.join(', '), to: to.join(', '), applies }];
}

function sameValue(before: unknown, after: unknown): boolean {
  if (before instanceof Secret && after instanceof Secret) return before.reveal() === after.reveal();
  return JSON.stringify(before) === JSON.stringify(after);
}

function changeOf({ part, path, before, after }: Pair, applies: Applies): Change {
  return { path: pathText(path), from: valueText(part, before), to: valueText(part, after), applies };
}

/** A loaded value as text: as it is written in the file, wherever that is one line. */
function valueText(part: Part, value: unknown): string | undefined {
  const { kind } = about(part);
  if (value === undefined) return undefined;
  if (kind === 'duration' && typeof value === 'number') return formatDuration(milliseconds(value));
  if (value instanceof Secret) return value.toString();
  if (kind === 'file') return `a file with the digest ${digestOf(value)}`;
  if (kind === 'address') {
    return addressText({ host: String(valueAt(value, ['host'])), port: Number(valueAt(value, ['port'])) });
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}
