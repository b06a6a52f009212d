import type { InstanceState } from '../../../engine/instance.ts';
import type { Market } from '../../../engine/pool.ts';
import type { Instant } from '../../../engine/time.ts';
import type { Boot } from './faults.ts';
import type { LaunchTemplateData } from './launch-template.ts';

/** Why an instance is in its state, in EC2's words. */
export interface StateReason {
  /** Such as `Client.UserInitiatedShutdown`. */
  readonly code: string;
  readonly message: string;
  /** EC2's sentence with the time in it: "User initiated (2026-01-05 08:00:00 GMT)". */
  readonly transition: string;
}

/** One step in the life of an instance. */
export interface StateChange {
  readonly at: Instant;
  readonly state: InstanceState;
  readonly reason?: StateReason | undefined;
}

/** Everything that is true of one instance, whether or not a listing shows it yet. */
export interface InstanceRecord {
  readonly id: string;
  readonly reservationId: string;
  readonly fleetId: string;
  readonly clientToken: string | undefined;
  readonly spotRequestId: string | undefined;
  readonly template: { readonly id: string; readonly version: number };
  readonly data: LaunchTemplateData;
  readonly instanceType: string;
  readonly market: Market;
  readonly subnet: string;
  readonly zone: string;
  readonly vpc: string;
  readonly privateAddress: string;
  /** When it was launched, or last started. */
  readonly launchedAt: Instant;
  readonly boot: Boot;
  readonly tags: ReadonlyMap<string, string>;
  /** Oldest first; the last is the present one. */
  readonly life: readonly [StateChange, ...StateChange[]];
  /** The cloud takes the machine back at `at`. */
  readonly interruption?: { readonly noticedAt: Instant; readonly at: Instant };
  /** The cloud thinks that the machine is likely to be taken soon. */
  readonly rebalanceAt?: Instant;
}

/** An instance that was asked to end, stop or start, and what it was before. */
export interface StateTransition {
  readonly id: string;
  readonly previous: InstanceState;
  readonly current: InstanceState;
}

/** What EC2 bills for: the time in state `running`; `endedAt` is absent while it runs. */
export interface Bill {
  readonly id: string;
  readonly instanceType: string;
  readonly market: Market;
  readonly zone: string;
  readonly runningFrom: Instant;
  readonly endedAt?: Instant;
}

/** The present state. */
export function stateOf(record: InstanceRecord): InstanceState {
  return (record.life.at(-1) ?? record.life[0]).state;
}

/** Whether the instance can see its own tags in its metadata. */
export function seesOwnTags(data: LaunchTemplateData): boolean {
  return data.metadataOptions?.instanceMetadataTags === 'enabled';
}

/** Somebody asked EC2 to end the machine. */
export function endedByUser(at: Instant): StateReason {
  return reason('Client.UserInitiatedShutdown', 'User initiated shutdown', transition('User', at));
}

/** The machine switched itself off. */
export function endedByItself(): StateReason {
  return reason('Client.InstanceInitiatedShutdown', 'Instance initiated shutdown', '');
}

/** The hardware under the machine failed. */
export function endedByFailure(at: Instant): StateReason {
  return reason('Server.InternalError', 'Internal error', transition('Service', at));
}

/** EC2's code for a spot machine that it took back. */
export const TAKEN_BACK = 'Server.SpotInstanceTermination';

/** EC2 took a spot machine back. */
export function takenBack(at: Instant): StateReason {
  return reason(TAKEN_BACK, 'Spot instance termination', transition('Service', at));
}

function reason(code: string, sentence: string, how: string): StateReason {
  return { code, message: `${code}: ${sentence}`, transition: how };
}

function transition(who: 'User' | 'Service', at: Instant): string {
  return `${who} initiated (${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} GMT)`;
}
