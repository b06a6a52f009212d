import type { Duration, Instant } from '../../../engine/time.ts';
import type { TemplateVersionRef } from '../ec2/launch-template.ts';
import type { Filter } from '../ec2/listing.ts';

/** Where a member is in its life, in AWS's words. */
export type LifecycleState =
  | 'Pending'
  | 'Pending:Wait'
  | 'Pending:Proceed'
  | 'InService'
  | 'Terminating'
  | 'Terminating:Wait'
  | 'Terminating:Proceed'
  | 'Terminating:Retained'
  | 'Terminated'
  | 'Detaching'
  | 'Detached';

export type HealthStatus = 'Healthy' | 'Unhealthy';

export const TRANSITIONS = [
  'autoscaling:EC2_INSTANCE_LAUNCHING',
  'autoscaling:EC2_INSTANCE_TERMINATING',
] as const;
export type LifecycleTransition = (typeof TRANSITIONS)[number];

export const LIFECYCLE_RESULTS = ['CONTINUE', 'ABANDON'] as const;
export type LifecycleResult = (typeof LIFECYCLE_RESULTS)[number];

/** What a group does of its own accord; each can be suspended. */
export const PROCESSES = [
  'Launch',
  'Terminate',
  'AddToLoadBalancer',
  'AlarmNotification',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'ReplaceUnhealthy',
  'ScheduledActions',
] as const;
export type Process = (typeof PROCESSES)[number];

/** One type that a group may launch; its place in the list is its priority. */
export interface GroupOverride {
  readonly instanceType: string;
  /** How many units of capacity such an instance is, 1 to 999; absent: 1. AWS's wire has it as text. */
  readonly weightedCapacity?: number | undefined;
  /** In place of the policy's own template. */
  readonly template?: TemplateVersionRef | undefined;
}

/** How a group's capacity is divided between the markets; what is absent is AWS's default. */
export interface InstancesDistribution {
  /** `prioritized` (default) or `lowest-price`. */
  readonly onDemandAllocationStrategy?: string | undefined;
  /** Units that are on-demand first; default 0. */
  readonly onDemandBaseCapacity?: number | undefined;
  /** Share of what is above the base that is on-demand, 0 to 100; default 100. */
  readonly onDemandPercentageAboveBaseCapacity?: number | undefined;
  /** `lowest-price` (default), `capacity-optimized`, `capacity-optimized-prioritized` or `price-capacity-optimized`. */
  readonly spotAllocationStrategy?: string | undefined;
  readonly spotInstancePools?: number | undefined;
  readonly spotMaxPrice?: string | undefined;
}

export interface MixedInstancesPolicy {
  readonly template: TemplateVersionRef;
  /** None: the template's own type. */
  readonly overrides: readonly GroupOverride[];
  readonly distribution: InstancesDistribution;
}

/** What an update changes of a group's policy; what is absent stays. */
export type MixedInstancesPolicyChange = Partial<MixedInstancesPolicy>;

/** A tag of a group. */
export interface GroupTag {
  readonly key: string;
  readonly value: string;
  /** Whether instances that are launched from now on carry it too. */
  readonly propagateAtLaunch: boolean;
}

/** A tag and the group that has it. */
export interface GroupTagRequest {
  readonly group: string;
  readonly key: string;
  readonly value?: string | undefined;
  readonly propagateAtLaunch?: boolean | undefined;
}

/** What becomes of a machine whose termination hook is abandoned. */
export interface InstanceLifecyclePolicy {
  readonly terminateHookAbandon?: 'retain' | 'terminate' | undefined;
}

export interface InstanceMaintenancePolicy {
  readonly minHealthyPercentage: number;
  readonly maxHealthyPercentage: number;
}

/** What can be said of a group at its creation and later. */
export interface GroupSettings {
  /** Exactly one of the two: a template, or a policy with one. */
  readonly template?: TemplateVersionRef | undefined;
  readonly mixedInstancesPolicy?: MixedInstancesPolicy | undefined;
  readonly minSize: number;
  readonly maxSize: number;
  /** Default of a new group: `minSize`. */
  readonly desiredCapacity: number;
  /** `VPCZoneIdentifier`, taken apart. */
  readonly subnets: readonly string[];
  /** How long after an activity a call that honours it is refused; default 300 s. */
  readonly defaultCooldown: Duration;
  /** `EC2` or `ELB`; default `EC2`. */
  readonly healthCheckType: string;
  readonly healthCheckGracePeriod: Duration;
  readonly terminationPolicies: readonly string[];
  readonly newInstancesProtectedFromScaleIn: boolean;
  readonly capacityRebalance: boolean;
  /** At least a day; absent: they may grow as old as they like. In a request, 0 takes it away. */
  readonly maxInstanceLifetime?: Duration | undefined;
  readonly defaultInstanceWarmup?: Duration | undefined;
  readonly instanceLifecyclePolicy?: InstanceLifecyclePolicy | undefined;
  readonly instanceMaintenancePolicy?: InstanceMaintenancePolicy | undefined;
  readonly context?: string | undefined;
}

/** What may be left out, or named as undefined. */
export type Optional<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/** What `CreateAutoScalingGroup` is asked. */
export interface CreateGroupRequest extends Optional<Omit<GroupSettings, 'minSize' | 'maxSize'>> {
  readonly name: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly tags?: readonly Omit<GroupTagRequest, 'group'>[] | undefined;
  readonly lifecycleHooks?: readonly Omit<PutLifecycleHookRequest, 'group'>[] | undefined;
}

/** What `UpdateAutoScalingGroup` is asked; what is absent stays as it is. */
export interface UpdateGroupRequest extends Optional<Omit<GroupSettings, 'mixedInstancesPolicy'>> {
  readonly name: string;
  readonly mixedInstancesPolicy?: MixedInstancesPolicyChange | undefined;
}

/** A member of a group, as describes show it. */
export interface GroupInstance {
  readonly id: string;
  readonly group: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly lifecycleState: LifecycleState;
  readonly healthStatus: HealthStatus;
  readonly protectedFromScaleIn: boolean;
  /** What it was made of; absent for an instance that was attached. The version is a number. */
  readonly template?: { readonly id: string; readonly name: string; readonly version: string } | undefined;
  /** Present where the group's policy weighs its types. */
  readonly weightedCapacity?: number | undefined;
}

export interface SuspendedProcess {
  readonly name: Process;
  readonly reason: string;
}

/** A group, as describes show it. */
export interface GroupDescription extends GroupSettings {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Instant;
  readonly zones: readonly string[];
  readonly instances: readonly GroupInstance[];
  readonly suspendedProcesses: readonly SuspendedProcess[];
  readonly tags: readonly GroupTag[];
  /** `Delete in progress` while a deleted group's machines end. */
  readonly status?: string | undefined;
  readonly serviceLinkedRoleArn: string;
}

/** A page of a long answer: 1 to 100 records at once, 50 where nothing is said. */
export interface RecordPaging {
  readonly maxRecords?: number | undefined;
  readonly nextToken?: string | undefined;
}

/** Which groups are asked for; nothing: all. Names that do not exist are left out. */
export interface DescribeGroupsRequest extends RecordPaging {
  readonly names?: readonly string[] | undefined;
  /** `tag-key`, `tag-value` and `tag:KEY`. */
  readonly filters?: readonly Filter[] | undefined;
}

/** Which members of all groups are asked for; nothing: all. Ids that are no member are left out. */
export interface DescribeGroupInstancesRequest extends RecordPaging {
  readonly ids?: readonly string[] | undefined;
}

export interface SetDesiredCapacityRequest {
  readonly group: string;
  readonly desiredCapacity: number;
  /** Default false. */
  readonly honorCooldown?: boolean | undefined;
}

export interface TerminateInGroupRequest {
  /** One, or up to 100 together with `group`. */
  readonly ids: readonly string[];
  readonly group?: string | undefined;
  readonly shouldDecrementDesiredCapacity: boolean;
}

export interface PutLifecycleHookRequest {
  readonly group: string;
  readonly name: string;
  /** Needed for a hook that does not exist yet. */
  readonly transition?: LifecycleTransition | undefined;
  /** 30 s to 7,200 s; default 3,600 s. */
  readonly heartbeatTimeout?: Duration | undefined;
  /** Default `ABANDON`. */
  readonly defaultResult?: LifecycleResult | undefined;
  readonly notificationMetadata?: string | undefined;
  readonly notificationTargetArn?: string | undefined;
  readonly roleArn?: string | undefined;
}

export interface LifecycleHook {
  readonly group: string;
  readonly name: string;
  readonly transition: LifecycleTransition;
  readonly heartbeatTimeout: Duration;
  /** The longest that an instance waits, whatever the heartbeats: 48 h or 100 × the heartbeat time-out. */
  readonly globalTimeout: Duration;
  readonly defaultResult: LifecycleResult;
  readonly notificationMetadata?: string | undefined;
  readonly notificationTargetArn?: string | undefined;
  readonly roleArn?: string | undefined;
}

/** Names the action of a hook by its token, or by its instance. */
export interface LifecycleActionRequest {
  readonly group: string;
  readonly hook: string;
  readonly token?: string | undefined;
  readonly id?: string | undefined;
}

export interface CompleteLifecycleActionRequest extends LifecycleActionRequest {
  readonly result: LifecycleResult;
}

/** An instance waits for a hook: what EventBridge says then. */
export interface LifecycleActionEvent {
  readonly group: string;
  readonly groupArn: string;
  readonly hook: string;
  readonly transition: LifecycleTransition;
  readonly id: string;
  readonly token: string;
  readonly at: Instant;
  readonly notificationMetadata?: string | undefined;
}

export interface SetInstanceProtectionRequest {
  readonly group: string;
  readonly ids: readonly string[];
  readonly protectedFromScaleIn: boolean;
}

export interface SetInstanceHealthRequest {
  readonly id: string;
  readonly healthStatus: HealthStatus;
  /** Default true. */
  readonly shouldRespectGracePeriod?: boolean | undefined;
}

/** `processes`: none names all. */
export interface ScalingProcessesRequest {
  readonly group: string;
  readonly processes?: readonly Process[] | undefined;
}

export type ActivityStatus =
  'PreInService' | 'InProgress' | 'MidLifecycleAction' | 'Successful' | 'Failed' | 'Cancelled';

export interface ScalingActivity {
  readonly id: string;
  readonly group: string;
  readonly groupArn: string;
  readonly description: string;
  readonly cause: string;
  readonly startedAt: Instant;
  /** Absent while it goes on. */
  readonly endedAt?: Instant | undefined;
  readonly status: ActivityStatus;
  /** Why it failed, in AWS's words. */
  readonly statusMessage?: string | undefined;
  /** 0 to 100. */
  readonly progress: number;
  /** JSON: the subnet and the zone. */
  readonly details: string;
}

/** Which activities are asked for, newest first; nothing: those of all groups. */
export interface DescribeActivitiesRequest extends RecordPaging {
  readonly group?: string | undefined;
  readonly ids?: readonly string[] | undefined;
}

/** A scaling policy is a record here: nothing measures, so nothing follows it. */
export interface PutScalingPolicyRequest {
  readonly group: string;
  readonly name: string;
  /** Default `SimpleScaling`. */
  readonly policyType?: string | undefined;
}

export interface ScalingPolicy {
  readonly group: string;
  readonly name: string;
  readonly arn: string;
  readonly policyType: string;
  readonly enabled: boolean;
}

export interface DescribePoliciesRequest extends RecordPaging {
  readonly group?: string | undefined;
  readonly names?: readonly string[] | undefined;
}

export interface RefreshPreferences {
  /** Default: the group's maintenance policy, or 90. */
  readonly minHealthyPercentage?: number | undefined;
  /** Default: the group's maintenance policy, or 100; above it, new ones come before old ones go. */
  readonly maxHealthyPercentage?: number | undefined;
  /** Default: the group's. */
  readonly instanceWarmup?: Duration | undefined;
  /** Leaves alone what matches already; default false. */
  readonly skipMatching?: boolean | undefined;
  /** Default `Wait`: for an hour, then the refresh fails. */
  readonly scaleInProtectedInstances?: 'Refresh' | 'Ignore' | 'Wait' | undefined;
}

/** What the group is made of once the refresh has succeeded. */
export interface DesiredConfiguration {
  readonly template?: TemplateVersionRef | undefined;
  readonly mixedInstancesPolicy?: MixedInstancesPolicy | undefined;
}

export interface StartInstanceRefreshRequest {
  readonly group: string;
  readonly preferences?: RefreshPreferences | undefined;
  readonly desiredConfiguration?: DesiredConfiguration | undefined;
}

export type RefreshStatus = 'Pending' | 'InProgress' | 'Successful' | 'Failed' | 'Cancelling' | 'Cancelled';

export interface InstanceRefresh {
  readonly id: string;
  readonly group: string;
  readonly status: RefreshStatus;
  readonly statusReason?: string | undefined;
  readonly startedAt: Instant;
  readonly endedAt?: Instant | undefined;
  readonly percentageComplete: number;
  readonly instancesToUpdate: number;
  readonly preferences: RefreshPreferences;
  readonly desiredConfiguration?: DesiredConfiguration | undefined;
}

export interface DescribeRefreshesRequest extends RecordPaging {
  readonly group: string;
  readonly ids?: readonly string[] | undefined;
}

export interface DetachInstancesRequest {
  readonly group: string;
  readonly ids: readonly string[];
  readonly shouldDecrementDesiredCapacity: boolean;
}

export interface AttachInstancesRequest {
  readonly group: string;
  readonly ids: readonly string[];
}
