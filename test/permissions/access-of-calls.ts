import type { PutMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import type {
  CreateFleetCommandInput,
  CreateLaunchTemplateCommandInput,
  CreateLaunchTemplateVersionCommandInput,
  CreateTagsCommandInput,
  DeleteLaunchTemplateCommandInput,
  DeleteLaunchTemplateVersionsCommandInput,
  DeleteSnapshotCommandInput,
  DeregisterImageCommandInput,
  GetConsoleOutputCommandInput,
  RunInstancesCommandInput,
  TerminateInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import type {
  DeleteMessageCommandInput,
  GetQueueAttributesCommandInput,
  ReceiveMessageCommandInput,
} from '@aws-sdk/client-sqs';
import type { GetParameterCommandInput } from '@aws-sdk/client-ssm';
import { GROUP_ACCESS, type GroupCalls } from './access-of-groups.ts';
import { fleet, launch } from './access-of-launches.ts';
import { type Account, type Context, given, making, stored, tagging, tagsFor, using } from './account.ts';
import type { AccessRequest } from './simulator.ts';

/** The calls that Runtide makes, by the SDK's names. */
export interface Calls extends GroupCalls {
  readonly CreateFleetCommand: CreateFleetCommandInput;
  readonly CreateLaunchTemplateCommand: CreateLaunchTemplateCommandInput;
  readonly CreateLaunchTemplateVersionCommand: CreateLaunchTemplateVersionCommandInput;
  readonly CreateTagsCommand: CreateTagsCommandInput;
  readonly DeleteLaunchTemplateCommand: DeleteLaunchTemplateCommandInput;
  readonly DeleteLaunchTemplateVersionsCommand: DeleteLaunchTemplateVersionsCommandInput;
  readonly DeleteSnapshotCommand: DeleteSnapshotCommandInput;
  readonly DeregisterImageCommand: DeregisterImageCommandInput;
  readonly DescribeImagesCommand: object;
  readonly DescribeInstancesCommand: object;
  readonly DescribeInstanceTypeOfferingsCommand: object;
  readonly DescribeLaunchTemplatesCommand: object;
  readonly DescribeLaunchTemplateVersionsCommand: object;
  readonly DescribeSecurityGroupsCommand: object;
  readonly DescribeSpotInstanceRequestsCommand: object;
  readonly DescribeSpotPriceHistoryCommand: object;
  readonly DescribeSubnetsCommand: object;
  readonly GetConsoleOutputCommand: GetConsoleOutputCommandInput;
  readonly GetProductsCommand: object;
  readonly GetParameterCommand: GetParameterCommandInput;
  readonly DeleteMessageCommand: DeleteMessageCommandInput;
  readonly GetQueueAttributesCommand: GetQueueAttributesCommandInput;
  readonly PutMetricDataCommand: PutMetricDataCommandInput;
  readonly ReceiveMessageCommand: ReceiveMessageCommandInput;
  readonly RunInstancesCommand: RunInstancesCommandInput;
  readonly TerminateInstancesCommand: TerminateInstancesCommandInput;
}

/** An action on an image or a snapshot that is there. */
function onStored(account: Account, action: string, type: string, id: string): readonly AccessRequest[] {
  const tags = account.storedTags(id);
  return tags === undefined ? [] : [stored(account, action, `${type}/${id}`, tags)];
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

/** An action on a queue, whose URL ends with its account and its name. */
function onQueue(
  { region }: Account,
  action: string,
  { QueueUrl = '' }: { readonly QueueUrl?: string | undefined },
): readonly AccessRequest[] {
  const [number = '', name = ''] = QueueUrl.split('/').slice(-2);
  return [{ action: `sqs:${action}`, resource: `arn:aws:sqs:${region}:${number}:${name}`, context: {} }];
}

function looking(account: Account, action: string): readonly AccessRequest[] {
  return [{ action: `ec2:${action}`, resource: '*', context: { 'aws:RequestedRegion': account.region } }];
}

function parameter(
  { Name = '' }: GetParameterCommandInput,
  { region, number, kmsKey }: Account,
): readonly AccessRequest[] {
  const owner = Name.startsWith('/aws/') ? '' : number;
  const resource = `arn:aws:ssm:${region}:${owner}:parameter/${Name.replace(/^\//, '')}`;
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
  ...GROUP_ACCESS,
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
  DeleteLaunchTemplateCommand: (input, account) => onTemplate(account, 'DeleteLaunchTemplate', input),
  DeleteLaunchTemplateVersionsCommand: (input, account) =>
    onTemplate(account, 'DeleteLaunchTemplateVersions', input),
  DeleteSnapshotCommand: ({ SnapshotId = '' }, account) =>
    onStored(account, 'DeleteSnapshot', 'snapshot', SnapshotId),
  DeregisterImageCommand: ({ ImageId = '' }, account) =>
    onStored(account, 'DeregisterImage', 'image', ImageId),
  DescribeImagesCommand: (_input, account) => looking(account, 'DescribeImages'),
  DescribeInstancesCommand: (_input, account) => looking(account, 'DescribeInstances'),
  DescribeInstanceTypeOfferingsCommand: (_input, account) =>
    looking(account, 'DescribeInstanceTypeOfferings'),
  DescribeLaunchTemplatesCommand: (_input, account) => looking(account, 'DescribeLaunchTemplates'),
  DescribeLaunchTemplateVersionsCommand: (_input, account) =>
    looking(account, 'DescribeLaunchTemplateVersions'),
  DescribeSecurityGroupsCommand: (_input, account) => looking(account, 'DescribeSecurityGroups'),
  DescribeSpotPriceHistoryCommand: (_input, account) => looking(account, 'DescribeSpotPriceHistory'),
  DescribeSubnetsCommand: (_input, account) => looking(account, 'DescribeSubnets'),
  DescribeSpotInstanceRequestsCommand: (_input, account) => looking(account, 'DescribeSpotInstanceRequests'),
  GetConsoleOutputCommand: ({ InstanceId = '' }, account) =>
    onInstances(account, 'GetConsoleOutput', [InstanceId]),
  GetParameterCommand: parameter,
  DeleteMessageCommand: (input, account) => onQueue(account, 'DeleteMessage', input),
  GetQueueAttributesCommand: (input, account) => onQueue(account, 'GetQueueAttributes', input),
  PutMetricDataCommand: ({ Namespace = '' }, { region, number }) => [
    {
      action: 'cloudwatch:PutMetricData',
      resource: `arn:aws:cloudwatch:${region}:${number}:dataset/default`,
      context: { 'cloudwatch:namespace': Namespace },
    },
  ],
  ReceiveMessageCommand: (input, account) => onQueue(account, 'ReceiveMessage', input),
  GetProductsCommand: () => [{ action: 'pricing:GetProducts', resource: '*', context: {} }],
  RunInstancesCommand: launch,
  TerminateInstancesCommand: ({ InstanceIds = [] }, account) =>
    onInstances(account, 'TerminateInstances', InstanceIds),
};
