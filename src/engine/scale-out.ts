import type { PoolHistory } from './history.ts';
import type { PoolPolicy } from './pool.ts';
import type { Instant } from './time.ts';

/** Why something wanted is not done now. */
export interface Hold {
  readonly what: 'launch' | 'scale-in' | 'replacement';
  readonly because: string;
}

export interface ScaleOutInput {
  readonly pool: PoolPolicy;
  readonly desired: number;
  readonly live: number;
  /** Instances that drain but still exist. */
  readonly leaving: number;
  readonly history: PoolHistory | undefined;
  readonly instancesFresh: boolean;
  readonly now: Instant;
}

/** How many more instances may exist; those that drain still do. */
export function roomOf({ max, surge }: PoolPolicy, live: number, leaving: number): number {
  return Math.max(0, max + surge - live - leaving);
}

function held(because: string, count = 0): { readonly count: number; readonly holds: readonly Hold[] } {
  return { count, holds: [{ what: 'launch', because }] };
}

/** How many to launch, at once; and what holds back the rest. */
export function scaleOut(input: ScaleOutInput): { readonly count: number; readonly holds: readonly Hold[] } {
  const { pool, history, now } = input;
  const missing = Math.max(0, input.desired - input.live);
  if (missing === 0) return { count: 0, holds: [] };
  if (pool.awaits !== undefined) return held(pool.awaits);
  if (!input.instancesFresh) return held('the instances could not be read: buying blind could buy twice');
  if (history?.retryAt !== undefined && now < history.retryAt) {
    const wait = Math.ceil((history.retryAt - now) / 1000);
    return held(`${history.setbacks} failed launches or boots in a row: trying again in ${wait} s`);
  }
  const room = roomOf(pool, input.live, input.leaving);
  if (room < missing) {
    return held(
      `draining instances (${input.leaving}) still count towards max + surge (${pool.max} + ${pool.surge})`,
      room,
    );
  }
  return { count: missing, holds: [] };
}
