import type { Instant } from '../../../engine/time.ts';
import type { InstanceRefresh, RefreshStatus } from './group-requests.ts';

/** A refresh, and the old members that it has still to replace. */
export type Refresh = Omit<InstanceRefresh, 'percentageComplete' | 'instancesToUpdate'> & {
  status: RefreshStatus;
  statusReason?: string | undefined;
  endedAt?: Instant | undefined;
  readonly old: Set<string>;
  readonly total: number;
  /** Since when it could go on but for protected instances. */
  waitingSince?: Instant | undefined;
};
