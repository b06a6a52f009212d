import type { Alarm } from '../engine/alarms.ts';
import type { OrderFailure } from '../engine/group.ts';
import type { Interruption } from '../engine/instance.ts';
import type { Instruction } from '../engine/instruction.ts';
import type { Outcome } from '../engine/outcome.ts';
import type { DecisionRecord } from './ports.ts';

/** The first that was heard of an instance that the cloud takes, or is likely to take. */
export interface NoticedInterruption {
  readonly instance: string;
  readonly pool: string;
  readonly kind: Interruption['kind'];
  /** Whether the instance drains for it: a pool may ignore recommendations to rebalance. */
  readonly heeded: boolean;
}

/** Everything that the controller has to say; logs, metrics and tests render these values. */
export type ControllerEvent =
  | { readonly event: 'lease taken'; readonly fence: number }
  | { readonly event: 'standing by'; readonly holder: string }
  | { readonly event: 'lease lost'; readonly why: string }
  | { readonly event: 'read failed'; readonly source: string; readonly why: string }
  | { readonly event: 'read recovered'; readonly source: string }
  | { readonly event: 'upkeep failed'; readonly upkeep: string; readonly why: string }
  | { readonly event: 'upkeep recovered'; readonly upkeep: string }
  | { readonly event: 'launch replayed'; readonly launchId: string; readonly launched: readonly string[] }
  | { readonly event: 'launch unanswered'; readonly launchId: string; readonly why: string }
  | { readonly event: 'interruption noticed'; readonly interruption: NoticedInterruption }
  | { readonly event: 'decided'; readonly decision: DecisionRecord }
  | { readonly event: 'acted'; readonly outcome: Outcome }
  | { readonly event: 'order failed'; readonly pool: string; readonly failure: OrderFailure }
  | { readonly event: 'instruction done'; readonly instruction: Instruction }
  | {
      readonly event: 'boot failed';
      readonly pool: string;
      readonly instance: string;
      readonly why: string;
    }
  | { readonly event: 'alarm raised'; readonly alarm: Alarm }
  | { readonly event: 'alarm cleared'; readonly alarm: Alarm }
  | { readonly event: 'pass failed'; readonly why: string };

/** Where events go. Must not throw: a listener cannot stop the controller. */
export interface Recorder {
  record(event: ControllerEvent): void;
}
