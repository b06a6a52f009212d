import { limitsOf } from '../adapters/aws/aws-call.ts';
import { imagesOfTemplate, leftImages } from '../adapters/aws/left-images.ts';
import { leftTemplates } from '../adapters/aws/left-templates.ts';
import { type Examination, type Leftover, removeLeftover } from '../adapters/aws/leftover.ts';
import { FoundImage } from '../adapters/aws/machine-image.ts';
import { type Place, placesOf } from './place.ts';
import { isAttached } from '../config/group-settings.ts';
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

/** Clean-up in every region and account that the configuration names. */
export function composeCleaning(config: Config, clock: Clock): readonly Cleaning[] {
  const places = placesOf(config);
  const { installation, aws } = config;
  return places.map(({ region, role, ec2 }) => ({
    region,
    ...(role !== undefined && { role }),
    async find(keep, signal) {
      const limits = () => limitsOf(signal, aws.timeout);
      const wanted = await allImagesMeant(places, clock, limits);
      const pools = ownTemplatesIn(region, places);
      const templates = await leftTemplates({ ec2, installation, pools }, limits);
      const images = await leftImages({ ec2, wanted, keep }, limits);
      return {
        leftovers: [...templates.leftovers, ...images.leftovers],
        spared: [...templates.spared, ...images.spared],
      };
    },
    remove: (leftover, signal) => removeLeftover(ec2, leftover, limitsOf(signal, aws.timeout)),
  }));
}
