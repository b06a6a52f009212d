import type {
  CreateFleetCommandInput,
  CreateLaunchTemplateCommandInput,
  CreateLaunchTemplateVersionCommandInput,
  CreateTagsCommandInput,
  DeleteLaunchTemplateVersionsCommandInput,
  GetConsoleOutputCommandInput,
  RequestLaunchTemplateData,
  TerminateInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import type { GetParameterCommandInput } from '@aws-sdk/client-ssm';
import type { AccessRequest } from './simulator.ts';

/** The calls that Runtide makes, by the SDK's names. */
export interface Calls {
  readonly CreateFleetCommand: CreateFleetCommandInput;
  readonly CreateLaunchTemplateCommand: CreateLaunchTemplateCommandInput;
  readonly CreateLaunchTemplateVersionCommand: CreateLaunchTemplateVersionCommandInput;
  readonly CreateTagsCommand: CreateTagsCommandInput;
  readonly DeleteLaunchTemplateVersionsCommand: DeleteLaunchTemplateVersionsCommandInput;
  readonly DescribeImagesCommand: object;
  readonly DescribeInstancesCommand: object;
  readonly DescribeLaunchTemplateVersionsCommand: object;
  readonly DescribeSpotPriceHistoryCommand: object;
  readonly GetConsoleOutputCommand: GetConsoleOutputCommandInput;
  readonly GetProductsCommand: object;
  readonly GetParameterCommand: GetParameterCommandInput;
  readonly TerminateInstancesCommand: TerminateInstancesCommandInput;
}

/** A launch template as the account has it. */
export interface KnownTemplate {
  readonly name: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly data: RequestLaunchTemplateData;
}

/** What IAM looks up of an account to decide about a call. */
export interface Account {
  readonly region: string;
  readonly number: string;
  /** The key that parameters are encrypted with, where it is not the account's own. */
  readonly kmsKey?: string;
  /** The tags of an instance; undefined when there is none of this id. */
  instanceTags(id: string): ReadonlyMap<string, string> | undefined;
  /** The version of a template by the template's id or name; undefined when there is none. */
  template(ref: {
    id?: string | undefined;
    name?: string | undefined;
    version?: string | undefined;
  }): KnownTemplate | undefined;
}

type Context = AccessRequest['context'];
type TagSpecifications = CreateFleetCommandInput['TagSpecifications'];
type Tags = ReadonlyMap<string, string>;

const NO_TAGS: Tags = new Map();

function tagsFor(type: string, specifications: TagSpecifications): Tags {
  const tags = (specifications ?? []).flatMap(({ ResourceType, Tags: all = [] }) =>
    ResourceType === type ? all : [],
  );
  return new Map(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

function given(tags: Tags): Context {
  if (tags.size === 0) return {};
  return {
    ...Object.fromEntries([...tags].map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    'aws:TagKeys': [...tags.keys()],
  };
}

function carried(tags: Tags): Context {
  return Object.fromEntries([...tags].map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
}

function ec2Arn({ region, number }: Account, resource: string): string {
  return `arn:aws:ec2:${region}:${number}:${resource}`;
}

/** One action on something of EC2 that is made, and the tags that it gets with it. */
function making(account: Account, action: string, type: string, tags: Tags): AccessRequest {
  return { action: `ec2:${action}`, resource: ec2Arn(account, `${type}/new`), context: given(tags) };
}

function tagging(account: Account, createAction: string, type: string, tags: Tags): readonly AccessRequest[] {
  if (tags.size === 0) return [];
  const context = { ...given(tags), 'ec2:CreateAction': createAction };
  return [{ action: 'ec2:CreateTags', resource: ec2Arn(account, `${type}/new`), context }];
}

function using(account: Account, action: string, resource: string, tags = NO_TAGS): AccessRequest {
  return { action: `ec2:${action}`, resource: ec2Arn(account, resource), context: carried(tags) };
}

function usingImage({ region }: Account, action: string, image: string): AccessRequest {
  return { action: `ec2:${action}`, resource: `arn:aws:ec2:${region}::image/${image}`, context: {} };
}

/** A role passed to EC2 by the instance profile of the same name. */
function passing({ number }: Account, { IamInstanceProfile }: RequestLaunchTemplateData): AccessRequest {
  const name = IamInstanceProfile?.Name ?? IamInstanceProfile?.Arn?.split('/').at(-1);
  return {
    action: 'iam:PassRole',
    resource: `arn:aws:iam::${number}:role/${name}`,
    context: { 'iam:PassedToService': 'ec2.amazonaws.com' },
  };
}

/** What EC2 does on the caller's behalf in an account that has never used spot. */
function firstSpot({ number }: Account): AccessRequest {
  return {
    action: 'iam:CreateServiceLinkedRole',
    resource: `arn:aws:iam::${number}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot`,
    context: { 'iam:AWSServiceName': 'spot.amazonaws.com' },
  };
}

/** What a call launches, from where, as IAM sees it in both actions. */
interface Launch {
  readonly account: Account;
  readonly templateId: string;
  readonly template: KnownTemplate;
  readonly subnets: readonly string[];
  readonly spot: boolean;
  readonly fleetTags: Tags;
  readonly instanceTags: Tags;
}

function fleetAccess({
  account,
  templateId,
  template,
  subnets,
  fleetTags,
  instanceTags,
}: Launch): AccessRequest[] {
  const action = 'CreateFleet';
  return [
    making(account, action, 'fleet', fleetTags),
    making(account, action, 'instance', instanceTags),
    making(account, action, 'volume', NO_TAGS),
    usingImage(account, action, template.data.ImageId ?? ''),
    using(account, action, `launch-template/${templateId}`, template.tags),
    ...subnets.map((subnet) => using(account, action, `subnet/${subnet}`)),
    ...tagging(account, action, 'fleet', fleetTags),
  ];
}

function launchAccess({
  account,
  templateId,
  template,
  subnets,
  spot,
  instanceTags,
}: Launch): AccessRequest[] {
  const action = 'RunInstances';
  const { data } = template;
  const made = new Map([
    ['instance', instanceTags],
    ['volume', tagsFor('volume', data.TagSpecifications)],
    ['network-interface', tagsFor('network-interface', data.TagSpecifications)],
    ...(spot ? [['spot-instances-request', NO_TAGS] as const] : []),
  ]);
  return [
    ...[...made].flatMap(([type, tags]) => [
      making(account, action, type, tags),
      ...tagging(account, action, type, tags),
    ]),
    usingImage(account, action, data.ImageId ?? ''),
    using(account, action, `launch-template/${templateId}`, template.tags),
    ...(data.SecurityGroupIds ?? []).map((id) => using(account, action, `security-group/${id}`)),
    ...subnets.map((subnet) => using(account, action, `subnet/${subnet}`)),
    passing(account, data),
    ...(spot ? [firstSpot(account)] : []),
  ];
}

function fleet(input: CreateFleetCommandInput, account: Account): readonly AccessRequest[] {
  return (input.LaunchTemplateConfigs ?? []).flatMap(({ LaunchTemplateSpecification, Overrides = [] }) => {
    const { LaunchTemplateId: id = '', Version: version } = LaunchTemplateSpecification ?? {};
    const template = account.template({ id, version });
    if (template === undefined) return [];
    const launch: Launch = {
      account,
      templateId: id,
      template,
      subnets: Overrides.flatMap(({ SubnetId }) => SubnetId ?? []),
      spot: input.TargetCapacitySpecification?.DefaultTargetCapacityType === 'spot',
      fleetTags: tagsFor('fleet', input.TagSpecifications),
      instanceTags: tagsFor('instance', input.TagSpecifications),
    };
    return [...fleetAccess(launch), ...launchAccess(launch)];
  });
}

/** An action on instances that are there; of one that is not, EC2 says so and asks IAM nothing. */
function onInstances(
  account: Account,
  action: string,
  ids: readonly string[],
  more: Context = {},
): AccessRequest[] {
  return ids.flatMap((id) => {
    const tags = account.instanceTags(id);
    if (tags === undefined) return [];
    const { context, ...request } = using(account, action, `instance/${id}`, tags);
    return [{ ...request, context: { ...context, ...more } }];
  });
}

/** An action on a template that is there. */
function onTemplate(
  account: Account,
  action: string,
  { LaunchTemplateId: id, LaunchTemplateName: name }: Partial<Calls['DeleteLaunchTemplateVersionsCommand']>,
): readonly AccessRequest[] {
  const template = account.template({ id, name });
  return template === undefined
    ? []
    : [using(account, action, `launch-template/${id ?? name}`, template.tags)];
}

function looking(account: Account, action: string): readonly AccessRequest[] {
  return [{ action: `ec2:${action}`, resource: '*', context: { 'aws:RequestedRegion': account.region } }];
}

function parameter(
  { Name = '' }: GetParameterCommandInput,
  { region, number, kmsKey }: Account,
): readonly AccessRequest[] {
  const resource = `arn:aws:ssm:${region}:${number}:parameter/${Name.replace(/^\//, '')}`;
  const read = { action: 'ssm:GetParameter', resource, context: {} };
  if (kmsKey === undefined) return [read];
  const context = {
    'kms:ViaService': `ssm.${region}.amazonaws.com`,
    'kms:EncryptionContext:PARAMETER_ARN': resource,
  };
  return [read, { action: 'kms:Decrypt', resource: kmsKey, context }];
}

/**
 * What IAM is asked for each call, after AWS's service authorization reference: every resource that a call
 * touches is a question of its own, and all must be allowed.
 */
export const ACCESS: {
  readonly [Name in keyof Calls]: (input: Calls[Name], account: Account) => readonly AccessRequest[];
} = {
  CreateFleetCommand: fleet,
  CreateLaunchTemplateCommand: ({ TagSpecifications }, account) => {
    const tags = tagsFor('launch-template', TagSpecifications);
    return [
      making(account, 'CreateLaunchTemplate', 'launch-template', tags),
      ...tagging(account, 'CreateLaunchTemplate', 'launch-template', tags),
    ];
  },
  CreateLaunchTemplateVersionCommand: (input, account) =>
    onTemplate(account, 'CreateLaunchTemplateVersion', input),
  CreateTagsCommand: ({ Resources = [], Tags = [] }, account) => {
    const tags = new Map(Tags.map(({ Key = '', Value = '' }) => [Key, Value]));
    return onInstances(account, 'CreateTags', Resources, given(tags));
  },
  DeleteLaunchTemplateVersionsCommand: (input, account) =>
    onTemplate(account, 'DeleteLaunchTemplateVersions', input),
  DescribeImagesCommand: (_input, account) => looking(account, 'DescribeImages'),
  DescribeInstancesCommand: (_input, account) => looking(account, 'DescribeInstances'),
  DescribeLaunchTemplateVersionsCommand: (_input, account) =>
    looking(account, 'DescribeLaunchTemplateVersions'),
  DescribeSpotPriceHistoryCommand: (_input, account) => looking(account, 'DescribeSpotPriceHistory'),
  GetConsoleOutputCommand: ({ InstanceId = '' }, account) =>
    onInstances(account, 'GetConsoleOutput', [InstanceId]),
  GetParameterCommand: parameter,
  GetProductsCommand: () => [{ action: 'pricing:GetProducts', resource: '*', context: {} }],
  TerminateInstancesCommand: ({ InstanceIds = [] }, account) =>
    onInstances(account, 'TerminateInstances', InstanceIds),
};
