import type {
  CreateAutoScalingGroupCommandInput,
  CreateOrUpdateTagsCommandInput,
  DeleteAutoScalingGroupCommandInput,
  DeleteTagsCommandInput,
  PutLifecycleHookCommandInput,
  SetDesiredCapacityCommandInput,
  SetInstanceProtectionCommandInput,
  SuspendProcessesCommandInput,
  UpdateAutoScalingGroupCommandInput,
} from '@aws-sdk/client-auto-scaling';
import { type Account, type Context, given, type Tags } from './account.ts';
import type { AccessRequest } from './simulator.ts';

/** The call names its group. */
interface OnGroup {
  readonly AutoScalingGroupName: string | undefined;
}

/** The calls of Auto Scaling that Runtide makes, by the SDK's names. */
export interface GroupCalls {
  readonly CompleteLifecycleActionCommand: OnGroup;
  readonly CreateAutoScalingGroupCommand: CreateAutoScalingGroupCommandInput;
  readonly CreateOrUpdateTagsCommand: CreateOrUpdateTagsCommandInput;
  readonly DeleteAutoScalingGroupCommand: DeleteAutoScalingGroupCommandInput;
  readonly DeleteTagsCommand: DeleteTagsCommandInput;
  readonly DescribeAutoScalingGroupsCommand: object;
  readonly DescribeAutoScalingInstancesCommand: object;
  readonly DescribeInstanceRefreshesCommand: object;
  readonly DescribeLifecycleHooksCommand: object;
  readonly DescribePoliciesCommand: object;
  readonly DescribeScalingActivitiesCommand: object;
  readonly PutLifecycleHookCommand: PutLifecycleHookCommandInput;
  readonly RecordLifecycleActionHeartbeatCommand: OnGroup;
  readonly SetDesiredCapacityCommand: SetDesiredCapacityCommandInput;
  readonly SetInstanceProtectionCommand: SetInstanceProtectionCommandInput;
  readonly SuspendProcessesCommand: SuspendProcessesCommandInput;
  readonly TerminateInstanceInAutoScalingGroupCommand: { readonly InstanceId: string | undefined };
  readonly UpdateAutoScalingGroupCommand: UpdateAutoScalingGroupCommandInput;
}

interface SetTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
  readonly ResourceId?: string | undefined;
}

const tagsOf = (tags: readonly SetTag[] = []): Tags =>
  new Map(tags.map(({ Key = '', Value = '' }) => [Key, Value]));

/** An action on a group that is there; of one that is not, Auto Scaling says so and asks IAM nothing. */
function on(
  account: Account,
  action: string,
  name: string | undefined,
  more: Context = {},
): readonly AccessRequest[] {
  const group = account.group?.(name ?? '');
  if (group === undefined) return [];
  const carried = [...group.tags].map(([key, value]) => [`autoscaling:ResourceTag/${key}`, value] as const);
  const context = { ...Object.fromEntries(carried), ...more };
  return [{ action: `autoscaling:${action}`, resource: group.arn, context }];
}

function looking(account: Account, action: string): readonly AccessRequest[] {
  const context = { 'aws:RequestedRegion': account.region };
  return [{ action: `autoscaling:${action}`, resource: '*', context }];
}

function making(
  { region, number }: Account,
  { AutoScalingGroupName: name, Tags }: CreateAutoScalingGroupCommandInput,
): readonly AccessRequest[] {
  const resource = `arn:aws:autoscaling:${region}:${number}:autoScalingGroup:new:autoScalingGroupName/${name}`;
  const context = given(tagsOf(Tags));
  return [
    ...['CreateAutoScalingGroup', 'CreateOrUpdateTags'].map((action) => ({
      action: `autoscaling:${action}`,
      resource,
      context,
    })),
    {
      action: 'iam:CreateServiceLinkedRole',
      resource: `arn:aws:iam::${number}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
      context: { 'iam:AWSServiceName': 'autoscaling.amazonaws.com' },
    },
  ];
}

function tagging(
  account: Account,
  action: string,
  tags: readonly SetTag[] = [],
  keys: (tags: Tags) => Context,
): readonly AccessRequest[] {
  return [...Map.groupBy(tags, ({ ResourceId }) => ResourceId)].flatMap(([group, some]) =>
    on(account, action, group, keys(tagsOf(some))),
  );
}

/** What IAM is asked for each call, after AWS's service authorization reference. */
export const GROUP_ACCESS: {
  readonly [Name in keyof GroupCalls]: (
    input: GroupCalls[Name],
    account: Account,
  ) => readonly AccessRequest[];
} = {
  CompleteLifecycleActionCommand: ({ AutoScalingGroupName }, account) =>
    on(account, 'CompleteLifecycleAction', AutoScalingGroupName),
  CreateAutoScalingGroupCommand: (input, account) => making(account, input),
  CreateOrUpdateTagsCommand: ({ Tags }, account) => tagging(account, 'CreateOrUpdateTags', Tags, given),
  DeleteAutoScalingGroupCommand: ({ AutoScalingGroupName }, account) =>
    on(account, 'DeleteAutoScalingGroup', AutoScalingGroupName),
  DeleteTagsCommand: ({ Tags }, account) =>
    tagging(account, 'DeleteTags', Tags, (tags) => ({ 'aws:TagKeys': [...tags.keys()] })),
  DescribeAutoScalingGroupsCommand: (_input, account) => looking(account, 'DescribeAutoScalingGroups'),
  DescribeAutoScalingInstancesCommand: (_input, account) => looking(account, 'DescribeAutoScalingInstances'),
  DescribeInstanceRefreshesCommand: (_input, account) => looking(account, 'DescribeInstanceRefreshes'),
  DescribeLifecycleHooksCommand: (_input, account) => looking(account, 'DescribeLifecycleHooks'),
  DescribePoliciesCommand: (_input, account) => looking(account, 'DescribePolicies'),
  DescribeScalingActivitiesCommand: (_input, account) => looking(account, 'DescribeScalingActivities'),
  PutLifecycleHookCommand: ({ AutoScalingGroupName }, account) =>
    on(account, 'PutLifecycleHook', AutoScalingGroupName),
  RecordLifecycleActionHeartbeatCommand: ({ AutoScalingGroupName }, account) =>
    on(account, 'RecordLifecycleActionHeartbeat', AutoScalingGroupName),
  SetDesiredCapacityCommand: ({ AutoScalingGroupName }, account) =>
    on(account, 'SetDesiredCapacity', AutoScalingGroupName),
  SetInstanceProtectionCommand: ({ AutoScalingGroupName }, account) =>
    on(account, 'SetInstanceProtection', AutoScalingGroupName),
  SuspendProcessesCommand: ({ AutoScalingGroupName }, account) =>
    on(account, 'SuspendProcesses', AutoScalingGroupName),
  TerminateInstanceInAutoScalingGroupCommand: ({ InstanceId = '' }, account) =>
    on(account, 'TerminateInstanceInAutoScalingGroup', account.groupOf?.(InstanceId)),
  UpdateAutoScalingGroupCommand: ({ AutoScalingGroupName }, account) =>
    on(account, 'UpdateAutoScalingGroup', AutoScalingGroupName),
};
