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

/** Throws where a cycle within these limits could not come to its end, or would buy beyond what it replaces. */
export function checkCycle(
  cycle: Pick<Cycle, 'pool' | 'surge' | 'minAvailable'>,
  limits: PoolLimits,
  seen: Pick<PoolStatus, 'instances' | 'min'> | undefined,
): void {
  const { pool, surge = limits.surge, minAvailable = limits.minAvailable } = cycle;
  const doing = `cycling pool ${pool}: --min-available ${minAvailable}`;
  if (cycle.minAvailable !== undefined && minAvailable > limits.max) {
    throw new Error(`${doing} is more than its max of ${limits.max}; name fewer, or raise \`max\``);
  }
  const living = seen?.instances.filter(({ phase }) => phase !== 'draining' && phase !== 'terminating');
  const there = living?.length ?? limits.max;
  if (cycle.minAvailable !== undefined && minAvailable > Math.max(there, seen?.min ?? 0)) {
    throw new Error(`${doing} is more than the ${counted(there, 'instance')} that it has; name fewer`);
  }
  const kept = Math.max(limits.min, Math.min(there, limits.max));
  if (surge === 0 && minAvailable > 0 && minAvailable >= kept) {
    throw new Error(
      `${doing} keeps all of its ${counted(kept, 'instance')}, and without a surge no new one comes first; add --surge 1, or name fewer`,
    );
  }
}
