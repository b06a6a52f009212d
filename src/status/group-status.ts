/** An Auto Scaling group as it was read: what of it the status shows. */
export interface ReadGroup {
  readonly group: string;
  readonly min: number;
  readonly max: number;
  readonly desired: number;
  /** Instances that it was asked for and has not launched yet. */
  readonly ordered: number;
}

/** An instance that may be a member of a group. */
export interface MaybeMember {
  readonly membership?: {
    readonly group: string;
    /** The group waits at its hook. */
    readonly hook?: 'launch' | 'termination';
    /** Nobody answered at its termination hook in time: the group has let go of it, and it runs on. */
    readonly retained?: true;
  };
}

/** A pool's Auto Scaling group, and where its members stand. */
export interface GroupStatus extends ReadGroup {
  readonly members: number;
  /** Members that wait at a hook. */
  readonly waiting: { readonly launch: number; readonly termination: number };
  readonly retained: number;
}

/** The group with its members among `instances`. */
export function groupStatus(
  { group, min, max, desired, ordered }: ReadGroup,
  instances: readonly MaybeMember[],
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
