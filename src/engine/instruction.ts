import type { Instant } from './time.ts';

/** A pool's instances are replaced: those that were launched before it began leave, drained, in turn. */
export interface Cycle {
  readonly kind: 'cycle';
  readonly pool: string;
  readonly startedAt: Instant;
  /** Most instances that leave at the same time. */
  readonly batch: number;
  /** Instances that may exist beyond `max` meanwhile; absent: the pool's own surge. */
  readonly surge?: number;
  /** Ready instances that stay meanwhile; absent: as the pool has it. */
  readonly minAvailable?: number;
  /** No further one leaves for now. */
  readonly paused?: true;
}

/** One instance is to leave, drained. */
export interface DrainRequest {
  readonly kind: 'drain';
  readonly instance: string;
  readonly at: Instant;
  /** In its turn, once another is ready where the pool wants so; or now, whatever stays. */
  readonly how: 'replace' | 'shrink';
}

/** A pool buys nothing, until it is told to go on; what it has works on and leaves as ever. */
export interface Pause {
  readonly kind: 'pause';
  readonly pool: string;
  readonly at: Instant;
}

/** What an operator has asked for by command, until it is done or taken back. */
export type Instruction = Cycle | DrainRequest | Pause;

/** The pause of a pool. */
export function pauseOf(instructions: readonly Instruction[], pool: string): Pause | undefined {
  return instructions.find(
    (instruction): instruction is Pause => instruction.kind === 'pause' && instruction.pool === pool,
  );
}

/** The one cycle of a pool. */
export function cycleOf(instructions: readonly Instruction[], pool: string): Cycle | undefined {
  return instructions.find(
    (instruction): instruction is Cycle => instruction.kind === 'cycle' && instruction.pool === pool,
  );
}

/** What an instance was asked by command. */
export function drainRequestOf(
  instructions: readonly Instruction[],
  instance: string,
): DrainRequest | undefined {
  return instructions.find(
    (instruction): instruction is DrainRequest =>
      instruction.kind === 'drain' && instruction.instance === instance,
  );
}

/** What makes two instructions the same: a later one takes the place of the one before. */
export function keyOf(instruction: Instruction): string {
  return `${instruction.kind} ${instruction.kind === 'drain' ? instruction.instance : instruction.pool}`;
}
