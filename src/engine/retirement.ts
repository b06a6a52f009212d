import { type InstanceView, isAvailable, isLeaving } from './capacity.ts';
import type { DrainReason } from './instance.ts';
import { type Cycle, drainRequestOf, type Instruction } from './instruction.ts';
import { lifeSpan } from './life-span.ts';
import type { FleetPolicy, PoolPolicy } from './pool.ts';
import { elapsed, type Instant } from './time.ts';

/** An instance that must leave, and how. */
export interface Retirement {
  readonly view: InstanceView;
  readonly because: DrainReason;
  /** `terminate` only where no job can be running; everything else drains. */
  readonly by: 'drain' | 'terminate';
}

interface Circumstances {
  readonly now: Instant;
  readonly policy: FleetPolicy;
  readonly pool: PoolPolicy;
  readonly managersFresh: boolean;
  /** When the managers were read: what has come since, such as a first contact, is not known. */
  readonly managersReadAt: Instant;
  readonly jobsFresh: boolean;
  readonly instructions: readonly Instruction[];
  /** Of the pool, while one goes on. */
  readonly cycle: Cycle | undefined;
  /** New instances fail: until when nothing else is replaced. */
  readonly failingUntil: Instant | undefined;
}

interface RetirementRule {
  /** Absent: for what it was asked to drain. */
  readonly because?: DrainReason;
  readonly by: Retirement['by'];
  /** Whether the pool's surge bounds how many leave for this reason at once. */
  readonly paced: boolean;
  applies(view: InstanceView, at: Circumstances): boolean;
}

const isReady = ({ phase }: InstanceView): boolean => phase === 'idle' || phase === 'busy';

const isComing = ({ phase }: InstanceView): boolean => phase === 'launching' || phase === 'booting';

function isOld({ instance: { launchedAt } }: InstanceView, cycle: Cycle | undefined): boolean {
  return cycle !== undefined && cycle.paused !== true && launchedAt < cycle.startedAt;
}

/** In order of precedence, one sentence each. */
const RULES: readonly RetirementRule[] = [
  {
    // The cloud takes it: intake must stop now, whatever runs.
    because: 'interrupted',
    by: 'drain',
    paced: false,
    applies: ({ instance }) => instance.interruption?.kind === 'interruption',
  },
  {
    // It has had its time to boot, counted only while GitLab could have told us that it is ready.
    because: 'stuck',
    by: 'terminate',
    paced: false,
    applies: ({ readyAt, busySlots, bootedFor }, { pool, now, managersFresh, managersReadAt }) =>
      managersFresh &&
      readyAt === undefined &&
      busySlots === 0 &&
      bootedFor - elapsed(managersReadAt, now) > pool.bootTimeout,
  },
  {
    // It was ready, its manager is gone and no job is on it: it has drained and did not power off, or its runner died.
    because: 'orphaned',
    by: 'terminate',
    paced: false,
    applies: ({ managerMissingSince, busySlots }, { policy, managersFresh, managersReadAt, jobsFresh }) =>
      managersFresh &&
      jobsFresh &&
      busySlots === 0 &&
      managerMissingSince !== undefined &&
      elapsed(managerMissingSince, managersReadAt) >= policy.orphanGrace,
  },
  {
    // A member does not power off: it has drained, and waits to be taken.
    by: 'terminate',
    paced: false,
    applies: (view, { managersFresh, managersReadAt, jobsFresh }) =>
      managersFresh &&
      jobsFresh &&
      view.instance.membership !== undefined &&
      view.instance.drain !== undefined &&
      // Asked since: until then its runner may have taken another job.
      elapsed(view.instance.drain.at, managersReadAt) > 0 &&
      view.busySlots === 0 &&
      view.managerMissingSince !== undefined,
  },
  {
    // Somebody wants it gone now.
    because: 'asked',
    by: 'drain',
    paced: false,
    applies: ({ instance }, { instructions }) => drainRequestOf(instructions, instance.id)?.how === 'shrink',
  },
  {
    // It has had its jobs and takes no more: its runner ends by itself, and this says so early.
    because: 'used-up',
    by: 'drain',
    paced: false,
    applies: (view, { jobsFresh }) => jobsFresh && view.spent && view.busySlots === 0 && isReady(view),
  },
  {
    // The cloud is likely to take it. It may be wrong, and of many at once: they are replaced in turn.
    because: 'interrupted',
    by: 'drain',
    paced: true,
    applies: (view) => isReady(view) && view.instance.interruption !== undefined,
  },
  {
    // Somebody wants it gone in its turn.
    because: 'asked',
    by: 'drain',
    paced: true,
    applies: (view, { instructions }) =>
      isReady(view) && drainRequestOf(instructions, view.instance.id)?.how === 'replace',
  },
  {
    because: 'expired',
    by: 'drain',
    paced: true,
    applies: (view, { now, pool: { maxAge } }) => {
      const { id, launchedAt } = view.instance;
      return isReady(view) && maxAge !== undefined && elapsed(launchedAt, now) > lifeSpan(id, maxAge);
    },
  },
  {
    because: 'drifted',
    by: 'drain',
    paced: true,
    applies: (view, { pool, cycle }) =>
      isReady(view) &&
      pool.awaits === undefined &&
      (view.instance.generation !== pool.generation || isOld(view, cycle)),
  },
];

/** Instances of this pool that are already on their way out for a paced reason. */
function replacing(views: readonly InstanceView[], { instructions }: Circumstances): number {
  return views.filter(({ instance: { id, drain, interruption } }) => {
    if (drain?.because === 'interrupted') return interruption?.kind !== 'interruption';
    if (drain?.because === 'asked') return drainRequestOf(instructions, id)?.how === 'replace';
    return drain?.because === 'expired' || drain?.because === 'drifted';
  }).length;
}

/** Idle ones first, then the oldest: replacing an idle instance costs nobody anything. */
function byCost(a: InstanceView, b: InstanceView): number {
  const busy = Number(a.busySlots > 0) - Number(b.busySlots > 0);
  if (busy !== 0) return busy;
  if (a.instance.launchedAt !== b.instance.launchedAt) return a.instance.launchedAt - b.instance.launchedAt;
  return a.instance.id < b.instance.id ? -1 : 1;
}

interface Due extends Retirement {
  readonly paced: boolean;
}

function due(views: readonly InstanceView[], at: Circumstances): readonly Due[] {
  // Replacing what still works is never urgent: it waits until everything is freshly read.
  const certain = at.managersFresh && at.jobsFresh;
  // What its group takes leaves by the table of terminations.
  return views
    .filter(({ phase, instance }) => phase !== 'terminating' && !isLeaving(instance))
    .toSorted(byCost)
    .flatMap((view) => {
      const rule = RULES.find((candidate) => candidate.applies(view, at) && (certain || !candidate.paced));
      if (rule === undefined) return [];
      const because = rule.because ?? view.instance.drain?.because ?? 'asked';
      return [{ view, because, by: rule.by, paced: rule.paced }];
    });
}

/** Who must leave now, and how many wait for a replacement that is ready. */
export interface Retirements {
  readonly leavers: readonly Retirement[];
  /** Old instances that leave once there are this many ready ones beyond `minAvailable`. */
  readonly waiting: number;
  /** Old instances that stay because new ones fail to start. */
  readonly spared: number;
}

/** How many may leave at the same time for a paced reason; old ones that work are worth more than new ones that fail. */
function budgetOf(views: readonly InstanceView[], at: Circumstances): number {
  const leaving = replacing(views, at);
  if (at.failingUntil === undefined) return Math.max(1, at.cycle?.batch ?? at.pool.surge) - leaving;
  // One after each wait: otherwise nothing would be bought that could show that it works again.
  return at.now < at.failingUntil || views.some(isComing) ? 0 : 1 - leaving;
}

/**
 * How many more than those that leave are being replaced. An old instance that is idle is gone within seconds, and the
 * new one takes minutes: until a new one has been ready each counts that boots, and then those that `min` lacks.
 */
function replacedStill(views: readonly InstanceView[], at: Circumstances): number {
  const { pool, cycle } = at;
  const coming = views.filter(isComing).length;
  const ready = views.filter(isAvailable);
  const proven = ready.some((view) => view.instance.generation === pool.generation && !isOld(view, cycle));
  const lacking = proven ? Math.min(coming, Math.max(0, pool.min - ready.length)) : coming;
  return Math.max(0, lacking - replacing(views, at));
}

/** Every instance of the pool that must leave now, each for the first reason that applies. */
export function retirements(views: readonly InstanceView[], at: Circumstances): Retirements {
  const { surge, minAvailable } = at.pool;
  const failing = at.failingUntil !== undefined;
  const all = due(views, at);
  const urgent = new Set(all.filter(({ paced }) => !paced).map(({ view }) => view));
  let available = views.filter((view) => isAvailable(view) && !urgent.has(view)).length;
  let budget = budgetOf(views, at);
  const reserved = replacedStill(
    views.filter((view) => !urgent.has(view)),
    at,
  );
  let waiting = 0;
  let unpaid = 0;
  const leavers = all.filter(({ view, because, paced }) => {
    if (!paced) return true;
    if (budget <= 0) {
      unpaid += 1;
      return false;
    }
    budget -= 1;
    const cost = Number(isAvailable(view));
    if (cost > 0 && available - cost < minAvailable) {
      waiting += 1;
      return false;
    }
    if (because === 'drifted' && budget < reserved) return false;
    available -= cost;
    return true;
  });
  return { leavers, waiting: Math.min(waiting, surge), spared: failing ? unpaid : 0 };
}
