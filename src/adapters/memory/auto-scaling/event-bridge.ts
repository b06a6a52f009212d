import type { Timers } from '../clock.ts';
import { type CloudEvent, cloudEvents } from '../ec2/event-bridge.ts';
import type { Place } from '../ec2/place.ts';
import type { AutoScaling } from './auto-scaling.ts';
import type { LifecycleTransition } from './group-requests.ts';

/** What an instance's wait for a hook is called, and between what it stands then. */
export const LIFECYCLE_EVENTS: Readonly<
  Record<
    LifecycleTransition,
    { readonly type: string; readonly Origin: string; readonly Destination: string }
  >
> = {
  'autoscaling:EC2_INSTANCE_LAUNCHING': {
    type: 'EC2 Instance-launch Lifecycle Action',
    Origin: 'EC2',
    Destination: 'AutoScalingGroup',
  },
  'autoscaling:EC2_INSTANCE_TERMINATING': {
    type: 'EC2 Instance-terminate Lifecycle Action',
    Origin: 'AutoScalingGroup',
    Destination: 'EC2',
  },
};

/** Hands Auto Scaling's events on, as rules of EventBridge without a filter for groups do; the answer ends it. */
export function handOnLifecycleEvents(
  autoScaling: AutoScaling,
  { timers, seed, place }: { readonly timers: Timers; readonly seed: number; readonly place: Place },
  hand: (event: CloudEvent) => void,
): () => void {
  const tell = cloudEvents('aws.autoscaling', { timers, seed, place }, hand);
  return autoScaling.onLifecycleAction((event) => {
    const { type, ...between } = LIFECYCLE_EVENTS[event.transition];
    tell(type, [event.groupArn], {
      LifecycleActionToken: event.token,
      AutoScalingGroupName: event.group,
      LifecycleHookName: event.hook,
      EC2InstanceId: event.id,
      LifecycleTransition: event.transition,
      ...(event.notificationMetadata !== undefined && { NotificationMetadata: event.notificationMetadata }),
      ...between,
    });
  });
}
