import type { Membership } from './group.ts';
import type { Offering } from './pool.ts';
import type { Instant } from './time.ts';

/** EC2's word for what a machine is doing. */
export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'stopping' | 'stopped' | 'terminated';

/** Why an instance must leave, in order of precedence. */
export const RETIREMENT_REASONS = [
  'interrupted',
  'stuck',
  'orphaned',
  'used-up',
  'expired',
  'drifted',
] as const;
export type RetirementReason = (typeof RETIREMENT_REASONS)[number];

/** Why an instance is asked to drain: it must leave, nothing needs it, or somebody asked. */
export const DRAIN_REASONS = [...RETIREMENT_REASONS, 'idle', 'asked'] as const;
export type DrainReason = (typeof DRAIN_REASONS)[number];

/** What the cloud has announced, and when. */
export interface Interruption {
  readonly at: Instant;
  /** It takes the machine, or recommends to replace it because that is likely. */
  readonly kind: 'interruption' | 'rebalance';
}

/** What EC2 and the instance's own tags say of one machine. */
export interface Instance {
  readonly id: string;
  readonly pool: string;
  /** Of the launch that bought it; of a member, the name of its group. */
  readonly launchId: string;
  readonly state: InstanceState;
  readonly launchedAt: Instant;
  /** From the instance's own tags, not from today's policy. */
  readonly slots: number;
  /** Jobs after which it ends by itself, likewise; absent: it is not counted. */
  readonly maxJobs?: number;
  readonly generation: string;
  readonly offering: Offering;
  /** Present once the drain tag is set. */
  readonly drain?: { readonly because: DrainReason; readonly at: Instant };
  /** Present once the cloud has said that it takes the machine, within minutes, or that this is likely. */
  readonly interruption?: Interruption;
  /** Present while it is a member of an Auto Scaling group; one that EC2 has ended may still wait at a hook. */
  readonly membership?: Membership;
}

/** The runner process of one instance, as GitLab knows it. */
export interface Manager {
  readonly systemId: string;
  /** The instance that the system id names; absent for a machine that is not ours. */
  readonly instance?: string;
  readonly firstSeenAt: Instant;
  readonly contactedAt?: Instant;
  /** GitLab's `job_execution_status` is `active`. */
  readonly active: boolean;
}

/** The runner in GitLab that one instance has for itself alone. */
export interface Enrolled {
  /** Since when it has been known of; a controller that starts knows nothing yet. */
  readonly since: Instant;
  /** Whether its token is where the instance reads it. */
  readonly whole: boolean;
}

/** Where an instance is in its life; derived from EC2's and GitLab's facts, never stored. */
export type Phase = 'launching' | 'booting' | 'idle' | 'busy' | 'draining' | 'terminating';
