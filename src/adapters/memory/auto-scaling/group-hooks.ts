import { milliseconds, minutes, seconds } from '../../../engine/time.ts';
import { Ec2Error } from '../ec2/error.ts';
import type { Group } from './group.ts';
import type { LifecycleHook, PutLifecycleHookRequest } from './group-requests.ts';
import { validationError } from './refusals.ts';

/** The most hooks that a group may have. */
const MOST_HOOKS = 50;

/** The longest that an instance waits for a hook, whatever the heartbeats, and how many time-outs that may be. */
const LONGEST_WAIT = minutes(48 * 60);
const MOST_TIMEOUTS = 100;

/** Adds or changes a hook of a group; what a change does not name stays. */
export function putHook(group: Group, request: PutLifecycleHookRequest): void {
  const known = group.hooks.get(request.name) ?? newHook(group, request);
  const heartbeatTimeout = request.heartbeatTimeout ?? known.heartbeatTimeout;
  if (heartbeatTimeout < seconds(30) || heartbeatTimeout > seconds(7200)) {
    throw validationError(
      `Heartbeat timeout must be between 30 and 7200 seconds, not ${heartbeatTimeout / 1000}.`,
    );
  }
  group.hooks.set(request.name, {
    ...known,
    transition: request.transition ?? known.transition,
    heartbeatTimeout,
    globalTimeout: milliseconds(Math.min(LONGEST_WAIT, MOST_TIMEOUTS * heartbeatTimeout)),
    defaultResult: request.defaultResult ?? known.defaultResult,
    notificationMetadata: request.notificationMetadata ?? known.notificationMetadata,
    notificationTargetArn: request.notificationTargetArn ?? known.notificationTargetArn,
    roleArn: request.roleArn ?? known.roleArn,
  });
}

function newHook(group: Group, { name, transition }: PutLifecycleHookRequest): LifecycleHook {
  if (transition === undefined) {
    throw validationError('LifecycleTransition is required for a new lifecycle hook.');
  }
  if (!/^[A-Za-z0-9\-_/]{1,255}$/.test(name)) {
    throw validationError(`'${name}' is not a valid name of a lifecycle hook.`);
  }
  if (group.hooks.size >= MOST_HOOKS) {
    throw new Ec2Error('LimitExceeded', `A group may have ${MOST_HOOKS} lifecycle hooks.`);
  }
  const heartbeatTimeout = seconds(3600);
  return {
    group: group.name,
    name,
    transition,
    heartbeatTimeout,
    globalTimeout: LONGEST_WAIT,
    defaultResult: 'ABANDON',
  };
}

/** The hook of that name; `ValidationError` where the group has none. */
export function hookNamed(group: Group, name: string): LifecycleHook {
  const hook = group.hooks.get(name);
  if (hook !== undefined) return hook;
  throw validationError(`No Lifecycle Hook found with name ${name} in AutoScalingGroup ${group.name}`);
}
