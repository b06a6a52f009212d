import { fits, type KindDemand, type RunnerScope } from './job.ts';
import type { PoolPolicy } from './pool.ts';

/**
 * Whether this demand alone fills every pool to its `max`, so that more would change nothing. Jobs of `ignored` do
 * not count, as those that GitLab does not hand out. Without pools there is nothing to fill, and nothing to know.
 */
export function isSaturated(
  demand: readonly KindDemand[],
  pools: readonly PoolPolicy[],
  scopes: Readonly<Record<string, RunnerScope>>,
  ignored: ReadonlySet<number>,
): boolean {
  const rooms = pools.map((pool) => ({ pool, room: pool.max * pool.slots }));
  for (const { kind, pending } of demand) {
    const fitting = rooms.filter(({ pool, room }) => room > 0 && fits(kind, pool, scopes[pool.name]));
    let waiting = fitting.length === 0 ? 0 : pending.filter(({ id }) => !ignored.has(id)).length;
    for (const place of fitting) {
      const taken = Math.min(place.room, waiting);
      place.room -= taken;
      waiting -= taken;
    }
  }
  return rooms.every(({ room }) => room === 0);
}
