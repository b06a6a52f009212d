import { type Duration, milliseconds } from '../engine/time.ts';
import { formatDuration } from './duration.ts';
import { ownGroupName } from './group-settings.ts';
import type { Breach, Rule } from './rules.ts';
import { isMap, type Path, valueAt } from './tree.ts';

const GROUP: Path = ['instances', 'group'];

/** Whether the pool names a group of the operator's. */
export function namesGroup(pool: unknown): boolean {
  return valueAt(pool, [...GROUP, 'name']) !== undefined;
}

/** What an attached group decides by itself, beside what stands in its launch template. */
const OF_GROUP = ['requirements', 'subnets', 'maxPrice'] as const;

/** The keys that a group of the operator's decides: which types, where, on which market, at what price. */
function groupDecides(pool: unknown): readonly Breach[] {
  if (!namesGroup(pool)) return [];
  const says = (key: string): boolean => valueAt(pool, ['instances', key]) !== undefined;
  // It has a default, which says nothing.
  const market = valueAt(pool, ['instances', 'market']) === 'spot' ? [] : ['market'];
  const breaches = [...OF_GROUP.filter(says), ...market].map((key) => ({
    path: ['instances', key],
    allowed: 'nothing here, because your Auto Scaling group decides it',
    mend:
      key === 'requirements'
        ? 'write `types`, those that the group may launch'
        : 'remove it and let the group say it, or remove `group.name`',
  }));
  return valueAt(pool, ['sizes']) === undefined
    ? breaches
    : [
        ...breaches,
        {
          path: [...GROUP, 'name'],
          allowed: 'nothing here, because every one of the `sizes` has a group of its own',
          mend: 'remove it and let Runtide make the groups, or make a pool for each size',
        },
      ];
}

/** The subnets are a pool's own wherever no group of the operator's has them. */
function subnetsOfItsOwn(pool: unknown): readonly Breach[] {
  const instances = valueAt(pool, ['instances']);
  if (!isMap(instances) || instances['subnets'] !== undefined || namesGroup(pool)) return [];
  return [{ path: ['instances', 'subnets'] }];
}

/** AWS ends what a group waits for after so many heartbeats. */
const MOST_HEARTBEATS = 100;

/** An instance is waited for as long as it may boot. */
function waitsForBoot(pool: unknown): readonly Breach[] {
  const [heartbeat, bootTimeout] = [[...GROUP, 'heartbeat'], ['bootTimeout']].map((path) =>
    valueAt(pool, path),
  );
  if (typeof heartbeat !== 'number' || typeof bootTimeout !== 'number') return [];
  if (heartbeat * MOST_HEARTBEATS >= bootTimeout) return [];
  const least = atLeast(bootTimeout / MOST_HEARTBEATS);
  return [
    {
      path: [...GROUP, 'heartbeat'],
      allowed: `at least ${least}, a hundredth of \`bootTimeout\`: AWS renews it 100 times and no more`,
      mend: `write \`heartbeat: ${least}\`, or lower \`bootTimeout\``,
    },
  ];
}

/** In whole seconds, as AWS counts it. */
function atLeast(length: number): string {
  const whole: Duration = milliseconds(Math.ceil(length / 1000) * 1000);
  return formatDuration(whole);
}

/** What a pool with a group must keep. */
export const GROUP_RULES: readonly Rule[] = [groupDecides, subnetsOfItsOwn, waitsForBoot];

/** Runtide renews at a third of it, and a pass must come by then. */
const RENEWALS = 3;

function renewedInTime(config: unknown): readonly Breach[] {
  const interval = valueAt(config, ['pollInterval']);
  const pools = valueAt(config, ['pools']);
  if (typeof interval !== 'number') return [];
  return Object.entries(isMap(pools) ? pools : {}).flatMap(([name, pool]) => {
    const heartbeat = valueAt(pool, [...GROUP, 'heartbeat']);
    if (typeof heartbeat !== 'number' || heartbeat >= RENEWALS * interval) return [];
    const least = atLeast(RENEWALS * interval);
    return [
      {
        path: ['pools', name, ...GROUP, 'heartbeat'],
        allowed: `at least ${least}, three times \`pollInterval\`: it is renewed when a third of it is over`,
        mend: `write \`heartbeat: ${least}\`, or lower \`pollInterval\``,
      },
    ];
  });
}

/** A group belongs to one pool. Groups of one name in two regions, or reached by two roles, are two. */
function groupsApart(config: unknown): readonly Breach[] {
  const [installation, home, pools] = [['installation'], ['aws', 'region'], ['pools']].map((path) =>
    valueAt(config, path),
  );
  if (!isMap(pools) || typeof installation !== 'string') return [];
  const keyOf = (pool: unknown, group: unknown): string => {
    const [region = home, role = ''] = ['region', 'role'].map((key) => valueAt(pool, ['instances', key]));
    return JSON.stringify([group, region, role]);
  };
  const taken = new Set(
    Object.entries(pools)
      .filter(([, pool]) => isMap(valueAt(pool, GROUP)) && !namesGroup(pool))
      .map(([name, pool]) => keyOf(pool, ownGroupName(installation, name))),
  );
  return Object.entries(pools).flatMap(([name, pool]) => {
    if (!namesGroup(pool)) return [];
    const key = keyOf(pool, valueAt(pool, [...GROUP, 'name']));
    const first = !taken.has(key);
    taken.add(key);
    if (first) return [];
    return [
      {
        path: ['pools', name, ...GROUP, 'name'],
        allowed: 'a group of its own for every pool',
        mend: 'name another group, or remove the name and let Runtide make one',
      },
    ];
  });
}

/** The rules over the groups of all pools. */
export const GROUPS_RULES: readonly Rule[] = [renewedInTime, groupsApart];
