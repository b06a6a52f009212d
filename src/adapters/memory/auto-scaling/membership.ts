import { elapsed, seconds } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import { stateOf } from '../ec2/instance-record.ts';
import { type Group, stamp } from './group.ts';
import type {
  AttachInstancesRequest,
  DetachInstancesRequest,
  ScalingActivity,
  SetInstanceHealthRequest,
  SetInstanceProtectionRequest,
  TerminateInGroupRequest,
} from './group-requests.ts';
import type { Groups } from './groups.ts';
import type { Health } from './health.ts';
import type { Lifecycle } from './lifecycle.ts';
import { isInService, isLeaving, type Member, unitsOf } from './member.ts';
import { inProgress, validationError } from './refusals.ts';

export interface MembershipWorld {
  readonly timers: Timers;
  readonly ec2: Ec2;
  readonly groups: Groups;
  readonly lifecycle: Lifecycle;
  readonly health: Health;
  readonly wake: (group: Group) => void;
}

interface Named {
  readonly group: Group;
  readonly member: Member;
}

/** The calls that name members. Each takes all that it names, or none. */
export class Membership {
  readonly #world: MembershipWorld;

  constructor(world: MembershipWorld) {
    this.#world = world;
  }

  terminate(request: TerminateInGroupRequest): readonly ScalingActivity[] {
    const { ids, shouldDecrementDesiredCapacity: decrement } = request;
    if (ids.length === 0 || ids.length > 100) throw validationError('Name 1 to 100 instances.');
    if (ids.length > 1 && request.group === undefined) {
      throw validationError('AutoScalingGroupName is required when InstanceIds are used.');
    }
    const named = ids.map((id) => this.#named(request.group, id));
    for (const { group, member } of named) checkNotLeaving(group, member);
    const counted = named.filter(({ member }) => !isLeaving(member));
    const [{ group } = { group: undefined }] = named;
    if (group === undefined) return [];
    const units = unitsOf(counted.map(({ member }) => member));
    const shrunk = this.#shrink(group, decrement ? units : 0);
    return ids.flatMap(
      (id) =>
        this.#world.lifecycle.terminate(
          group,
          id,
          `instance ${id} was taken out of service in response to a user request${shrunk}.`,
        ) ?? [],
    );
  }

  detach({
    group: name,
    ids,
    shouldDecrementDesiredCapacity,
  }: DetachInstancesRequest): readonly ScalingActivity[] {
    const group = this.#world.groups.named(name);
    const members = ids.map((id) => this.#named(name, id).member);
    const other = members.find((member) => !isInService(member));
    if (other !== undefined) {
      throw validationError(`The instance ${other.view.id} is not in InService or Standby.`);
    }
    const shrunk = this.#shrink(group, shouldDecrementDesiredCapacity ? unitsOf(members) : 0);
    return ids.map((id) =>
      this.#world.lifecycle.detach(
        group,
        id,
        `instance ${id} was detached in response to a user request${shrunk}.`,
      ),
    );
  }

  attach({ group: name, ids }: AttachInstancesRequest): void {
    const { groups, ec2 } = this.#world;
    const group = groups.named(name);
    for (const id of ids) {
      const record = ec2.instance(id);
      if (record === undefined || stateOf(record) !== 'running') {
        throw validationError(`Invalid Instance ID(s) specified for the attach instances operation: ${id}`);
      }
      const owner = groups.ownerOf(id);
      if (owner !== undefined) {
        throw validationError(
          `Instance ${id} is already part of AutoScalingGroup:${owner.name} or has pending change.`,
        );
      }
    }
    const { desiredCapacity, maxSize } = group.settings;
    if (desiredCapacity + ids.length > maxSize) {
      throw validationError(
        `AutoScalingGroup ${name} has min-size=${group.settings.minSize}, max-size=${maxSize}, and desired-size=${desiredCapacity}. To attach ${ids.length} more instance, please update the AutoScalingGroup sizes appropriately.`,
      );
    }
    group.settings = { ...group.settings, desiredCapacity: desiredCapacity + ids.length };
    for (const id of ids) this.#attachOne(group, id);
  }

  protect({ group: name, ids, protectedFromScaleIn }: SetInstanceProtectionRequest): void {
    const group = this.#world.groups.named(name);
    const members = ids.map((id) => this.#named(name, id).member);
    const other = members.find((member) => !isInService(member));
    if (other !== undefined) {
      throw validationError(
        `The instance ${other.view.id} is not in InService or EnteringStandby or Standby.`,
      );
    }
    for (const id of ids) group.update(id, { view: { protectedFromScaleIn } });
    group.saidProtected = false;
    this.#world.wake(group);
  }

  setHealth({ id, healthStatus, shouldRespectGracePeriod = true }: SetInstanceHealthRequest): void {
    const { group, member } = this.#world.groups.memberOf(id);
    if (healthStatus === 'Healthy') {
      group.update(id, { view: { healthStatus } });
      return;
    }
    const now = this.#world.timers.now();
    const age = member.inServiceAt === undefined ? seconds(0) : elapsed(member.inServiceAt, now);
    if (shouldRespectGracePeriod && age < group.settings.healthCheckGracePeriod) return;
    this.#world.health.markUnhealthy(group, id);
  }

  #named(group: string | undefined, id: string): Named {
    const named = this.#world.groups.memberOf(id);
    if (group === undefined || named.group.name === group) return named;
    throw validationError(`The instance ${id} is not part of Auto Scaling group ${group}.`);
  }

  /** Lowers the desired capacity; the words for it. */
  #shrink(group: Group, units: number): string {
    if (units === 0) return '';
    const { desiredCapacity, minSize } = group.settings;
    if (desiredCapacity - units < minSize) {
      throw validationError(
        desiredCapacity === minSize
          ? `Currently, desiredSize equals minSize (${minSize}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`
          : `Terminating ${units} instances without replacement will violate group's min size constraint (${minSize}).`,
      );
    }
    group.settings = { ...group.settings, desiredCapacity: desiredCapacity - units };
    group.changed();
    return `, shrinking the capacity from ${desiredCapacity} to ${desiredCapacity - units}`;
  }

  #attachOne(group: Group, id: string): void {
    const { ec2, lifecycle, timers } = this.#world;
    const record = ec2.instance(id);
    if (record === undefined) return;
    const { id: activity } = group.activities.begin({
      description: `Attaching an existing EC2 instance: ${id}`,
      cause: `At ${stamp(timers.now())} an instance was attached in response to a user request.`,
      status: 'PreInService',
      progress: 30,
      subnet: record.subnet,
      zone: record.zone,
    });
    ec2.service.tag(id, 'aws:autoscaling:groupName', group.name);
    lifecycle.join(group, {
      view: {
        id,
        group: group.name,
        instanceType: record.instanceType,
        zone: record.zone,
        lifecycleState: 'Pending',
        healthStatus: 'Healthy',
        protectedFromScaleIn: group.settings.newInstancesProtectedFromScaleIn,
      },
      market: record.market,
      subnet: record.subnet,
      weight: 1,
      launchedAt: record.launchedAt,
      activity,
    });
  }
}

function checkNotLeaving(group: Group, member: Member): void {
  if (!isLeaving(member) || member.view.lifecycleState === 'Terminating:Retained') return;
  throw inProgress(
    `Scaling activity ${member.activity} of AutoScalingGroup ${group.name} is in progress: instance ${member.view.id} is in ${member.view.lifecycleState}.`,
  );
}
