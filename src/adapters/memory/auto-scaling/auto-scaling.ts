import { Faults } from '../ec2/faults.ts';
import type { Page } from '../ec2/listing.ts';
import type { AutoScalingOptions } from './auto-scaling-options.ts';
import type {
  AttachInstancesRequest,
  CompleteLifecycleActionRequest,
  CreateGroupRequest,
  DescribeActivitiesRequest,
  DescribeGroupInstancesRequest,
  DescribeGroupsRequest,
  DescribePoliciesRequest,
  DescribeRefreshesRequest,
  DetachInstancesRequest,
  GroupDescription,
  GroupInstance,
  GroupTagRequest,
  InstanceRefresh,
  LifecycleActionEvent,
  LifecycleActionRequest,
  LifecycleHook,
  PutLifecycleHookRequest,
  PutScalingPolicyRequest,
  ScalingActivity,
  ScalingPolicy,
  ScalingProcessesRequest,
  SetDesiredCapacityRequest,
  SetInstanceHealthRequest,
  SetInstanceProtectionRequest,
  StartInstanceRefreshRequest,
  TerminateInGroupRequest,
  UpdateGroupRequest,
} from './group-requests.ts';

/**
 * Auto Scaling in one region, in virtual or real time, over the machines of an `Ec2`. What stands under
 * "calls" is the API: it is counted and throttled (`Throttling`), may be hit by scripted faults, and throws
 * `Ec2Error` with Auto Scaling's codes, or `LostAnswer`.
 */
export class AutoScaling {
  readonly faults = new Faults();

  constructor(_options: AutoScalingOptions) {}

  // Calls.

  /** Makes a group; its machines follow. `AlreadyExists` where the name is taken. */
  createAutoScalingGroup(_request: CreateGroupRequest): void {
    return this.#soon();
  }

  /** Changes what is given. */
  updateAutoScalingGroup(_request: UpdateGroupRequest): void {
    return this.#soon();
  }

  /** Deletes a group: an empty one, or by force with its machines, whose hooks are then skipped. */
  deleteAutoScalingGroup(_group: string, _force = false): void {
    return this.#soon();
  }

  /** The groups in the order of their names. */
  describeAutoScalingGroups(_request: DescribeGroupsRequest = {}): Page<GroupDescription> {
    return this.#soon();
  }

  /** Members of all groups. */
  describeAutoScalingInstances(_request: DescribeGroupInstancesRequest = {}): Page<GroupInstance> {
    return this.#soon();
  }

  setDesiredCapacity(_request: SetDesiredCapacityRequest): void {
    return this.#soon();
  }

  /** Ends members, protected or not; all or none. One activity each. */
  terminateInstanceInAutoScalingGroup(_request: TerminateInGroupRequest): readonly ScalingActivity[] {
    return this.#soon();
  }

  putLifecycleHook(_request: PutLifecycleHookRequest): void {
    return this.#soon();
  }

  /** Instances that wait for it go on, as if it were completed with `CONTINUE` (launching) or `ABANDON` (terminating). */
  deleteLifecycleHook(_group: string, _hook: string): void {
    return this.#soon();
  }

  describeLifecycleHooks(_group: string, _names: readonly string[] = []): readonly LifecycleHook[] {
    return this.#soon();
  }

  completeLifecycleAction(_request: CompleteLifecycleActionRequest): void {
    return this.#soon();
  }

  /** Starts the time-out of an action anew, within the hook's global time-out. */
  recordLifecycleActionHeartbeat(_request: LifecycleActionRequest): void {
    return this.#soon();
  }

  setInstanceProtection(_request: SetInstanceProtectionRequest): void {
    return this.#soon();
  }

  setInstanceHealth(_request: SetInstanceHealthRequest): void {
    return this.#soon();
  }

  suspendProcesses(_request: ScalingProcessesRequest): void {
    return this.#soon();
  }

  resumeProcesses(_request: ScalingProcessesRequest): void {
    return this.#soon();
  }

  /** Newest first, those that go on before all others. */
  describeScalingActivities(_request: DescribeActivitiesRequest = {}): Page<ScalingActivity> {
    return this.#soon();
  }

  createOrUpdateTags(_tags: readonly GroupTagRequest[]): void {
    return this.#soon();
  }

  deleteTags(_tags: readonly GroupTagRequest[]): void {
    return this.#soon();
  }

  putScalingPolicy(_request: PutScalingPolicyRequest): ScalingPolicy {
    return this.#soon();
  }

  describePolicies(_request: DescribePoliciesRequest = {}): Page<ScalingPolicy> {
    return this.#soon();
  }

  /** Answers the id of the refresh. */
  startInstanceRefresh(_request: StartInstanceRefreshRequest): string {
    return this.#soon();
  }

  /** Answers the id of the refresh. */
  cancelInstanceRefresh(_group: string): string {
    return this.#soon();
  }

  /** Newest first. */
  describeInstanceRefreshes(_request: DescribeRefreshesRequest): Page<InstanceRefresh> {
    return this.#soon();
  }

  detachInstances(_request: DetachInstancesRequest): readonly ScalingActivity[] {
    return this.#soon();
  }

  attachInstances(_request: AttachInstancesRequest): void {
    return this.#soon();
  }

  // What happens to the groups themselves.

  /** The truth about one group; undefined when there is none. */
  group(_name: string): GroupDescription | undefined {
    return this.#soon();
  }

  /** Tells of every instance that begins to wait for a hook, as EventBridge would. */
  onLifecycleAction(_listener: (event: LifecycleActionEvent) => void): () => void {
    return this.#soon();
  }

  /** How often each action was called, refused calls included. */
  calls(): Readonly<Record<string, number>> {
    return this.#soon();
  }

  /** How often each action met `Throttling`. */
  throttled(): Readonly<Record<string, number>> {
    return this.#soon();
  }

  #soon(): never {
    throw new Error('auto scaling: not yet');
  }
}
