import type { GroupPool } from '../../src/adapters/memory/group-fleet/group-fleet.ts';
import type { PoolPolicy } from '../../src/engine/pool.ts';

/** For tests: the groups of those pools that have one; `names` are in place of names of their own. */
export function groupPools(
  pools: readonly PoolPolicy[],
  installation: string,
  names: Readonly<Record<string, string>>,
): Readonly<Record<string, GroupPool>> {
  return Object.fromEntries(
    pools.flatMap(({ name, group, max, surge, offerings }) => {
      if (group === undefined) return [];
      const subnets = [...new Set(offerings.flatMap(({ subnet }) => subnet ?? []))];
      const { [name]: named = `runtide-${installation}-${name}` } = names;
      return [[name, { group: named, subnets, most: max + surge, heartbeat: group.heartbeat }] as const];
    }),
  );
}
