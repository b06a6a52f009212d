import type { Instance as Description } from '@aws-sdk/client-auto-scaling';
import type { Membership } from '../../../engine/group.ts';

/** One machine of a group, as the group sees it. */
export interface Member {
  readonly id: string;
  /** Auto Scaling's word, such as `Pending:Wait`. */
  readonly state: string;
  readonly instanceType?: string;
  readonly zone?: string;
  /** The version of the launch template that it was made of. */
  readonly version?: string;
  /** Scale-in of the group does not choose it. */
  readonly isProtected: boolean;
}

/** A member as either of the describing calls answers it; one of them takes its state for any text. */
type Described = Omit<Description, 'LifecycleState' | 'HealthStatus'> & {
  readonly LifecycleState: string | undefined;
};

/** Reads one member of an answer; undefined for one without an id or a state. */
export function readMember(described: Described): Member | undefined {
  const { InstanceId: id, LifecycleState: state, InstanceType, AvailabilityZone, LaunchTemplate } = described;
  if (id === undefined || state === undefined) return undefined;
  return {
    id,
    state,
    ...(InstanceType !== undefined && { instanceType: InstanceType }),
    ...(AvailabilityZone !== undefined && { zone: AvailabilityZone }),
    ...(LaunchTemplate?.Version !== undefined && { version: LaunchTemplate.Version }),
    isProtected: described.ProtectedFromScaleIn === true,
  };
}

/** Nobody answered at its termination hook in time, and the group has let go of it. */
export function isRetained({ state }: Member): boolean {
  return state === 'Terminating:Retained';
}

/** The group ends it, or has let go of it. */
export function isEnding({ state }: Member): boolean {
  return state.startsWith('Terminat');
}

/** Whether it is one of those that the group's desired capacity counts. */
export function isCounted({ state }: Member): boolean {
  return state.startsWith('Pending') || state === 'InService';
}

/** Whether it waits at the launch hook. */
export function isAtGate({ state }: Member): boolean {
  return state === 'Pending:Wait';
}

/** Where the member stands with its group. */
export function membershipOf(group: string, member: Member): Membership {
  if (isAtGate(member)) return { group, hook: 'launch' };
  if (member.state === 'Terminating:Wait') return { group, hook: 'termination' };
  if (isRetained(member)) return { group, retained: true };
  return isEnding(member) ? { group, ending: true } : { group };
}
