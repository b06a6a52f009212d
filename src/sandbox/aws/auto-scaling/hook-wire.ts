import {
  LIFECYCLE_RESULTS,
  type LifecycleHook,
  type PutLifecycleHookRequest,
  TRANSITIONS,
} from '../../../adapters/memory/auto-scaling/group-requests.ts';
import type { QueryParameters } from '../query-parameters.ts';
import type { XmlTree } from '../xml.ts';
import { readDuration, writeDuration } from './duration-wire.ts';

/** Reads what a hook is to be, wherever its group stands. */
export function readHookSettings(hook: QueryParameters): Omit<PutLifecycleHookRequest, 'group'> {
  return {
    name: hook.required('LifecycleHookName'),
    transition: hook.oneOf('LifecycleTransition', TRANSITIONS),
    heartbeatTimeout: readDuration(hook, 'HeartbeatTimeout'),
    defaultResult: hook.oneOf('DefaultResult', LIFECYCLE_RESULTS),
    notificationMetadata: hook.text('NotificationMetadata'),
    notificationTargetArn: hook.text('NotificationTargetARN'),
    roleArn: hook.text('RoleARN'),
  };
}

export function writeHook(hook: LifecycleHook): XmlTree {
  return {
    LifecycleHookName: hook.name,
    AutoScalingGroupName: hook.group,
    LifecycleTransition: hook.transition,
    NotificationTargetARN: hook.notificationTargetArn,
    RoleARN: hook.roleArn,
    NotificationMetadata: hook.notificationMetadata,
    HeartbeatTimeout: writeDuration(hook.heartbeatTimeout),
    GlobalTimeout: writeDuration(hook.globalTimeout),
    DefaultResult: hook.defaultResult,
  };
}
