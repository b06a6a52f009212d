import type { InstanceView } from './capacity.ts';
import { type IdleTarget, idleSlots } from './idle-target.ts';
import type { PoolPolicy } from './pool.ts';
import { pacedTo, type Share } from './shares.ts';
import type { Terms } from './terms.ts';

/** The rules that move `desired`, in the order in which they apply: later wins. */
export type Rule =
  | 'demand'
  | 'idle target'
  | 'schedule'
  | 'project cap'
  | 'stale demand'
  | 'budget'
  | 'launch pacing'
  | 'pause'
  | 'min'
  | 'max'
  | 'fleet max';

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

const ENDLESS = Number.POSITIVE_INFINITY;
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
  return keptOf(slots, live.toSorted(byWorth), pool);
}

function keptOf(
  slots: number,
  byWorthiness: readonly InstanceView[],
  pool: PoolPolicy,
): { readonly count: number; readonly kept: ReadonlySet<string> } {
  const kept = new Set<string>();
  let wanted = slots;
  for (const view of byWorthiness) {
    if (view.phase !== 'busy' && wanted <= 0) break;
    kept.add(view.instance.id);
    wanted -= usableSlots(view);
  }
  return { count: kept.size + Math.ceil(Math.max(0, wanted) / pool.slots), kept };
}

/** What `desired` depends on. */
export interface DesiredInput {
  /** The pool and what holds for it now. */
  readonly terms: Terms;
  readonly live: readonly InstanceView[];
  readonly pending: number;
  /** Further jobs that wait and do not count, because their projects count for enough. */
  readonly capped?: number;
  /** What is left for it of what pools share. */
  readonly share?: Share;
  /** Present when the demand is stale: `desired` of the last pass in which it was fresh. */
  readonly staleCeiling?: number;
}

/** Free slots that the pool wants beside the jobs that run or wait; none where they may not be bought for that. */
export function idleSlotsOf(
  { pool, closed }: Terms,
  live: readonly InstanceView[],
  pending: number,
  target: IdleTarget = pool.idle,
): number {
  if (closed !== undefined) return 0;
  const busy = live.reduce((sum, view) => sum + view.busySlots, 0);
  return idleSlots(target, busy + pending);
}

/** What a budget leaves of `count`: what there is to be idle stays, and no more is bought for that. */
function withinBudget(
  count: number,
  needed: number,
  live: number,
  { budget, closed }: Terms,
  { affordable }: Share,
): number {
  if (closed === 'budget') return Math.min(count, needed, live);
  const wanted = budget === undefined || budget.allows === 'everything' ? count : Math.max(needed, live);
  return Math.min(count, wanted, live + (affordable?.count ?? ENDLESS));
}

/** Applies the rules in order and writes down each one that moved the number. */
export function desiredFor(input: DesiredInput): Desired {
  const { terms, live, pending, capped = 0, share = {}, staleCeiling } = input;
  const { pool } = terms;
  const steps: Step[] = [];
  let count = 0;
  const move = (rule: Rule, to: number): void => {
    if (to !== count) steps.push({ rule, from: count, to });
    count = to;
  };
  const sorted = live.toSorted(byWorth);
  const forJobs = (jobs: number, target?: IdleTarget): number =>
    keptOf(jobs + idleSlotsOf(terms, live, jobs, target), sorted, pool).count;
  const all = pending + capped;
  move('demand', keptOf(all, sorted, pool).count);
  move('idle target', forJobs(all, terms.unscheduledIdle));
  if (terms.schedule !== undefined) move('schedule', forJobs(all));
  if (capped > 0) move('project cap', forJobs(pending));
  if (staleCeiling !== undefined) move('stale demand', Math.min(count, staleCeiling));
  const needed = keptOf(pending, sorted, pool).count;
  move('budget', withinBudget(count, needed, live.length, terms, share));
  const ceiling = live.length + (pacedTo(share) ?? ENDLESS);
  move('launch pacing', Math.min(count, ceiling));
  if (terms.closed === 'pause') move('pause', Math.min(count, needed, live.length));
  const payable = live.length + (share.affordable?.count ?? ENDLESS);
  move('min', Math.max(count, Math.min(pool.min, payable)));
  move('max', Math.min(count, pool.max));
  move('fleet max', Math.min(count, live.length + (share.room?.count ?? ENDLESS)));
  return { count, steps };
}
