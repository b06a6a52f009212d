import {
  DescribeImagesCommand,
  type EC2Client,
  type Image,
  type LaunchTemplateVersion,
} from '@aws-sdk/client-ec2';
import { awsCall, type CallLimits } from './aws-call.ts';
import { invalidAnswer } from './errors.ts';
import { describeMatching } from './instance-listing.ts';
import { TAG, tagMap } from './instance-tags.ts';
import type { Ec2Leftover, Examination } from './leftover.ts';
import { describeTemplates, describeUsualVersions, describeVersions } from './template-listing.ts';
import { ALIVE } from './template-versions.ts';

/** The tags of images that `runtide image` has had built. */
export const IMAGE_TAG = {
  /** What built it: `packer` or `image-builder`. */
  image: 'runtide:image',
  system: 'runtide:system',
  architecture: 'runtide:architecture',
} as const;

export interface LeftImagesQuestion {
  readonly ec2: EC2Client;
  /** Ids that the configuration means: by name, by what its look-ups find now, by the operator's templates. */
  readonly wanted: ReadonlySet<string>;
  /** How many of the newest of each system and architecture stay, whatever uses them. */
  readonly keep: number;
}

/** The most values that EC2 takes in one filter. */
const FILTER_VALUES = 200;

async function builtImages(ec2: EC2Client, limits: () => CallLimits): Promise<readonly Image[]> {
  const call = { system: 'ec2', doing: 'listing the images that runtide image has had built' } as const;
  const Filters = [{ Name: 'tag-key', Values: [IMAGE_TAG.image] }];
  const all: Image[] = [];
  let token: string | undefined;
  do {
    const question = { Owners: ['self'], Filters, MaxResults: 1000, NextToken: token };
    const page = await awsCall(call, limits(), (options) =>
      ec2.send(new DescribeImagesCommand(question), options),
    );
    if (page.Images === undefined) throw invalidAnswer(call, 'the images', page.$metadata.requestId);
    all.push(...page.Images);
    token = page.NextToken === '' ? undefined : page.NextToken;
  } while (token !== undefined);
  return all;
}

/** `<system> <architecture>`: images of one kind replace each other. */
function kindOf({ Tags }: Image): string {
  const tags = tagMap(Tags);
  return [IMAGE_TAG.system, IMAGE_TAG.architecture].map((key) => tags.get(key) ?? 'unknown').join(' ');
}

function newestFirst(one: Image, other: Image): number {
  return (other.CreationDate ?? '').localeCompare(one.CreationDate ?? '');
}

/** All but the newest of each kind. */
function older(images: readonly Image[], keep: number): readonly Image[] {
  return [...Map.groupBy(images, kindOf).values()].flatMap((alike) =>
    alike.toSorted(newestFirst).slice(keep),
  );
}

/** Which of the images instances of the account run, whoever launched them. */
async function launchedFrom(
  ec2: EC2Client,
  ids: readonly string[],
  limits: () => CallLimits,
): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  for (let start = 0; start < ids.length; start += FILTER_VALUES) {
    const call = { system: 'ec2', doing: 'looking for instances of old images' } as const;
    const filters = {
      'image-id': ids.slice(start, start + FILTER_VALUES),
      'instance-state-name': ALIVE,
    };
    for (const { ImageId } of await describeMatching(ec2, filters, call, limits)) {
      if (ImageId !== undefined) used.add(ImageId);
    }
  }
  return used;
}

/** What versions name, by the name of their template. */
function imagesIn(versions: readonly LaunchTemplateVersion[]): readonly (readonly [string, string])[] {
  return versions.flatMap(({ LaunchTemplateName = '', LaunchTemplateData }) => {
    const image = LaunchTemplateData?.ImageId;
    return image === undefined ? [] : [[image, LaunchTemplateName] as const];
  });
}

/** The first version of a template stays its default for ever, and Runtide launches the newest ones. */
function launchable(versions: readonly LaunchTemplateVersion[]): readonly LaunchTemplateVersion[] {
  return versions.length === 1 ? versions : versions.filter(({ DefaultVersion }) => DefaultVersion !== true);
}

/** The images that the versions of a launch template of the operator's name. Throws `PortError`. */
export async function imagesOfTemplate(
  ec2: EC2Client,
  template: string,
  limits: () => CallLimits,
): Promise<readonly string[]> {
  return imagesIn(await describeVersions(ec2, template, limits)).map(([image]) => image);
}

/**
 * The images that launch templates name, with the name of one of them: all versions of those of Runtide, of any
 * installation; default and latest version of everybody else's.
 */
async function namedByTemplates(
  ec2: EC2Client,
  limits: () => CallLimits,
): Promise<ReadonlyMap<string, string>> {
  const made = await describeTemplates(ec2, { name: 'tag-key', value: TAG.installation }, limits);
  const own = new Set(made.flatMap(({ LaunchTemplateId }) => LaunchTemplateId ?? []));
  const usual = await describeUsualVersions(ec2, limits);
  const named = imagesIn(usual.filter(({ LaunchTemplateId }) => !own.has(LaunchTemplateId ?? '')));
  const inOwn = await Promise.all(
    [...own].map(async (id) => imagesIn(launchable(await describeVersions(ec2, id, limits)))),
  );
  return new Map([...named, ...inOwn.flat()]);
}

interface Uses {
  readonly wanted: ReadonlySet<string>;
  readonly launched: ReadonlySet<string>;
  readonly named: ReadonlyMap<string, string>;
}

function useOf(id: string, { wanted, launched, named }: Uses): string | undefined {
  if (wanted.has(id)) return 'the configuration means it';
  if (launched.has(id)) return 'instances run from it';
  const template = named.get(id);
  return template === undefined ? undefined : `a version of launch template ${template} names it`;
}

function examined(image: Image, keep: number, uses: Uses): Examination<Ec2Leftover> {
  const { ImageId: id, Name: name = '' } = image;
  if (id === undefined) return { leftovers: [], spared: [] };
  const use = useOf(id, uses);
  if (use !== undefined) return { leftovers: [], spared: [{ kind: 'image', id, name, because: use }] };
  const snapshots = (image.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []);
  const because = `older than the newest ${keep} for ${kindOf(image)}, and nothing uses it`;
  return { leftovers: [{ kind: 'image', id, name, snapshots, because }], spared: [] };
}

/**
 * The images that `runtide image` has had built and that nothing needs: older than the newest of their kind, run
 * by no instance, and named by neither the configuration nor a launch template of Runtide's. Throws `PortError`.
 */
export async function leftImages(
  { ec2, wanted, keep }: LeftImagesQuestion,
  limits: () => CallLimits,
): Promise<Examination<Ec2Leftover>> {
  const old = older(await builtImages(ec2, limits), keep);
  if (old.length === 0) return { leftovers: [], spared: [] };
  const ids = old.flatMap(({ ImageId }) => ImageId ?? []);
  const uses = {
    wanted,
    launched: await launchedFrom(ec2, ids, limits),
    named: await namedByTemplates(ec2, limits),
  };
  const found = old.map((image) => examined(image, keep, uses));
  return {
    leftovers: found.flatMap(({ leftovers }) => leftovers),
    spared: found.flatMap(({ spared }) => spared),
  };
}
