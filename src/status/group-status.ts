import type { GroupReading } from '../engine/group.ts';
import type { Instance } from '../engine/instance.ts';

/** A pool's Auto Scaling group, and where its members stand. */
export interface GroupStatus extends Pick<GroupReading, 'group' | 'min' | 'max' | 'desired' | 'ordered'> {
  readonly members: number;
  /** Members that wait at a hook. */
  readonly waiting: { readonly launch: number; readonly termination: number };
  readonly retained: number;
}

/** The group with its members among `instances`. */
export function groupStatus(
  { group, min, max, desired, ordered }: GroupReading,
  instances: readonly Pick<Instance, 'membership'>[],
): GroupStatus {
  const members = instances.flatMap(({ membership }) => (membership?.group === group ? [membership] : []));
  const at = (transition: 'launch' | 'termination') =>
    members.filter(({ hook }) => hook === transition).length;
  return {
    group,
    min,
    max,
    desired,
    ordered,
    members: members.length,
    waiting: { launch: at('launch'), termination: at('termination') },
    retained: members.filter(({ retained }) => retained === true).length,
  };
}
