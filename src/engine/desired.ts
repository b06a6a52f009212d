import type { InstanceView } from './capacity.ts';
import type { PoolPolicy } from './pool.ts';

/** The rules that move `desired`, in the order in which they apply: later wins. */
export type Rule = 'demand' | 'idle target' | 'stale demand' | 'min' | 'max';

/** One rule that moved the number. */
export interface Step {
  readonly rule: Rule;
  readonly from: number;
  readonly to: number;
}

/** How many instances there should be, and how that came about. */
export interface Desired {
  readonly count: number;
  readonly steps: readonly Step[];
}

const KEEPING_ORDER: Readonly<Record<string, number>> = { busy: 0, idle: 1, booting: 2, launching: 3 };

/**
 * Live instances, most worth keeping first: busy ones, then the freshest idle one, then what boots.
 * So what is left over at the end of the idle ones is the longest idle.
 */
function byWorth(a: InstanceView, b: InstanceView): number {
  const order = (KEEPING_ORDER[a.phase] ?? 9) - (KEEPING_ORDER[b.phase] ?? 9);
  if (order !== 0) return order;
  const fresher = (b.idleSince ?? 0) - (a.idleSince ?? 0);
  if (fresher !== 0) return fresher;
  return a.instance.id < b.instance.id ? -1 : 1;
}

function usableSlots(view: InstanceView): number {
  return view.phase === 'busy' || view.phase === 'idle' ? view.freeSlots : view.instance.slots;
}

/**
 * Fewest instances that leave `slots` slots free for waiting jobs beside the running ones, and which
 * of the live ones those are.
 */
export function instancesFor(
  slots: number,
  live: readonly InstanceView[],
  pool: PoolPolicy,
): { readonly count: number; readonly kept: ReadonlySet<string> } {
  const kept = new Set<string>();
  let wanted = slots;
  for (const view of live.toSorted(byWorth)) {
    if (view.phase !== 'busy' && wanted <= 0) break;
    kept.add(view.instance.id);
    wanted -= usableSlots(view);
  }
  return { count: kept.size + Math.ceil(Math.max(0, wanted) / pool.slots), kept };
}

/** What `desired` depends on. */
export interface DesiredInput {
  readonly pool: PoolPolicy;
  readonly live: readonly InstanceView[];
  readonly pending: number;
  /** Present when the demand is stale: `desired` of the last pass in which it was fresh. */
  readonly staleCeiling?: number;
}

/** Applies the rules in order and writes down each one that moved the number. */
export function desiredFor({ pool, live, pending, staleCeiling }: DesiredInput): Desired {
  const steps: Step[] = [];
  let count = 0;
  const move = (rule: Rule, to: number): void => {
    if (to !== count) steps.push({ rule, from: count, to });
    count = to;
  };
  move('demand', instancesFor(pending, live, pool).count);
  move('idle target', instancesFor(pending + pool.idle.slots, live, pool).count);
  if (staleCeiling !== undefined) move('stale demand', Math.min(count, staleCeiling));
  move('min', Math.max(count, pool.min));
  move('max', Math.min(count, pool.max));
  return { count, steps };
}
