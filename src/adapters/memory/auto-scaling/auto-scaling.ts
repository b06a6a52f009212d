import { milliseconds } from '../../../engine/time.ts';
import { ApiCalls } from '../ec2/api-calls.ts';
import { ApiThrottle } from '../ec2/api-throttle.ts';
import { Ec2Error, LostAnswer } from '../ec2/error.ts';
import { seededRandom } from '../random.ts';
import { GroupChanges } from './group-changes.ts';
import { hookNamed, putHook } from './group-hooks.ts';
import { GroupListing } from './group-listing.ts';
import { Groups } from './groups.ts';
import type { Group } from './group.ts';
import { Health } from './health.ts';
import { Refreshes } from './instance-refresh.ts';
import { LifecycleActions } from './lifecycle-actions.ts';
import { Lifecycle } from './lifecycle.ts';
import { Membership } from './membership.ts';
import { recordPage } from './record-page.ts';
import { Scaling } from './scaling.ts';
import { Faults } from '../ec2/faults.ts';
import type { Page } from '../ec2/listing.ts';
import {
  AUTO_SCALING_API_LIMITS,
  type AutoScalingOptions,
  GROUP_TIMES,
  type GroupTimes,
} from './auto-scaling-options.ts';
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

/** A stream of its own, so that ids do not depend on when health is checked. */
const HEALTH_STREAM = 0x5eed_0003;

/**
 * Auto Scaling in one region, in virtual or real time, over the machines of an `Ec2`. What stands under
 * "calls" is the API: it is counted and throttled (`Throttling`), may be hit by scripted faults, and throws
 * `Ec2Error` with Auto Scaling's codes, or `LostAnswer`.
 */
export class AutoScaling {
  readonly faults = new Faults('ServiceUnavailable');
  readonly #times: GroupTimes;
  readonly #api: ApiCalls;
  readonly #groups = new Groups();
  readonly #actions: LifecycleActions;
  readonly #scaling: Scaling;
  readonly #refreshes: Refreshes;
  readonly #changes: GroupChanges;
  readonly #membership: Membership;
  readonly #listing: GroupListing;

  constructor(options: AutoScalingOptions) {
    const { timers, ec2, seed, apiLimits = AUTO_SCALING_API_LIMITS } = options;
    const { place } = ec2;
    const random = seededRandom(seed);
    const times = { ...GROUP_TIMES, ...options.times };
    this.#times = times;
    const throttle = new ApiThrottle(apiLimits, timers);
    this.#api = new ApiCalls(
      throttle,
      this.faults,
      place.account,
      () => new Ec2Error('Throttling', 'Rate exceeded'),
    );
    this.#actions = new LifecycleActions(timers, random);
    const wake = (group: Group): void => this.#wake(group);
    const groups = this.#groups;
    const shared = { timers, ec2, groups, times, random, place, wake };
    const lifecycle = new Lifecycle({
      ...shared,
      actions: this.#actions,
      enteredService: (group, id) => health.watchAge(group, id),
    });
    this.#scaling = new Scaling({ ...shared, lifecycle });
    const health = new Health({
      ...shared,
      lifecycle,
      scaling: this.#scaling,
      random: seededRandom(seed ^ HEALTH_STREAM),
    });
    this.#refreshes = new Refreshes({
      ...shared,
      lifecycle,
      scaling: this.#scaling,
      cancelFor: times.proceedFor,
    });
    const listingLag = options.listingLag ?? milliseconds(0);
    this.#changes = new GroupChanges({ ...shared, lifecycle, health, listingLag });
    this.#membership = new Membership({ ...shared, lifecycle, health });
    this.#listing = new GroupListing(groups);
  }

  // Calls.

  /** Makes a group; its machines follow. `AlreadyExists` where the name is taken. */
  createAutoScalingGroup(request: CreateGroupRequest): void {
    this.#change('CreateAutoScalingGroup', () => this.#changes.create(request));
  }

  /** Changes what is given. */
  updateAutoScalingGroup(request: UpdateGroupRequest): void {
    this.#change('UpdateAutoScalingGroup', () => this.#changes.update(request));
  }

  /** Deletes a group: an empty one, or by force with its machines, whose hooks are then skipped. */
  deleteAutoScalingGroup(group: string, force = false): void {
    this.#change('DeleteAutoScalingGroup', () => this.#changes.delete(group, force));
  }

  /** The groups in the order of their names. */
  describeAutoScalingGroups(request: DescribeGroupsRequest = {}): Page<GroupDescription> {
    return this.#read('DescribeAutoScalingGroups', () => this.#listing.groups(request));
  }

  /** Members of all groups. */
  describeAutoScalingInstances(request: DescribeGroupInstancesRequest = {}): Page<GroupInstance> {
    return this.#read('DescribeAutoScalingInstances', () => this.#listing.instances(request));
  }

  /** Says how many units of capacity the group should have; `ValidationError` outside its limits. */
  setDesiredCapacity(request: SetDesiredCapacityRequest): void {
    this.#change('SetDesiredCapacity', () => this.#changes.setDesired(request));
  }

  /** Ends members, protected or not; all or none. One activity each. */
  terminateInstanceInAutoScalingGroup(request: TerminateInGroupRequest): readonly ScalingActivity[] {
    return this.#change('TerminateInstanceInAutoScalingGroup', () => this.#membership.terminate(request));
  }

  /** Adds or changes a hook; instances that wait already do as it was. */
  putLifecycleHook(request: PutLifecycleHookRequest): void {
    this.#change('PutLifecycleHook', () => putHook(this.#groups.named(request.group), request));
  }

  /** Instances that wait for it are completed first: `ABANDON` for launching ones, `CONTINUE` for terminating ones. */
  deleteLifecycleHook(group: string, hook: string): void {
    this.#change('DeleteLifecycleHook', () => this.#deleteHook(this.#groups.named(group), hook));
  }

  /** The named hooks of a group; all when none is named. */
  describeLifecycleHooks(group: string, names: readonly string[] = []): readonly LifecycleHook[] {
    return this.#read('DescribeLifecycleHooks', () =>
      [...this.#groups.named(group).hooks.values()].filter(
        ({ name }) => names.length === 0 || names.includes(name),
      ),
    );
  }

  /** Says what came of an action; `ValidationError` where none is open. */
  completeLifecycleAction(request: CompleteLifecycleActionRequest): void {
    this.#change('CompleteLifecycleAction', () => {
      hookNamed(this.#groups.named(request.group), request.hook);
      this.#actions.complete(request, request.result);
    });
  }

  /** Starts the time-out of an action anew, within the hook's global time-out. */
  recordLifecycleActionHeartbeat(request: LifecycleActionRequest): void {
    this.#change('RecordLifecycleActionHeartbeat', () => {
      hookNamed(this.#groups.named(request.group), request.hook);
      this.#actions.heartbeat(request);
    });
  }

  /** Protects members in service from scale-in, or no longer. */
  setInstanceProtection(request: SetInstanceProtectionRequest): void {
    this.#change('SetInstanceProtection', () => this.#membership.protect(request));
  }

  /** Says that a member is healthy or not; one that is not is replaced at the next health check. */
  setInstanceHealth(request: SetInstanceHealthRequest): void {
    this.#change('SetInstanceHealth', () => this.#membership.setHealth(request));
  }

  /** Stops processes of a group; what they have begun goes on. */
  suspendProcesses(request: ScalingProcessesRequest): void {
    this.#change('SuspendProcesses', () => this.#changes.suspend(request));
  }

  /** Lets processes of a group go on. */
  resumeProcesses(request: ScalingProcessesRequest): void {
    this.#change('ResumeProcesses', () => this.#changes.resume(request));
  }

  /** Newest first, those that go on before all others. */
  describeScalingActivities(request: DescribeActivitiesRequest = {}): Page<ScalingActivity> {
    return this.#read('DescribeScalingActivities', () => this.#listing.activities(request));
  }

  /** Sets tags of groups; instances that exist already do not get them. */
  createOrUpdateTags(tags: readonly GroupTagRequest[]): void {
    this.#change('CreateOrUpdateTags', () => this.#changes.setTags(tags));
  }

  /** Removes tags of groups: those with the given value, or with any. Absent ones are no error. */
  deleteTags(tags: readonly GroupTagRequest[]): void {
    this.#change('DeleteTags', () => this.#changes.deleteTags(tags));
  }

  /** Records a policy, which does nothing here. */
  putScalingPolicy(request: PutScalingPolicyRequest): ScalingPolicy {
    return this.#change('PutScalingPolicy', () => this.#changes.putPolicy(request));
  }

  /** The policies on record. */
  describePolicies(request: DescribePoliciesRequest = {}): Page<ScalingPolicy> {
    return this.#read('DescribePolicies', () => this.#listing.policies(request));
  }

  /** Answers the id of the refresh. */
  startInstanceRefresh(request: StartInstanceRefreshRequest): string {
    return this.#change('StartInstanceRefresh', () => {
      const group = this.#groups.named(request.group);
      const id = this.#refreshes.start(group, request);
      this.#wake(group);
      return id;
    });
  }

  /** Answers the id of the refresh. */
  cancelInstanceRefresh(group: string): string {
    return this.#change('CancelInstanceRefresh', () => this.#refreshes.cancel(this.#groups.named(group)));
  }

  /** Newest first. */
  describeInstanceRefreshes(request: DescribeRefreshesRequest): Page<InstanceRefresh> {
    return this.#read('DescribeInstanceRefreshes', () => {
      const { group, ids = [], ...paging } = request;
      const all = this.#refreshes.list(this.#groups.named(group));
      return recordPage(
        all.filter(({ id }) => ids.length === 0 || ids.includes(id)),
        ({ id }) => id,
        paging,
      );
    });
  }

  /** Lets machines in service leave the group and live on. */
  detachInstances(request: DetachInstancesRequest): readonly ScalingActivity[] {
    return this.#change('DetachInstances', () => this.#membership.detach(request));
  }

  /** Takes running machines into the group and raises its desired capacity by them. */
  attachInstances(request: AttachInstancesRequest): void {
    this.#change('AttachInstances', () => this.#membership.attach(request));
  }

  // What happens to the groups themselves.

  /** The truth about one group; undefined when there is none. */
  group(name: string): GroupDescription | undefined {
    return this.#groups.get(name)?.describe();
  }

  /** The truth about all groups, in the order of their names. */
  groups(): readonly GroupDescription[] {
    return this.#groups.all().map((group) => group.describe());
  }

  /** Tells of every instance that begins to wait for a hook, as EventBridge would. */
  onLifecycleAction(listener: (event: LifecycleActionEvent) => void): () => void {
    return this.#actions.began.add(listener);
  }

  /** How often each action was called, refused calls included. */
  calls(): Readonly<Record<string, number>> {
    return this.#api.counts();
  }

  /** How often each action met `Throttling`. */
  throttled(): Readonly<Record<string, number>> {
    return this.#api.throttled();
  }

  #deleteHook(group: Group, name: string): void {
    const { transition } = hookNamed(group, name);
    const launches = transition === 'autoscaling:EC2_INSTANCE_LAUNCHING';
    group.hooks.delete(name);
    this.#actions.release(group.name, name, launches ? 'ABANDON' : 'CONTINUE');
  }

  /** A group may have something to do: it looks a little later, once for all that happens until then. */
  #wake(group: Group): void {
    group.settleIn(this.#times.settleAfter, () => this.#settle(group));
  }

  #settle(group: Group): void {
    const again = (): void => this.#wake(group);
    if (this.#groups.get(group.name) !== group) return;
    this.#refreshes.step(group, again);
    this.#scaling.settle(group, again);
  }

  #read<T>(action: string, carryOut: () => T): T {
    this.#api.enter(action);
    return carryOut();
  }

  #change<T>(action: string, carryOut: () => T): T {
    this.#api.enter(action);
    const answer = carryOut();
    if (this.faults.takeLostAnswer(action)) throw new LostAnswer(action);
    return answer;
  }
}
