import type { PoolHistory } from './history.ts';
import type { PoolPolicy } from './pool.ts';
import { after, type Instant } from './time.ts';

/** Until when scale-in waits after the last launch or scale-in that took effect; absent: it need not. */
export function coolingUntil(
  pool: PoolPolicy,
  history: PoolHistory | undefined,
  now: Instant,
): Instant | undefined {
  if (history?.lastScaledAt === undefined) return undefined;
  const until = after(history.lastScaledAt, pool.cooldown);
  return now < until ? until : undefined;
}
