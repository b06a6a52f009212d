import { createHash } from 'node:crypto';
import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DescribeLaunchTemplateVersionsCommand,
  type EC2Client,
  type LaunchTemplateVersion,
  type RequestLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import { isPortError } from '../../controller/errors.ts';
import type { LaunchRequest } from '../../controller/ports.ts';
import { awsCall, type CallLimits } from './aws-call.ts';
import { awsCode, invalidAnswer } from './errors.ts';
import { awsTags, poolTags } from './instance-tags.ts';

/** What a pool's new instances are made of. */
export interface PoolMachines {
  readonly generation: string;
  readonly imageId: string;
  readonly securityGroups: readonly string[];
  /** Name or ARN of the instance profile. */
  readonly profile: string;
  /** As `renderUserData` gives it, not yet base64. */
  readonly userData: string;
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

function templateData(machines: PoolMachines, tags: ReadonlyMap<string, string>): RequestLaunchTemplateData {
  const profile = machines.profile.startsWith('arn:')
    ? { Arn: machines.profile }
    : { Name: machines.profile };
  return {
    ImageId: machines.imageId,
    IamInstanceProfile: profile,
    SecurityGroupIds: [...machines.securityGroups],
    // An instance that powers itself off after its drain must be gone, not stopped and paid for.
    InstanceInitiatedShutdownBehavior: 'terminate',
    MetadataOptions: {
      HttpEndpoint: 'enabled',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
      InstanceMetadataTags: 'enabled',
    },
    UserData: Buffer.from(machines.userData).toString('base64'),
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
  machines: PoolMachines,
  users: Readonly<Record<string, string>>,
): WantedTemplate {
  const tags = poolTags(installation, pool, users);
  const data = templateData(machines, tags);
  return {
    name: `runtide-${installation}-${pool}`,
    version: `${machines.generation} ${digest(JSON.stringify(data), 12)}`,
    data,
    tags,
  };
}

/** What EC2 has of a template: nothing, other versions only, or the wanted one. */
type Found = { readonly id?: string; readonly pin?: Pin };

function pinOf(version: LaunchTemplateVersion | undefined): Pin | undefined {
  const { LaunchTemplateId: id, VersionNumber: number } = version ?? {};
  return id === undefined || number === undefined ? undefined : { id, version: String(number) };
}

/** Makes launch templates exist, and pins their versions. */
export class LaunchTemplates {
  readonly #ec2: EC2Client;

  constructor(ec2: EC2Client) {
    this.#ec2 = ec2;
  }

  /** The wanted version, found or made. Two that make it at once end with a version each that is right. */
  async ensure(wanted: WantedTemplate, limits: CallLimits): Promise<Pin> {
    const found = await this.#find(wanted, limits);
    if (found.pin !== undefined) return found.pin;
    if (found.id !== undefined) return this.#addVersion(wanted, found.id, limits);
    return (await this.#create(wanted, limits)) ?? this.#afterRace(wanted, limits);
  }

  async #find(wanted: WantedTemplate, limits: CallLimits): Promise<Found> {
    const call = { system: 'ec2', doing: `looking for launch template ${wanted.name}` } as const;
    let token: string | undefined;
    let id: string | undefined;
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
      if (page === undefined) return {};
      const versions = page.LaunchTemplateVersions;
      if (versions === undefined) throw invalidAnswer(call, 'the versions', page.$metadata.requestId);
      const pin = pinOf(versions.find((version) => version.VersionDescription === wanted.version));
      if (pin !== undefined) return { id: pin.id, pin };
      id ??= versions[0]?.LaunchTemplateId;
      token = page.NextToken;
    } while (token !== undefined && token !== '');
    return id === undefined ? {} : { id };
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
    return this.#addVersion(wanted, found.id, limits);
  }

  async #addVersion(wanted: WantedTemplate, id: string | undefined, limits: CallLimits): Promise<Pin> {
    const call = { system: 'ec2', doing: `adding a version to launch template ${wanted.name}` } as const;
    const answer = await awsCall(call, limits, (options) =>
      this.#ec2.send(
        new CreateLaunchTemplateVersionCommand({
          ...(id === undefined ? { LaunchTemplateName: wanted.name } : { LaunchTemplateId: id }),
          // With the id: a template deleted and made again must not answer for the old one.
          ClientToken: digest(`${id ?? wanted.name} ${wanted.version}`, 64),
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
