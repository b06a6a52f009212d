import type { Ec2 } from '../ec2/ec2.ts';
import { Ec2Error } from '../ec2/error.ts';
import { checkTags } from '../ec2/tags.ts';
import { uuid } from '../random.ts';
import { Group, type GroupStart } from './group.ts';
import { putHook } from './group-hooks.ts';
import type {
  CreateGroupRequest,
  GroupTagRequest,
  PutScalingPolicyRequest,
  ScalingPolicy,
  ScalingProcessesRequest,
  SetDesiredCapacityRequest,
  UpdateGroupRequest,
} from './group-requests.ts';
import { PROCESSES } from './group-requests.ts';
import { changedSettings, newSettings } from './group-settings.ts';
import type { Groups } from './groups.ts';
import type { Health } from './health.ts';
import type { Lifecycle } from './lifecycle.ts';
import { inProgress, validationError } from './refusals.ts';

export interface GroupChangesWorld extends Omit<GroupStart, 'name' | 'settings'> {
  readonly ec2: Ec2;
  readonly groups: Groups;
  readonly lifecycle: Lifecycle;
  readonly health: Health;
  readonly wake: (group: Group) => void;
}

/** The calls that make groups, change what they should be, and end them. */
export class GroupChanges {
  readonly #world: GroupChangesWorld;

  constructor(world: GroupChangesWorld) {
    this.#world = world;
  }

  create(request: CreateGroupRequest): void {
    const { groups, ec2, wake } = this.#world;
    const settings = newSettings(request, ec2);
    const group = new Group({ ...this.#world, name: request.name, settings });
    setTags(group, request.tags ?? []);
    for (const hook of request.lifecycleHooks ?? []) putHook(group, { ...hook, group: group.name });
    groups.add(group);
    group.say(
      `a user request created an AutoScalingGroup changing the desired capacity from 0 to ${settings.desiredCapacity}.`,
    );
    wake(group);
  }

  update(request: UpdateGroupRequest): void {
    const { groups, ec2, health } = this.#world;
    const group = groups.named(request.name);
    const before = group.settings;
    group.settings = changedSettings(before, request, ec2);
    const { minSize, maxSize, desiredCapacity, maxInstanceLifetime } = group.settings;
    if (desiredCapacity !== before.desiredCapacity) {
      group.say(
        `a user request update of AutoScalingGroup constraints to min: ${minSize}, max: ${maxSize}, desired: ${desiredCapacity} changing the desired capacity from ${before.desiredCapacity} to ${desiredCapacity}.`,
      );
    }
    if (request.mixedInstancesPolicy?.distribution !== undefined) group.marketsChanged = true;
    if (maxInstanceLifetime !== before.maxInstanceLifetime) {
      for (const { view } of group.active()) health.watchAge(group, view.id);
    }
    this.#startAnew(group);
  }

  setDesired({ group: name, desiredCapacity, honorCooldown = false }: SetDesiredCapacityRequest): void {
    const group = this.#world.groups.named(name);
    const { minSize, maxSize, desiredCapacity: before } = group.settings;
    if (desiredCapacity > maxSize) {
      throw validationError(
        `New SetDesiredCapacity value ${desiredCapacity} is above max value ${maxSize} for the AutoScalingGroup.`,
      );
    }
    if (desiredCapacity < minSize) {
      throw validationError(
        `New SetDesiredCapacity value ${desiredCapacity} is below min value ${minSize} for the AutoScalingGroup.`,
      );
    }
    if (honorCooldown && group.coolsDown()) {
      throw inProgress(`AutoScalingGroup ${name} is in its cooldown period.`);
    }
    if (desiredCapacity === before) return;
    group.settings = { ...group.settings, desiredCapacity };
    group.say(
      `a user request explicitly set group desired capacity changing the desired capacity from ${before} to ${desiredCapacity}.`,
    );
    this.#startAnew(group);
  }

  delete(name: string, force: boolean): void {
    const { groups, lifecycle } = this.#world;
    const group = groups.named(name);
    if (!force && group.members.size > 0) {
      if (group.activities.anyGoesOn()) {
        throw inProgress(
          'You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.',
        );
      }
      throw new Ec2Error(
        'ResourceInUse',
        'You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.',
      );
    }
    group.deleting = true;
    group.changed();
    if (group.members.size === 0) groups.remove(group);
    for (const id of group.members.keys()) lifecycle.endNow(group, id);
  }

  setTags(tags: readonly GroupTagRequest[]): void {
    const groups = tags.map(({ group }) => this.#world.groups.named(group));
    for (const group of new Set(groups)) {
      setTags(
        group,
        tags.filter((tag) => tag.group === group.name),
      );
      group.changed();
    }
  }

  /** Those with the given value, or with any where none is given. */
  deleteTags(tags: readonly GroupTagRequest[]): void {
    for (const { group: name, key, value } of tags) {
      const group = this.#world.groups.named(name);
      if ((value ?? group.tags.get(key)?.value) === group.tags.get(key)?.value) group.tags.delete(key);
      group.changed();
    }
  }

  suspend({ group: name, processes = PROCESSES }: ScalingProcessesRequest): void {
    const group = this.#world.groups.named(name);
    const at = new Date(this.#world.timers.now()).toISOString();
    for (const process of processes.length === 0 ? PROCESSES : processes) {
      group.suspended.set(process, `User suspended at ${at}`);
    }
    group.changed();
  }

  resume({ group: name, processes = PROCESSES }: ScalingProcessesRequest): void {
    const group = this.#world.groups.named(name);
    for (const process of processes.length === 0 ? PROCESSES : processes) group.suspended.delete(process);
    this.#world.health.checkAll(group);
    for (const { view } of group.active()) this.#world.health.watchAge(group, view.id);
    this.#startAnew(group);
  }

  putPolicy({
    group: name,
    name: policy,
    policyType = 'SimpleScaling',
  }: PutScalingPolicyRequest): ScalingPolicy {
    const { groups, random, place } = this.#world;
    const group = groups.named(name);
    const record = {
      group: name,
      name: policy,
      arn:
        group.policies.get(policy)?.arn ??
        `arn:aws:autoscaling:${place.region}:${place.account}:scalingPolicy:${uuid(random)}:autoScalingGroupName/${name}:policyName/${policy}`,
      policyType,
      enabled: true,
    };
    group.policies.set(policy, record);
    return record;
  }

  /** What was asked is new: earlier failures hold nothing back. */
  #startAnew(group: Group): void {
    group.failures = 0;
    group.retryAt = undefined;
    group.saidProtected = false;
    group.changed();
    this.#world.wake(group);
  }
}

function setTags(group: Group, tags: readonly Omit<GroupTagRequest, 'group'>[]): void {
  checkTags(tags.map(({ key, value = '' }) => ({ key, value })));
  const most = 50;
  if (new Set([...group.tags.keys(), ...tags.map(({ key }) => key)]).size > most) {
    throw new Ec2Error('LimitExceeded', `A group may have ${most} tags.`);
  }
  for (const { key, value = '', propagateAtLaunch = false } of tags) {
    group.tags.set(key, { key, value, propagateAtLaunch });
  }
}
