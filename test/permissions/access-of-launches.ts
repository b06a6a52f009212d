import type {
  CreateFleetCommandInput,
  RequestLaunchTemplateData,
  RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import {
  type Account,
  type Context,
  ec2Arn,
  type KnownTemplate,
  making,
  NO_TAGS,
  stored,
  tagging,
  type Tags,
  tagsFor,
  using,
} from './account.ts';
import type { AccessRequest } from './simulator.ts';

/** What KMS is asked for a disk that is encrypted with a key of the account's own. */
function encrypting({ region, diskKey }: Account, data: RequestLaunchTemplateData): readonly AccessRequest[] {
  const named = data.BlockDeviceMappings?.some(({ Ebs }) => Ebs?.KmsKeyId !== undefined) ?? false;
  if (!named || diskKey === undefined) return [];
  const context = { 'kms:ViaService': `ec2.${region}.amazonaws.com`, 'kms:ResourceAliases': diskKey.aliases };
  const ask = (action: string, more: Context = {}): AccessRequest => ({
    action: `kms:${action}`,
    resource: diskKey.arn,
    context: { ...context, ...more },
  });
  return [
    ...['DescribeKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom', 'ReEncryptTo', 'Decrypt'].map(
      (action) => ask(action),
    ),
    ask('CreateGrant', { 'kms:GrantIsForAWSResource': 'true' }),
  ];
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
  /** Empty where the request itself says what the template says elsewhere. */
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
    stored(account, action, `image/${template.data.ImageId ?? ''}`),
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
  const launched = [
    ...[...made].map(([type, tags]) => making(account, action, type, tags)),
    stored(account, action, `image/${data.ImageId ?? ''}`),
    ...(templateId === '' ? [] : [using(account, action, `launch-template/${templateId}`, template.tags)]),
    ...(data.SecurityGroupIds ?? []).map((id) => using(account, action, `security-group/${id}`)),
    ...subnets.map((subnet) => using(account, action, `subnet/${subnet}`)),
  ];
  const from: Context =
    templateId === '' ? {} : { 'ec2:LaunchTemplate': ec2Arn(account, `launch-template/${templateId}`) };
  return [
    ...launched.map(({ context, ...request }) => ({
      ...request,
      // A spot request does not know what it comes from.
      context: request.resource.includes(':spot-instances-request/') ? context : { ...context, ...from },
    })),
    ...[...made].flatMap(([type, tags]) => tagging(account, action, type, tags)),
    passing(account, data),
    ...encrypting(account, data),
    ...(spot ? [firstSpot(account)] : []),
  ];
}

/** A launch without a fleet: of a template, or of what the request says. */
export function launch(input: RunInstancesCommandInput, account: Account): readonly AccessRequest[] {
  const { LaunchTemplate, SubnetId, InstanceMarketOptions, TagSpecifications } = input;
  const { LaunchTemplateId: templateId = '', Version: version } = LaunchTemplate ?? {};
  const { ImageId, IamInstanceProfile, SecurityGroupIds, BlockDeviceMappings } = input;
  const data = { ImageId, IamInstanceProfile, SecurityGroupIds, BlockDeviceMappings, TagSpecifications };
  const template =
    templateId === '' ? { name: '', tags: NO_TAGS, data } : account.template({ id: templateId, version });
  if (template === undefined) return [];
  return launchAccess({
    account,
    templateId,
    template,
    subnets: SubnetId === undefined ? [] : [SubnetId],
    spot: InstanceMarketOptions?.MarketType === 'spot',
    fleetTags: NO_TAGS,
    instanceTags: tagsFor('instance', TagSpecifications),
  });
}

/** What IAM is asked for an instant fleet, and for the launch that comes with it. */
export function fleet(input: CreateFleetCommandInput, account: Account): readonly AccessRequest[] {
  return (input.LaunchTemplateConfigs ?? []).flatMap(({ LaunchTemplateSpecification, Overrides = [] }) => {
    const { LaunchTemplateId: id = '', Version: version } = LaunchTemplateSpecification ?? {};
    const template = account.template({ id, version });
    if (template === undefined) return [];
    const asked: Launch = {
      account,
      templateId: id,
      template,
      subnets: Overrides.flatMap(({ SubnetId }) => SubnetId ?? []),
      spot: input.TargetCapacitySpecification?.DefaultTargetCapacityType === 'spot',
      fleetTags: tagsFor('fleet', input.TagSpecifications),
      instanceTags: tagsFor('instance', input.TagSpecifications),
    };
    return [...fleetAccess(asked), ...launchAccess(asked)];
  });
}
