import type { Cycle } from '../engine/instruction.ts';
import type { PoolStatus } from '../status/model.ts';
import { counted } from './options.ts';

/** The limits of a pool, in instances. */
export interface PoolLimits {
  readonly min: number;
  readonly max: number;
  readonly surge: number;
  readonly minAvailable: number;
}

type Seen = Pick<PoolStatus, 'instances' | 'limits'> | undefined;

/** Instances that do not leave already; as many as there may be where nobody knows. */
function staying(seen: Seen, { max }: PoolLimits): number {
  if (seen === undefined) return max;
  return seen.instances.filter(({ phase }) => phase !== 'draining' && phase !== 'terminating').length;
}

/** Throws where more are to stay than there are: they would be bought for the cycle alone. */
function checkKept(doing: string, kept: number, limits: PoolLimits, seen: Seen): void {
  if (kept > limits.max) {
    throw new Error(`${doing} is more than its max of ${limits.max}; name fewer, or raise \`max\``);
  }
  const there = staying(seen, limits);
  if (kept <= Math.max(there, seen?.limits.min ?? 0)) return;
  throw new Error(`${doing} is more than the ${counted(there, 'instance')} that it has; name fewer`);
}

/** Throws where a cycle within these limits could not come to its end, or would buy beyond what it replaces. */
export function checkCycle(
  cycle: Pick<Cycle, 'pool' | 'surge' | 'minAvailable'>,
  limits: PoolLimits,
  seen: Seen,
): void {
  const { pool, surge = limits.surge, minAvailable = limits.minAvailable } = cycle;
  const doing = `cycling pool ${pool}: --min-available ${minAvailable}`;
  if (cycle.minAvailable !== undefined) checkKept(doing, minAvailable, limits, seen);
  const kept = Math.max(limits.min, Math.min(staying(seen, limits), limits.max));
  if (surge > 0 || minAvailable === 0 || minAvailable < kept) return;
  throw new Error(
    `${doing} keeps all of its ${counted(kept, 'instance')}, and without a surge no new one comes first; add --surge 1, or name fewer`,
  );
}
