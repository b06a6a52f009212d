import type { KnownContender } from '../../src/simulator/autoscalers.ts';
import type { Cell } from './cell.ts';

/** Free slots kept, and seconds for which an instance stays idle, where there are 20,000 jobs a week. */
const EVERY: readonly (readonly [slots: number, time: number])[] = [
  [0, 30],
  [0, 60],
  [0, 180],
  [2, 60],
  [5, 60],
  [9, 60],
  [16, 60],
];

/** Enough to draw a front where the baselines are not swept either. */
const FEW = EVERY.filter(([slots, time]) => time === 60 && slots !== 5);

/** The explicit policies that stand for ours in a cell: queue-driven, with reactive keep-alive. */
export function explicitSettings({ jobs, sweeps }: Cell): readonly KnownContender[] {
  // What is idle has to grow with the square root of the fleet at least.
  const growth = Math.sqrt(jobs / 20_000);
  const names = (sweeps ? EVERY : FEW).map(
    ([slots, time]) => `runtide-${Math.round(slots * growth)}-${time}`,
  );
  return [...new Set(names)].map((name) => ({ kind: 'known', name }));
}
