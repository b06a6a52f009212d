import type { KnownContender } from '../../src/simulator/autoscalers.ts';
import type { Cell } from './cell.ts';

/** Seconds for which idle machines are kept: about the price of a start, and longer. */
const TIMES = [30, 60, 180, 600];
/** Idle slots where there are 20,000 jobs a week. */
const SLOTS = [0, 1, 2, 4, 7, 11, 16, 24];

/** What is idle has to grow with the square root of the fleet at least. */
function idleSlots(jobs: number): readonly number[] {
  return [...new Set(SLOTS.map((slots) => Math.round(slots * Math.sqrt(jobs / 20_000))))];
}

/** The explicit policies that stand for ours in a cell: queue-driven, with reactive keep-alive. */
export function explicitSettings({ jobs }: Cell): readonly KnownContender[] {
  return idleSlots(jobs).flatMap((slots) =>
    TIMES.map((time): KnownContender => ({ kind: 'known', name: `runtide-${slots}-${time}` })),
  );
}
