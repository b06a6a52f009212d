import { GroupFleet } from '../adapters/aws/auto-scaling/group-fleet.ts';
import { GroupUpkeep } from '../adapters/aws/auto-scaling/group-upkeep.ts';
import type { GroupPool } from '../adapters/aws/auto-scaling/group-pool.ts';
import type { Ec2Fleet } from '../adapters/aws/ec2-fleet.ts';
import { generationOf } from '../config/generation.ts';
import { groupOf } from '../config/group-settings.ts';
import { policyOf } from '../config/policy.ts';
import type { Config } from '../config/schema.ts';
import type { Groups } from '../controller/ports.ts';
import type { Upkeep } from '../controller/upkeep.ts';
import type { Place, PlaceParts } from './place.ts';

/** The pools of a place that have groups, as of now: their generation changes with the runners made for them. */
function groupPools(
  config: Config,
  { pools }: Place,
  { made = () => undefined }: PlaceParts,
): () => Readonly<Record<string, GroupPool>> {
  const policies = new Map(policyOf(config).pools.map((policy) => [policy.name, policy]));
  const settled = pools.flatMap((pool) => {
    const group = groupOf(config, pool);
    const policy = policies.get(pool.name);
    if (group === undefined || policy === undefined) return [];
    const { offerings, slots, maxJobs, max, surge } = policy;
    const { name, attached, heartbeat } = group;
    const settings = {
      group: name,
      attached,
      heartbeat,
      max: max + surge,
      subnets: pool.instances.subnets,
      offerings,
      slots,
      ...(maxJobs !== undefined && { maxJobs }),
    };
    return [[pool.name, settings] as const];
  });
  return () =>
    Object.fromEntries(
      settled.map(([pool, settings]) => [
        pool,
        { ...settings, generation: generationOf(config, pool, made(pool)) },
      ]),
    );
}

/** The machines of one place, whether fleets or groups launch them. */
export function composeGroupFleet(
  config: Config,
  place: Place,
  { fleet, ...parts }: PlaceParts & { readonly fleet: Ec2Fleet },
): GroupFleet {
  const { installation, tags, aws } = config;
  return new GroupFleet({
    client: place.autoScaling,
    ec2: place.ec2,
    fleet,
    installation,
    tags: () => tags,
    groups: groupPools(config, place, parts),
    timeout: aws.timeout,
    now: () => parts.clock.now(),
    note: parts.note,
  });
}

/** What groups are told, wherever they are: in the place of the pool, or in every one for a pool that is configured no more. */
export function placedGroups(
  places: readonly { readonly pools: readonly string[]; readonly fleet: Groups }[],
): Groups {
  const of = (pool: string): readonly Groups[] => {
    const known = places.filter(({ pools }) => pools.includes(pool));
    return (known.length === 0 ? places : known).map(({ fleet }) => fleet);
  };
  return {
    async cancel(pool, count, signal) {
      for (const groups of of(pool)) await groups.cancel(pool, count, signal);
    },
    async heartbeat(pool, instance, hook, signal) {
      for (const groups of of(pool)) await groups.heartbeat(pool, instance, hook, signal);
    },
    async complete(pool, instance, hook, signal) {
      for (const groups of of(pool)) await groups.complete(pool, instance, hook, signal);
    },
  };
}

/** What looks after the groups of all places; undefined where no pool has one. */
export function composeGroupUpkeep(
  { installation, aws }: Config,
  places: readonly (Pick<Place, 'region' | 'role' | 'autoScaling'> & { readonly fleet: GroupFleet })[],
  isKnown: (pool: string) => boolean,
): Upkeep | undefined {
  const withGroups = places
    .filter(({ fleet }) => Object.keys(fleet.pools).length > 0)
    .map(({ region, role, autoScaling: client, fleet }) => ({
      name: role === undefined ? region : `${region}, as ${role}`,
      client,
      fleet,
    }));
  if (withGroups.length === 0) return undefined;
  return new GroupUpkeep({ places: withGroups, installation, isKnown, timeout: aws.timeout });
}
