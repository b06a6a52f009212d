import { fits, type KindDemand, type RunnerScope } from './job.ts';
import type { PoolPolicy } from './pool.ts';
import { capOf } from './project-caps.ts';

/** The most instances that the pool ever wants. */
function mostOf({ max, schedules = [] }: PoolPolicy): number {
  return Math.max(max, ...schedules.map((schedule) => schedule.max ?? 0));
}

/**
 * Whether this demand alone fills every pool to its `max`, as far as projects may count, so that more would change nothing. Jobs of `ignored` do
 * not count, as those that GitLab does not hand out. Without pools there is nothing to fill, and nothing to know.
 */
export function isSaturated(
  demand: readonly KindDemand[],
  pools: readonly PoolPolicy[],
  scopes: Readonly<Record<string, RunnerScope>>,
  ignored: ReadonlySet<number>,
): boolean {
  const rooms = pools.map((pool) => ({
    pool,
    room: mostOf(pool) * pool.slots,
    counted: new Map<number, number>(),
  }));
  for (const { kind, pending } of demand) {
    const fitting = rooms.filter(({ pool, room }) => room > 0 && fits(kind, pool, scopes[pool.name]));
    let waiting = fitting.length === 0 ? 0 : pending.filter(({ id }) => !ignored.has(id)).length;
    for (const place of fitting) {
      const counted = place.counted.get(kind.project) ?? 0;
      const taken = Math.min(place.room, waiting, capOf(place.pool.projectCaps, kind.project) - counted);
      place.counted.set(kind.project, counted + taken);
      place.room -= taken;
      waiting -= taken;
    }
  }
  return rooms.every(({ room }) => room === 0);
}
