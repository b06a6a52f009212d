import { limitsOf } from '../adapters/aws/aws-call.ts';
import { type DescribedGroup, describeAllGroups } from '../adapters/aws/auto-scaling/described-group.ts';
import { leftGroups, removeGroup } from '../adapters/aws/auto-scaling/left-groups.ts';
import { templatesOf } from '../adapters/aws/auto-scaling/market-policy.ts';
import { imagesOfTemplate, leftImages } from '../adapters/aws/left-images.ts';
import { leftTemplates } from '../adapters/aws/left-templates.ts';
import { type Examination, type Leftover, removeLeftover } from '../adapters/aws/leftover.ts';
import { FoundImage } from '../adapters/aws/machine-image.ts';
import { type Place, placesOf } from './place.ts';
import { ownGroupName } from '../config/group-schema.ts';
import { groupOf, isAttached } from '../config/group-settings.ts';
import { machineChoice } from '../config/machine-settings.ts';
import type { Config, PoolConfig } from '../config/schema.ts';
import type { Clock } from '../controller/ports.ts';

/** Clean-up in one region with one role. */
export interface Cleaning {
  readonly region: string;
  readonly role?: string;
  /** What could go, and what stays although it looks like it. `keep`: how many images of each kind stay. Throws `PortError`. */
  find(keep: number, signal: AbortSignal): Promise<Examination>;
  /** Deletes one leftover; what is gone already is no error. Throws `PortError`. */
  remove(leftover: Leftover, signal: AbortSignal): Promise<void>;
}

type Limits = () => ReturnType<typeof limitsOf>;

/** The images that a pool means now. Throws where a look-up fails: what is not known may be in use. */
async function imagesMeant(
  pool: PoolConfig,
  { ec2, readParameter }: Place,
  clock: Clock,
  limits: Limits,
): Promise<readonly string[]> {
  // What a group of the operator's launches is not made of images of Runtide's.
  if (isAttached(pool)) return [];
  const choice = machineChoice(pool);
  if ('template' in choice) return imagesOfTemplate(ec2, choice.template.id, limits);
  const { image } = choice;
  if ('id' in image) return [image.id];
  const parts = { ...image, ec2, readParameter, now: () => clock.now(), note: () => undefined };
  return [await new FoundImage(parts).resolve(limits())];
}

async function allImagesMeant(
  places: readonly Place[],
  clock: Clock,
  limits: Limits,
): Promise<ReadonlySet<string>> {
  const asked = places.flatMap((place) => place.pools.map((pool) => imagesMeant(pool, place, clock, limits)));
  return new Set((await Promise.all(asked)).flat());
}

/** Pools that are there, whatever the role: two roles may lead into one account. */
function ownTemplatesIn(region: string, places: readonly Place[]): ReadonlySet<string> {
  const pools = places.filter((place) => place.region === region).flatMap((place) => place.pools);
  return new Set(
    pools
      .filter((pool) => pool.instances.template === undefined && !isAttached(pool))
      .map(({ name }) => name),
  );
}

/** The groups of pools that are there, whatever the role. */
function groupsWanted(config: Config, region: string, places: readonly Place[]): ReadonlySet<string> {
  const pools = places.filter((place) => place.region === region).flatMap((place) => place.pools);
  return new Set(pools.flatMap((pool) => groupOf(config, pool)?.name ?? []));
}

/** The names of groups by the ids and names of all templates that they launch from. */
function groupsByTemplate(groups: readonly DescribedGroup[]): ReadonlyMap<string, readonly string[]> {
  const uses = groups.flatMap((group) =>
    templatesOf(group).flatMap(({ LaunchTemplateId, LaunchTemplateName }) =>
      [LaunchTemplateId, LaunchTemplateName].flatMap((template) =>
        template === undefined ? [] : [{ template, group: group.name }],
      ),
    ),
  );
  const byTemplate = Map.groupBy(uses, ({ template }) => template);
  return new Map([...byTemplate].map(([template, all]) => [template, all.map(({ group }) => group)]));
}

/** Clean-up in every region and account that the configuration names. */
export function composeCleaning(config: Config, clock: Clock): readonly Cleaning[] {
  const places = placesOf(config);
  const { installation, aws } = config;
  const ownName = (pool: string): string => ownGroupName(installation, pool);
  return places.map(({ region, role, ec2, autoScaling }) => ({
    region,
    ...(role !== undefined && { role }),
    async find(keep, signal) {
      const limits = () => limitsOf(signal, aws.timeout);
      const wanted = await allImagesMeant(places, clock, limits);
      const pools = ownTemplatesIn(region, places);
      const all = await describeAllGroups(autoScaling, limits);
      const asked = { installation, wanted: groupsWanted(config, region, places), ownName };
      const groups = leftGroups(asked, all);
      const launching = groupsByTemplate(all);
      const templates = await leftTemplates({ ec2, installation, pools, launching }, limits);
      const images = await leftImages({ ec2, wanted, keep }, limits);
      return {
        leftovers: [...groups.leftovers, ...templates.leftovers, ...images.leftovers],
        spared: [...groups.spared, ...templates.spared, ...images.spared],
      };
    },
    async remove(leftover, signal) {
      const limits = limitsOf(signal, aws.timeout);
      if (leftover.kind === 'group') await removeGroup(autoScaling, leftover.name, limits);
      else await removeLeftover(ec2, leftover, limits);
    },
  }));
}
