import { type InstanceView, isAvailable } from './capacity.ts';
import type { PoolPolicy } from './pool.ts';
import type { Hold } from './scale-out.ts';
import { elapsed, type Instant } from './time.ts';

export interface ScaleInInput {
  readonly pool: PoolPolicy;
  readonly desired: number;
  readonly live: readonly InstanceView[];
  /** Instances that the demand and the idle target need. */
  readonly kept: ReadonlySet<string>;
  readonly coolingUntil: Instant | undefined;
  /** Names of the readings that are too old to act on. */
  readonly stale: readonly string[];
  /** Present where more jobs may wait than are known, and why. */
  readonly partial?: string;
  readonly now: Instant;
}

function longestIdleFirst(a: InstanceView, b: InstanceView): number {
  const longer = (a.idleSince ?? 0) - (b.idleSince ?? 0);
  if (longer !== 0) return longer;
  return a.instance.id < b.instance.id ? -1 : 1;
}

interface Leaving {
  readonly victims: readonly InstanceView[];
  readonly holds: readonly Hold[];
}

function held(because: string): Leaving {
  return { victims: [], holds: [{ what: 'scale-in', because }] };
}

/** How many may leave while those that boot are not ready yet. */
function spare(live: readonly InstanceView[], { minAvailable }: PoolPolicy): number {
  return minAvailable === 0 ? live.length : live.filter(isAvailable).length - minAvailable;
}

/** Which idle instances leave: the longest idle, never one that is needed, never on doubt. */
export function scaleIn(input: ScaleInInput): Leaving {
  const { pool, live, now } = input;
  const excess = live.length - input.desired;
  const idle = live.filter((view) => view.phase === 'idle' && !input.kept.has(view.instance.id));
  if (excess <= 0 || idle.length === 0) return { victims: [], holds: [] };
  if (input.stale.length > 0)
    return held(`${input.stale.join(' and ')} not freshly read: doubt never scales in`);
  if (input.partial !== undefined) return held(`not all jobs are known (${input.partial})`);
  // Above max there is nothing to wait for: the limit was lowered under a running fleet.
  const patient = live.length <= pool.max;
  if (patient && input.coolingUntil !== undefined) {
    return held(`cooling down for ${Math.ceil((input.coolingUntil - now) / 1000)} s more`);
  }
  const longEnough = ({ idleSince }: InstanceView): boolean =>
    !patient || (idleSince !== undefined && elapsed(idleSince, now) >= pool.idle.time);
  const most = Math.min(excess, spare(live, pool));
  if (most <= 0) return held(`minAvailable keeps ${pool.minAvailable} ready`);
  const victims = idle.filter(longEnough).toSorted(longestIdleFirst).slice(0, most);
  return victims.length > 0
    ? { victims, holds: [] }
    : held(`none of ${idle.length} idle for ${pool.idle.time / 1000} s yet`);
}
