import { createHash } from 'node:crypto';
import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DescribeLaunchTemplateVersionsCommand,
  type EC2Client,
  type LaunchTemplateVersion,
  type RequestLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import { isPortError, PortError } from '../../controller/errors.ts';
import type { LaunchRequest } from '../../controller/ports.ts';
import { awsCall, type CallLimits } from './aws-call.ts';
import { awsCode, invalidAnswer } from './errors.ts';
import { awsTags, poolTags } from './instance-tags.ts';
import { deleteOldVersions } from './template-versions.ts';

/** A root volume of type gp3, encrypted. */
export interface RootVolume {
  /** GiB; absent: that of the image. */
  readonly size?: number;
  /** MiB a second; absent: what AWS gives for nothing. */
  readonly throughput?: number;
  /** Operations a second; absent: what AWS gives for nothing. */
  readonly iops?: number;
  /** Id, alias or ARN; absent: the account's default key. */
  readonly kmsKey?: string;
}

/** What goes into a launch template. */
export interface TemplateParts {
  readonly generation: string;
  readonly imageId: string;
  readonly securityGroups: readonly string[];
  /** Name or ARN of the instance profile. */
  readonly profile: string;
  /** As `renderUserData` gives it, not yet base64. */
  readonly userData: string | Uint8Array;
  /** `device` is the image's root device; absent for an image that names none. */
  readonly rootVolume?: RootVolume & { readonly device: string };
}

/** What a pool's new instances are made of. */
export interface PoolMachines extends Omit<TemplateParts, 'rootVolume'> {
  /** Absent: encrypted by the account's default key, and of the image's size. */
  readonly volume?: RootVolume;
  /** That of the instance types, where it is known. */
  readonly architecture?: 'amd64' | 'arm64';
}

/** A launch template of a pool, as it should be. */
export interface WantedTemplate {
  readonly name: string;
  /** Names the version: `<generation> <digest of the contents>`. */
  readonly version: string;
  readonly data: RequestLaunchTemplateData;
  readonly tags: ReadonlyMap<string, string>;
}

type Pin = LaunchRequest['template'];

function blockDevices({ rootVolume }: TemplateParts): Pick<RequestLaunchTemplateData, 'BlockDeviceMappings'> {
  if (rootVolume === undefined) return {};
  const { device, size, throughput, iops, kmsKey } = rootVolume;
  const Ebs = {
    VolumeType: 'gp3' as const,
    ...(size === undefined ? {} : { VolumeSize: size }),
    ...(throughput === undefined ? {} : { Throughput: throughput }),
    ...(iops === undefined ? {} : { Iops: iops }),
    Encrypted: true,
    ...(kmsKey === undefined ? {} : { KmsKeyId: kmsKey }),
    DeleteOnTermination: true,
  };
  return { BlockDeviceMappings: [{ DeviceName: device, Ebs }] };
}

function templateData(parts: TemplateParts, tags: ReadonlyMap<string, string>): RequestLaunchTemplateData {
  const { imageId, profile, securityGroups, userData } = parts;
  return {
    ImageId: imageId,
    IamInstanceProfile: profile.startsWith('arn:') ? { Arn: profile } : { Name: profile },
    SecurityGroupIds: [...securityGroups],
    ...blockDevices(parts),
    // An instance that powers itself off after its drain must be gone, not stopped and paid for.
    InstanceInitiatedShutdownBehavior: 'terminate',
    MetadataOptions: {
      HttpEndpoint: 'enabled',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
      InstanceMetadataTags: 'enabled',
    },
    UserData: Buffer.from(userData).toString('base64'),
    TagSpecifications: [
      { ResourceType: 'volume', Tags: awsTags(tags) },
      { ResourceType: 'network-interface', Tags: awsTags(tags) },
    ],
  };
}

function digest(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

/**
 * The template of a pool. Its version is named after the generation and a digest of the contents, so that
 * what changes without a new generation (tags, the agent of a newer Runtide) reaches new instances too.
 */
export function wantedTemplate(
  installation: string,
  pool: string,
  parts: TemplateParts,
  users: Readonly<Record<string, string>>,
): WantedTemplate {
  const tags = poolTags(installation, pool, users);
  const data = templateData(parts, tags);
  return {
    name: `runtide-${installation}-${pool}`,
    version: `${parts.generation} ${digest(JSON.stringify(data), 12)}`,
    data,
    tags,
  };
}

/** What EC2 has of a template: nothing, other versions only, or the wanted one. */
interface Found {
  readonly id?: string;
  readonly pin?: Pin;
  readonly others: readonly LaunchTemplateVersion[];
}

function pinOf(version: LaunchTemplateVersion | undefined): Pin | undefined {
  const { LaunchTemplateId: id, VersionNumber: number } = version ?? {};
  return id === undefined || number === undefined ? undefined : { id, version: String(number) };
}

/** Makes launch templates exist, and pins their versions. */
export class LaunchTemplates {
  readonly #ec2: EC2Client;
  readonly #note: (message: string) => void;

  /** `note` hears of old versions that could not be deleted. */
  constructor(ec2: EC2Client, note: (message: string) => void) {
    this.#ec2 = ec2;
    this.#note = note;
  }

  /** The wanted version, found or made. Two that make it at once end with a version each that is right. */
  async ensure(wanted: WantedTemplate, limits: CallLimits): Promise<Pin> {
    const found = await this.#find(wanted, limits);
    if (found.pin !== undefined) return found.pin;
    if (found.id !== undefined) {
      const pin = await this.#addVersion(wanted, found, limits);
      await this.#cleanUp(found.id, found.others, limits);
      return pin;
    }
    return (await this.#create(wanted, limits)) ?? this.#afterRace(wanted, limits);
  }

  async #find(wanted: WantedTemplate, limits: CallLimits): Promise<Found> {
    const call = { system: 'ec2', doing: `looking for launch template ${wanted.name}` } as const;
    const others: LaunchTemplateVersion[] = [];
    let token: string | undefined;
    do {
      const page = await awsCall(call, limits, (options) =>
        this.#ec2.send(
          new DescribeLaunchTemplateVersionsCommand({
            LaunchTemplateName: wanted.name,
            MaxResults: 200,
            NextToken: token,
          }),
          options,
        ),
      ).catch((error: unknown) => {
        if (isPortError(error, 'not-found')) return undefined;
        throw error;
      });
      if (page === undefined) return { others: [] };
      const versions = page.LaunchTemplateVersions;
      if (versions === undefined) throw invalidAnswer(call, 'the versions', page.$metadata.requestId);
      const pin = pinOf(versions.find((version) => version.VersionDescription === wanted.version));
      if (pin !== undefined) return { id: pin.id, pin, others };
      others.push(...versions);
      token = page.NextToken;
    } while (token !== undefined && token !== '');
    const id = others[0]?.LaunchTemplateId;
    return { ...(id === undefined ? {} : { id }), others };
  }

  /** Old versions cost nothing but room: that they stay fails no launch. */
  async #cleanUp(id: string, versions: readonly LaunchTemplateVersion[], limits: CallLimits): Promise<void> {
    try {
      await deleteOldVersions(this.#ec2, id, versions, limits);
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      this.#note(`old versions of launch template ${id} stay for now: ${error.message}`);
    }
  }

  /** Undefined when somebody else has made the template meanwhile. */
  async #create(wanted: WantedTemplate, limits: CallLimits): Promise<Pin | undefined> {
    const call = { system: 'ec2', doing: `creating launch template ${wanted.name}` } as const;
    try {
      const answer = await awsCall(call, limits, (options) =>
        this.#ec2.send(
          new CreateLaunchTemplateCommand({
            LaunchTemplateName: wanted.name,
            VersionDescription: wanted.version,
            LaunchTemplateData: wanted.data,
            TagSpecifications: [{ ResourceType: 'launch-template', Tags: awsTags(wanted.tags) }],
          }),
          options,
        ),
      );
      const id = answer.LaunchTemplate?.LaunchTemplateId;
      if (id === undefined) throw invalidAnswer(call, "the template's id", answer.$metadata.requestId);
      return { id, version: '1' };
    } catch (error) {
      if (awsCode(error) === 'InvalidLaunchTemplateName.AlreadyExistsException') return undefined;
      throw error;
    }
  }

  async #afterRace(wanted: WantedTemplate, limits: CallLimits): Promise<Pin> {
    const found = await this.#find(wanted, limits);
    if (found.pin !== undefined) return found.pin;
    return this.#addVersion(wanted, found, limits);
  }

  async #addVersion(wanted: WantedTemplate, { id, others }: Found, limits: CallLimits): Promise<Pin> {
    const latest = Math.max(0, ...others.map(({ VersionNumber = 0 }) => VersionNumber));
    const call = { system: 'ec2', doing: `adding a version to launch template ${wanted.name}` } as const;
    const answer = await awsCall(call, limits, (options) =>
      this.#ec2.send(
        new CreateLaunchTemplateVersionCommand({
          ...(id === undefined ? { LaunchTemplateName: wanted.name } : { LaunchTemplateId: id }),
          // With the id and the latest number: neither a template that was deleted and made again, nor a version
          // that was deleted and is wanted again, may answer for the old one.
          ClientToken: digest(`${id ?? wanted.name} ${latest} ${wanted.version}`, 64),
          VersionDescription: wanted.version,
          LaunchTemplateData: wanted.data,
        }),
        options,
      ),
    );
    const pin = pinOf(answer.LaunchTemplateVersion);
    if (pin === undefined) throw invalidAnswer(call, "the version's number", answer.$metadata.requestId);
    return pin;
  }
}
