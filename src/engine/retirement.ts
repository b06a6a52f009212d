import { type InstanceView, isAvailable } from './capacity.ts';
import type { RetirementReason } from './instance.ts';
import { lifeSpan } from './life-span.ts';
import type { FleetPolicy, PoolPolicy } from './pool.ts';
import { elapsed, type Instant } from './time.ts';

/** An instance that must leave, and how. */
export interface Retirement {
  readonly view: InstanceView;
  readonly because: RetirementReason;
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
}

interface RetirementRule {
  readonly because: RetirementReason;
  readonly by: Retirement['by'];
  /** Whether the pool's surge bounds how many leave for this reason at once. */
  readonly paced: boolean;
  applies(view: InstanceView, at: Circumstances): boolean;
}

const isReady = ({ phase }: InstanceView): boolean => phase === 'idle' || phase === 'busy';

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
    applies: (view, { pool }) =>
      isReady(view) && pool.awaits === undefined && view.instance.generation !== pool.generation,
  },
];

/** Instances of this pool that are already on their way out for a paced reason. */
function replacing(views: readonly InstanceView[]): number {
  return views.filter(({ instance: { drain, interruption } }) => {
    if (drain?.because === 'interrupted') return interruption?.kind !== 'interruption';
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
  return views
    .filter(({ phase }) => phase !== 'terminating')
    .toSorted(byCost)
    .flatMap((view) => {
      const rule = RULES.find((candidate) => candidate.applies(view, at) && (certain || !candidate.paced));
      return rule === undefined ? [] : [{ view, because: rule.because, by: rule.by, paced: rule.paced }];
    });
}

/** Who must leave now, and how many wait for a replacement that is ready. */
export interface Retirements {
  readonly leavers: readonly Retirement[];
  /** Old instances that leave once there are this many ready ones beyond `minAvailable`. */
  readonly waiting: number;
}

/** Every instance of the pool that must leave now, each for the first reason that applies. */
export function retirements(views: readonly InstanceView[], at: Circumstances): Retirements {
  const { surge, minAvailable } = at.pool;
  const all = due(views, at);
  const urgent = new Set(all.filter(({ paced }) => !paced).map(({ view }) => view));
  let available = views.filter((view) => isAvailable(view) && !urgent.has(view)).length;
  let budget = Math.max(1, surge) - replacing(views);
  let waiting = 0;
  const leavers = all.filter(({ view, paced }) => {
    if (!paced) return true;
    if (budget <= 0) return false;
    budget -= 1;
    const cost = Number(isAvailable(view));
    const spared = cost > 0 && available - cost < minAvailable;
    if (spared) waiting += 1;
    else available -= cost;
    return !spared;
  });
  return { leavers, waiting: Math.min(waiting, surge) };
}
