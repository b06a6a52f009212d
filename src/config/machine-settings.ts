import { instanceType } from '../offers/instance-types.ts';
import type { Config, PoolConfig } from './schema.ts';

type Image = NonNullable<Config['pools'][string]['instances']['image']>;

/** Where an image is looked up, or the id that it is given by. */
export type ImageChoice =
  | { readonly id: string }
  | {
      readonly query: { readonly parameter: string } | { readonly name: string; readonly owner: string };
      readonly follow: boolean;
    };

function imageChoice(image: Image): ImageChoice {
  if (typeof image === 'string') return { id: image };
  const { parameter, name = '', owner = 'self', follow = false } = image;
  return { query: parameter === undefined ? { name, owner } : { parameter }, follow };
}

/** What the launch template of a pool says; or which one of the operator's says it. */
export type MachineChoice =
  | { readonly template: { readonly id: string; readonly version: number | 'default' | 'latest' } }
  | {
      readonly image: ImageChoice;
      readonly securityGroups: readonly string[];
      readonly profile: string;
      readonly volume?: PoolConfig['instances']['volume'];
      /** That of the types, as far as they are known. */
      readonly architecture?: 'amd64' | 'arm64';
    };

/**
 * What a pool's machines are made of. Throws for a pool that was not loaded, where one of both is always given, and
 * for one whose machines the operator's Auto Scaling group makes.
 */
export function machineChoice({ name, instances }: PoolConfig): MachineChoice {
  const { template, image, securityGroups, profile, volume, types } = instances;
  if (template !== undefined) {
    const { id, version = 'default' } = typeof template === 'string' ? { id: template } : template;
    return { template: { id, version } };
  }
  if (image === undefined || securityGroups === undefined || profile === undefined) {
    throw new Error(`reading the machines of pool ${name}: it has neither an image nor a template of its own`);
  }
  const [architecture] = types.flatMap((type) => instanceType(type)?.arch ?? []);
  return {
    image: imageChoice(image),
    securityGroups,
    profile,
    ...(volume !== undefined && { volume }),
    ...(architecture !== undefined && { architecture }),
  };
}
