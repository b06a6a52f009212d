import { createHash } from 'node:crypto';
import { groupOf } from './group-settings.ts';
import type { Applies } from './key-kinds.ts';
import { about, appliesAt, child, freeKey, keysOf, type Part } from './schema-tree.ts';
import { type Config, configSchema, type PoolConfig } from './schema.ts';
import { isMap, type Path, valueAt } from './tree.ts';

type Entry = readonly [path: Path, value: unknown];

/**
 * Names what an instance of the pool is made of: 12 hex digits over the keys whose change replaces
 * instances, the pool's own and those that hold for all, and over the ids of the runners that Runtide made for it.
 * Secrets are no part of it. Throws for a pool that is not configured.
 */
export function generationOf(config: Config, poolName: string, runners: readonly number[] = []): string {
  const pool = config.pools[poolName];
  if (pool === undefined)
    throw new Error(`naming the generation of pool ${poolName}: no such pool is configured`);
  const entries = drifting(configSchema, { ...config, pools: { '': asMade(config, pool) } }, [], 'restart');
  const made: readonly Entry[] = runners.length === 0 ? [] : [[['runners'], runners]];
  return createHash('sha256')
    .update(canonical([...entries, ...made]))
    .digest('hex')
    .slice(0, 12);
}

/**
 * Types that were chosen by requirements are no part of it: a newer table of types replaces nothing. A group is, also
 * without a name in the file: what another one launched, or none, is no member.
 */
function asMade(config: Config, pool: PoolConfig): unknown {
  const { types, group: _group, ...rest } = pool.instances;
  const group = groupOf(config, pool);
  return {
    ...pool,
    instances: {
      ...rest,
      ...(rest.requirements === undefined && { types }),
      ...(group !== undefined && { group: { name: group.name } }),
    },
  };
}

function drifting(part: Part, value: unknown, path: Path, around: Applies): readonly Entry[] {
  const applies = appliesAt(part, around);
  const keys = isMap(value) ? keysBelow(part, value) : undefined;
  if (keys !== undefined) {
    return keys.flatMap((key) => {
      const below = child(part, key);
      return below === undefined ? [] : drifting(below, valueAt(value, [key]), [...path, key], applies);
    });
  }
  const counts = applies === 'drifts' && value !== undefined && about(part).kind !== 'secret';
  return counts ? [[path, value]] : [];
}

function keysBelow(part: Part, value: Record<string, unknown>): readonly string[] | undefined {
  return freeKey(part) === undefined ? keysOf(part) : Object.keys(value);
}

/** The same text for the same entries, whatever the order of the keys in the schema or in the file. */
function canonical(entries: readonly Entry[]): string {
  const lines = entries.map(([path, value]) => `${JSON.stringify(path)}=${JSON.stringify(value)}`);
  return lines.toSorted().join('\n');
}
