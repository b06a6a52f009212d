import {
  CreateFleetCommand,
  CreateLaunchTemplateCommand,
  DescribeLaunchTemplateVersionsCommand,
  type EC2Client,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { isPortError, PortError } from '../../controller/errors.ts';
import type { LaunchRequest } from '../../controller/ports.ts';
import type { Offering } from '../../engine/pool.ts';
import { awsCall, type CallLimits } from './aws-call.ts';
import { awsCode } from './errors.ts';
import { fleetRequest, isInstanceType } from './fleet-request.ts';
import { awsTags, poolTags } from './instance-tags.ts';
import { type TemplateParts, type WantedTemplate, wantedTemplate } from './launch-template.ts';

/** A launch that is only tried. */
export interface DryLaunch {
  readonly installation: string;
  readonly pool: string;
  /** The user's tags. */
  readonly tags: Readonly<Record<string, string>>;
  readonly offering: Offering;
  /** What the instance is made of: the contents of Runtide's own template, or a template of the operator's. */
  readonly from: TemplateParts | { readonly id: string; readonly version: string };
}

type Contents = Omit<RunInstancesCommandInput, 'MinCount' | 'MaxCount'>;

function contentsOf({ installation, pool, tags, from }: DryLaunch): Contents {
  const TagSpecifications = [
    { ResourceType: 'instance' as const, Tags: awsTags(poolTags(installation, pool, tags)) },
  ];
  if ('id' in from) {
    return { LaunchTemplate: { LaunchTemplateId: from.id, Version: from.version }, TagSpecifications };
  }
  const { data } = wantedTemplate(installation, pool, from, tags);
  const { ImageId, IamInstanceProfile, SecurityGroupIds, BlockDeviceMappings, MetadataOptions, UserData } =
    data;
  return {
    ImageId,
    IamInstanceProfile,
    SecurityGroupIds,
    BlockDeviceMappings,
    MetadataOptions,
    UserData,
    InstanceInitiatedShutdownBehavior: data.InstanceInitiatedShutdownBehavior,
    TagSpecifications: [...TagSpecifications, ...(data.TagSpecifications ?? [])],
  };
}

function inputOf(launch: DryLaunch): RunInstancesCommandInput {
  const { instanceType, subnet, market } = launch.offering;
  return {
    ...contentsOf(launch),
    DryRun: true,
    MinCount: 1,
    MaxCount: 1,
    ...(isInstanceType(instanceType) && { InstanceType: instanceType }),
    SubnetId: subnet,
    ...(market === 'spot' && { InstanceMarketOptions: { MarketType: 'spot' as const } }),
  };
}

/** A dry run ends with an error, whose code says that all is well. One that ends without has really been done. */
async function dryRun(
  doing: string,
  limits: CallLimits,
  send: (options: { abortSignal: AbortSignal }) => Promise<unknown>,
): Promise<void> {
  try {
    await awsCall({ system: 'ec2', doing }, limits, send);
  } catch (error) {
    if (awsCode(error) === 'DryRunOperation') return;
    throw error;
  }
  throw new PortError({
    kind: 'refused',
    system: 'ec2',
    doing,
    why: 'the endpoint took the dry run for a real one',
    next: 'end what it has made (tags runtide:pool), and check aws.endpoints.ec2',
  });
}

/**
 * Asks EC2 whether it would launch such an instance, without launching one. Throws what stands against it: a right
 * that is missing, or something that does not exist.
 */
export async function tryLaunch(ec2: EC2Client, launch: DryLaunch, limits: CallLimits): Promise<void> {
  const { instanceType, subnet = 'the default subnet', market } = launch.offering;
  const doing = `trying a launch of ${instanceType} (${market}) in ${subnet} of pool ${launch.pool}`;
  await dryRun(doing, limits, (options) => ec2.send(new RunInstancesCommand(inputOf(launch)), options));
}

/** The newest version of a template; undefined where there is none of this name. */
async function newestVersion(
  ec2: EC2Client,
  name: string,
  limits: CallLimits,
): Promise<LaunchRequest['template'] | undefined> {
  const call = { system: 'ec2', doing: `looking for launch template ${name}` } as const;
  try {
    const answer = await awsCall(call, limits, (options) =>
      ec2.send(
        new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: name, Versions: ['$Latest'] }),
        options,
      ),
    );
    const [{ LaunchTemplateId: id, VersionNumber: version } = {}] = answer.LaunchTemplateVersions ?? [];
    return id === undefined || version === undefined ? undefined : { id, version: String(version) };
  } catch (error) {
    if (isPortError(error, 'not-found')) return undefined;
    throw error;
  }
}

async function tryFleetFrom(
  ec2: EC2Client,
  template: LaunchRequest['template'],
  { installation, pool, tags, offering }: DryLaunch,
  limits: CallLimits,
): Promise<void> {
  const launch = { launchId: 'check', generation: 'check', count: 1, slots: 1 };
  const request = { ...launch, pool, offerings: [offering], template };
  // Without a token: a dry run must not spend one.
  const { ClientToken: _token, ...input } = fleetRequest(request, installation, tags);
  await dryRun(`trying a fleet of ${offering.market} instances of pool ${pool}`, limits, (options) =>
    ec2.send(new CreateFleetCommand({ ...input, DryRun: true }), options),
  );
}

async function tryTemplate(
  ec2: EC2Client,
  { name, data, tags }: WantedTemplate,
  limits: CallLimits,
): Promise<void> {
  const TagSpecifications = [{ ResourceType: 'launch-template' as const, Tags: awsTags(tags) }];
  await dryRun(`trying to make launch template ${name}`, limits, (options) =>
    ec2.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: name,
        LaunchTemplateData: data,
        TagSpecifications,
        DryRun: true,
      }),
      options,
    ),
  );
}

/**
 * Asks EC2 whether it would make the fleet that a launch asks for; before the first launch of a pool, whether it
 * would make the launch template that a fleet needs. Throws what stands against it.
 */
export async function tryFleet(ec2: EC2Client, launch: DryLaunch, limits: CallLimits): Promise<void> {
  const { installation, pool, tags, from } = launch;
  if ('id' in from) return tryFleetFrom(ec2, from, launch, limits);
  const wanted = wantedTemplate(installation, pool, from, tags);
  const template = await newestVersion(ec2, wanted.name, limits);
  return template === undefined
    ? tryTemplate(ec2, wanted, limits)
    : tryFleetFrom(ec2, template, launch, limits);
}

/**
 * Asks EC2 whether it would make the launch template that a group needs, where there is none yet: the group itself, as
 * Auto Scaling knows no dry run, is not tried. Throws what stands against it.
 */
export async function tryGroupTemplate(ec2: EC2Client, launch: DryLaunch, limits: CallLimits): Promise<void> {
  const { installation, pool, tags, from } = launch;
  if ('id' in from) return;
  const wanted = wantedTemplate(installation, pool, from, tags);
  if ((await newestVersion(ec2, wanted.name, limits)) === undefined) await tryTemplate(ec2, wanted, limits);
}
