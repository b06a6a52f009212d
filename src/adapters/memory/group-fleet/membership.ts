import type { Membership } from '../../../engine/group.ts';
import type { Instance } from '../../../engine/instance.ts';
import type { GroupDescription, GroupInstance, LifecycleState } from '../auto-scaling/group-requests.ts';

/** What the group's word for a member means. */
const STANDING: Readonly<Partial<Record<LifecycleState, Omit<Membership, 'group'>>>> = {
  'Pending:Wait': { hook: 'launch' },
  'Terminating:Wait': { hook: 'termination' },
  'Terminating:Retained': { retained: true },
  Terminating: { ending: true },
  'Terminating:Proceed': { ending: true },
};

/** Whether the member is among those that the group's desired capacity counts. */
export function countsFor({ lifecycleState }: GroupInstance): boolean {
  return lifecycleState === 'InService' || lifecycleState.startsWith('Pending');
}

/** What the group was asked for and has not launched. */
export function unfilled({ instances, desiredCapacity }: GroupDescription): number {
  return Math.max(0, desiredCapacity - instances.filter(countsFor).length);
}

/** The instances, with where they stand with their group. */
export function withMembership(
  instances: readonly Instance[],
  members: readonly GroupInstance[],
): readonly Instance[] {
  const byId = new Map(members.map((member) => [member.id, member]));
  return instances.map((instance) => {
    const member = byId.get(instance.id);
    if (member === undefined) return instance;
    const { group, lifecycleState } = member;
    return { ...instance, launchId: group, membership: { group, ...STANDING[lifecycleState] } };
  });
}
