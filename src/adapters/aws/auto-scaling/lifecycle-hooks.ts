import {
  type AutoScalingClient,
  CompleteLifecycleActionCommand,
  DescribeLifecycleHooksCommand,
  type LifecycleHook,
  type LifecycleHookSpecification,
  PutLifecycleHookCommand,
  RecordLifecycleActionHeartbeatCommand,
} from '@aws-sdk/client-auto-scaling';
import type { Transition } from '../../../engine/group.ts';
import type { Duration } from '../../../engine/time.ts';
import type { CallLimits } from '../aws-call.ts';
import { groupCall, unlessGone } from './group-call.ts';

/** The names of the hooks that Runtide answers at. */
export const HOOK: Readonly<Record<Transition, string>> = {
  launch: 'runtide-launch',
  termination: 'runtide-terminate',
};

const TRANSITION: Readonly<Record<Transition, string>> = {
  launch: 'autoscaling:EC2_INSTANCE_LAUNCHING',
  termination: 'autoscaling:EC2_INSTANCE_TERMINATING',
};

/** A hook as it must be: without an answer, the instance that begins goes, and the one that ends is kept. */
export interface WantedHook extends LifecycleHookSpecification {
  readonly LifecycleHookName: string;
  readonly LifecycleTransition: string;
  readonly HeartbeatTimeout: number;
  readonly DefaultResult: string;
}

/** Both hooks of a group that waits so long for a word. */
export function wantedHooks(heartbeat: Duration): readonly WantedHook[] {
  return (['launch', 'termination'] as const).map((transition) => ({
    LifecycleHookName: HOOK[transition],
    LifecycleTransition: TRANSITION[transition],
    HeartbeatTimeout: heartbeat / 1000,
    DefaultResult: 'ABANDON',
  }));
}

/** Whether the hook of the group is as it must be. */
export function isHook(wanted: WantedHook, hook: LifecycleHook): boolean {
  return (
    hook.LifecycleHookName === wanted.LifecycleHookName &&
    hook.LifecycleTransition === wanted.LifecycleTransition &&
    hook.HeartbeatTimeout === wanted.HeartbeatTimeout &&
    hook.DefaultResult === wanted.DefaultResult
  );
}

/** The hooks of a group, whoever made them. */
export async function describeHooks(
  client: AutoScalingClient,
  group: string,
  limits: CallLimits,
): Promise<readonly LifecycleHook[]> {
  const answer = await groupCall(`looking at the lifecycle hooks of group ${group}`, limits, (options) =>
    client.send(new DescribeLifecycleHooksCommand({ AutoScalingGroupName: group }), options),
  );
  // A group without hooks answers with no list.
  return answer.LifecycleHooks ?? [];
}

/** Makes the hook, or mends it. */
export async function putHook(
  client: AutoScalingClient,
  group: string,
  hook: WantedHook,
  limits: CallLimits,
): Promise<void> {
  await groupCall(`setting hook ${hook.LifecycleHookName} of group ${group}`, limits, (options) =>
    client.send(new PutLifecycleHookCommand({ AutoScalingGroupName: group, ...hook }), options),
  );
}

/** A member that waits at a hook of its group. */
export interface Waiting {
  readonly group: string;
  readonly instance: string;
  readonly hook: Transition;
}

/** Has the group wait on; where it does not wait any more, that is no error. */
export async function beat(
  client: AutoScalingClient,
  { group, instance, hook }: Waiting,
  limits: CallLimits,
): Promise<void> {
  const input = { AutoScalingGroupName: group, InstanceId: instance, LifecycleHookName: HOOK[hook] };
  await groupCall(`having group ${group} wait for ${instance}`, limits, (options) =>
    client.send(new RecordLifecycleActionHeartbeatCommand(input), options),
  ).catch(unlessGone);
}

/** Has the group go on, or give up what it launches; where it does not wait any more, that is no error. */
export async function answerHook(
  client: AutoScalingClient,
  { group, instance, hook }: Waiting,
  result: 'CONTINUE' | 'ABANDON',
  limits: CallLimits,
): Promise<void> {
  const input = {
    AutoScalingGroupName: group,
    InstanceId: instance,
    LifecycleHookName: HOOK[hook],
    LifecycleActionResult: result,
  };
  await groupCall(`answering ${result} to group ${group} for ${instance}`, limits, (options) =>
    client.send(new CompleteLifecycleActionCommand(input), options),
  ).catch(unlessGone);
}
