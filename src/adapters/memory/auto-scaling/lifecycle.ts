import type { Duration } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import { stateOf } from '../ec2/instance-record.ts';
import { type Group, stamp } from './group.ts';
import type { LifecycleResult, LifecycleState, ScalingActivity } from './group-requests.ts';
import type { Groups } from './groups.ts';
import type { LifecycleActions } from './lifecycle-actions.ts';
import { isLeaving, type Member } from './member.ts';

/** How long a member stays between a completed hook and what follows. */
export interface LifecycleTimes {
  readonly proceedFor: Duration;
}

export interface LifecycleWorld {
  readonly timers: Timers;
  readonly ec2: Ec2;
  readonly groups: Groups;
  readonly actions: LifecycleActions;
  readonly times: LifecycleTimes;
  /** A member is in service. */
  readonly enteredService: (group: Group, id: string) => void;
  /** A group may have something to do. */
  readonly wake: (group: Group) => void;
}

/** How members come and go: from `Pending` into service, and out of it until they are gone. */
export class Lifecycle {
  readonly #world: LifecycleWorld;

  constructor(world: LifecycleWorld) {
    this.#world = world;
    world.ec2.onStateChange(({ id, to }) => {
      if (to === 'running') this.#started(id);
      if (to === 'terminated') this.#ended(id);
    });
  }

  /** A machine becomes a member, in `Pending` until it runs. */
  join(group: Group, member: Member): void {
    const { groups, ec2 } = this.#world;
    groups.join(group, member);
    const record = ec2.instance(member.view.id);
    if (record !== undefined && stateOf(record) === 'running') this.#started(member.view.id);
  }

  /**
   * A member leaves for good: through its termination hooks, whether or not its machine still runs.
   * Without effect on one that is leaving; one that is retained ends at once.
   */
  terminate(group: Group, id: string, cause: string): ScalingActivity | undefined {
    const { actions, timers } = this.#world;
    const member = group.members.get(id);
    const retained = member?.view.lifecycleState === 'Terminating:Retained';
    if (member === undefined || (isLeaving(member) && !retained)) return undefined;
    actions.drop(id);
    this.#abandonLaunch(group, member);
    const activity = group.activities.begin({
      description: `Terminating EC2 instance: ${id}`,
      cause: `At ${stamp(timers.now())} ${cause}`,
      status: 'InProgress',
      progress: 0,
      subnet: member.subnet,
      zone: member.view.zone,
    });
    group.replacements.delete(id);
    group.update(id, {
      activity: activity.id,
      view: { lifecycleState: retained ? 'Terminating:Proceed' : 'Terminating' },
    });
    const hooks = retained ? [] : group.hooksOf('autoscaling:EC2_INSTANCE_TERMINATING');
    if (hooks.length === 0) this.#end(group, id);
    else {
      group.activities.progress(activity.id, 'MidLifecycleAction', 30);
      this.#enter(group, id, 'Terminating:Wait');
      actions.start(group, hooks, id, (result) => this.#released(group, id, result));
    }
    this.#world.wake(group);
    return activity;
  }

  /** A member leaves at once, without its hooks. */
  endNow(group: Group, id: string): void {
    const member = group.members.get(id);
    if (member === undefined) return;
    this.#world.actions.drop(id);
    if (!isLeaving(member)) this.#abandonLaunch(group, member);
    this.#enter(group, id, 'Terminating');
    this.#end(group, id);
  }

  /** A member leaves the group and its machine lives on. */
  detach(group: Group, id: string, cause: string): ScalingActivity {
    const { actions, timers, groups, times, ec2 } = this.#world;
    const member = group.members.get(id);
    actions.drop(id);
    const activity = group.activities.begin({
      description: `Detaching EC2 instance: ${id}`,
      cause: `At ${stamp(timers.now())} ${cause}`,
      status: 'InProgress',
      progress: 50,
      ...(member !== undefined && { subnet: member.subnet, zone: member.view.zone }),
    });
    group.update(id, { activity: activity.id, view: { lifecycleState: 'Detaching' } });
    timers.after(times.proceedFor, () => {
      if (group.members.get(id)?.view.lifecycleState !== 'Detaching') return;
      group.activities.end(activity.id, 'Successful');
      groups.leave(group, id);
      ec2.service.tag(id, 'aws:autoscaling:groupName');
      this.#world.wake(group);
    });
    this.#world.wake(group);
    return activity;
  }

  /** The machine of a member runs for the first time. */
  #started(id: string): void {
    const { groups, actions } = this.#world;
    const group = groups.ownerOf(id);
    const member = group?.members.get(id);
    if (group === undefined || member?.view.lifecycleState !== 'Pending') return;
    const hooks = group.hooksOf('autoscaling:EC2_INSTANCE_LAUNCHING');
    if (hooks.length === 0) {
      this.#enterService(group, id);
      return;
    }
    group.activities.progress(member.activity, 'MidLifecycleAction', 60);
    this.#enter(group, id, 'Pending:Wait');
    actions.start(group, hooks, id, (result) => this.#admitted(group, id, result));
  }

  #admitted(group: Group, id: string, result: LifecycleResult): void {
    if (result === 'ABANDON') {
      this.terminate(group, id, 'an instance was taken out of service because its launch was abandoned.');
      return;
    }
    this.#enter(group, id, 'Pending:Proceed');
    this.#world.timers.after(this.#world.times.proceedFor, () => {
      if (group.members.get(id)?.view.lifecycleState === 'Pending:Proceed') this.#enterService(group, id);
    });
  }

  #enterService(group: Group, id: string): void {
    const { timers } = this.#world;
    const now = timers.now();
    group.update(id, { inServiceAt: now, view: { lifecycleState: 'InService' } });
    group.activities.end(group.members.get(id)?.activity ?? '', 'Successful');
    group.lastScaledAt = now;
    this.#world.enteredService(group, id);
    this.#world.wake(group);
  }

  #abandonLaunch(group: Group, { activity }: Member): void {
    group.activities.end(
      activity,
      'Failed',
      'Instance became unhealthy or was abandoned while waiting for instance to be in InService state.',
    );
  }

  #released(group: Group, id: string, result: LifecycleResult): void {
    const retains = group.settings.instanceLifecyclePolicy?.terminateHookAbandon === 'retain';
    if (result === 'ABANDON' && retains && !this.#isGone(id)) {
      group.activities.end(group.members.get(id)?.activity ?? '', 'Successful', 'The instance was retained.');
      this.#enter(group, id, 'Terminating:Retained');
      return;
    }
    this.#enter(group, id, 'Terminating:Proceed');
    this.#end(group, id);
  }

  #end(group: Group, id: string): void {
    if (this.#isGone(id)) this.#leave(group, id);
    else this.#world.ec2.service.terminate(id);
  }

  /** The machine of a member is gone for good; a member that was not told to leave is noticed later. */
  #ended(id: string): void {
    const group = this.#world.groups.ownerOf(id);
    const state = group?.members.get(id)?.view.lifecycleState;
    if (group === undefined || state === undefined) return;
    if (['Terminating', 'Terminating:Proceed', 'Terminating:Retained'].includes(state))
      this.#leave(group, id);
  }

  #leave(group: Group, id: string): void {
    group.activities.end(group.members.get(id)?.activity ?? '', 'Successful');
    group.lastScaledAt = this.#world.timers.now();
    this.#world.groups.leave(group, id);
    if (group.deleting && group.members.size === 0) this.#world.groups.remove(group);
    else this.#world.wake(group);
  }

  #isGone(id: string): boolean {
    const record = this.#world.ec2.instance(id);
    return record === undefined || stateOf(record) === 'terminated';
  }

  #enter(group: Group, id: string, lifecycleState: LifecycleState): void {
    group.update(id, { view: { lifecycleState } });
  }
}
