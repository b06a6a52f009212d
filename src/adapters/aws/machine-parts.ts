import type { EC2Client } from '@aws-sdk/client-ec2';
import { PortError } from '../../controller/errors.ts';
import type { LaunchRequest } from '../../controller/ports.ts';
import type { CallLimits } from './aws-call.ts';
import type { PoolMachines, RootVolume, TemplateParts } from './launch-template.ts';
import { describeImage, type FoundImage, type ImageDescription } from './machine-image.ts';
import { type OperatorTemplate, pinOperatorTemplate } from './operator-template.ts';

/** A pool whose image is looked up. */
export interface FoundImageMachines extends Omit<PoolMachines, 'imageId'> {
  readonly image: FoundImage;
}

/** A pool whose instances are made of a launch template of the operator's. */
export interface TemplateMachines {
  readonly template: OperatorTemplate;
}

/** What a pool's new instances are made of, in any of the ways to say it. */
export type Machines = PoolMachines | FoundImageMachines | TemplateMachines;

function refused(pool: string, why: string, next: string): PortError {
  const doing = `preparing the launch template of pool ${pool}`;
  return new PortError({ kind: 'refused', system: 'ec2', doing, why, next });
}

/** Throws `refused` for an image that the pool's types cannot boot. */
function checkArchitecture(
  pool: string,
  architecture: PoolMachines['architecture'],
  image: ImageDescription,
): void {
  if (architecture === undefined || image.architecture === undefined) return;
  if (architecture === image.architecture) return;
  const why = `image ${image.id} is for ${image.architecture}, and the instance types are ${architecture}`;
  throw refused(pool, why, 'give the pool an image and types of one architecture');
}

/** The root volume: as the pool wants it, or encrypted and of the image's size. Absent where an image without a root device leaves nothing to say. */
function rootVolumeOf(
  pool: string,
  volume: RootVolume | undefined,
  { id, rootDevice, rootSize = 0 }: ImageDescription,
): TemplateParts['rootVolume'] {
  if (rootDevice === undefined) {
    if (volume === undefined) return undefined;
    throw refused(pool, `image ${id} names no root device`, 'use an image with an EBS root volume');
  }
  if (volume?.size !== undefined && volume.size < rootSize) {
    const why = `the root volume of image ${id} has ${rootSize} GiB, and instances.volume.size is ${volume.size}`;
    throw refused(pool, why, `write size: ${rootSize} or more`);
  }
  return { ...volume, device: rootDevice };
}

/** Turns what the configuration says of a pool's machines into what a launch template takes. */
export class MachineParts {
  readonly #ec2: EC2Client;
  /** What images say of themselves never changes. */
  readonly #described = new Map<string, ImageDescription>();

  constructor(ec2: EC2Client) {
    this.#ec2 = ec2;
  }

  /** Looks up what has to be looked up. Throws `refused` for an image that does not fit the pool. */
  async of(
    pool: string,
    machines: PoolMachines | FoundImageMachines,
    limits: CallLimits,
  ): Promise<TemplateParts> {
    const { generation, securityGroups, profile, userData, volume, architecture } = machines;
    const imageId = 'image' in machines ? await machines.image.resolve(limits) : machines.imageId;
    const described = await this.#describe(imageId, limits);
    checkArchitecture(pool, architecture, described);
    const rootVolume = rootVolumeOf(pool, volume, described);
    return {
      generation,
      imageId,
      securityGroups,
      profile,
      userData,
      ...(rootVolume !== undefined && { rootVolume }),
    };
  }

  /** What the machines of the pool will be made of, in words. Throws what would keep a launch from being prepared. */
  async check(pool: string, machines: Machines, limits: CallLimits): Promise<string> {
    if ('template' in machines) {
      const { id, version } = await this.pin(pool, machines, limits);
      return `launch template ${id}, version ${version}`;
    }
    const { imageId } = await this.of(pool, machines, limits);
    const described = await this.#describe(imageId, limits);
    checkArchitecture(pool, machines.architecture, described);
    return `image ${imageId} (${described.name}, ${described.architecture ?? 'unknown architecture'})`;
  }

  /** The operator's launch template, checked and pinned. */
  pin(pool: string, { template }: TemplateMachines, limits: CallLimits): Promise<LaunchRequest['template']> {
    return pinOperatorTemplate(this.#ec2, pool, template, limits);
  }

  async #describe(id: string, limits: CallLimits): Promise<ImageDescription> {
    const known = this.#described.get(id) ?? (await describeImage(this.#ec2, id, limits));
    this.#described.set(id, known);
    return known;
  }
}
