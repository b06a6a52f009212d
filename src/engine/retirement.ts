import type { InstanceView } from './capacity.ts';
import type { RetirementReason } from './instance.ts';
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
    applies: ({ instance }) => instance.interruption !== undefined,
  },
  {
    // It has had its time to boot, counted only while GitLab could have told us that it is ready.
    because: 'stuck',
    by: 'terminate',
    paced: false,
    applies: ({ readyAt, busySlots, bootedFor }, { pool, managersFresh }) =>
      managersFresh && readyAt === undefined && busySlots === 0 && bootedFor > pool.bootTimeout,
  },
  {
    // It was ready, its manager is gone and no job is on it: it has drained and did not power off, or its runner died.
    because: 'orphaned',
    by: 'terminate',
    paced: false,
    applies: ({ managerMissingSince, busySlots }, { now, policy, managersFresh, jobsFresh }) =>
      managersFresh &&
      jobsFresh &&
      busySlots === 0 &&
      managerMissingSince !== undefined &&
      elapsed(managerMissingSince, now) >= policy.orphanGrace,
  },
  {
    because: 'expired',
    by: 'drain',
    paced: true,
    applies: (view, { now, pool }) =>
      isReady(view) && pool.maxAge !== undefined && elapsed(view.instance.launchedAt, now) > pool.maxAge,
  },
  {
    because: 'drifted',
    by: 'drain',
    paced: true,
    applies: (view, { pool }) => isReady(view) && view.instance.generation !== pool.generation,
  },
];

/** Instances of this pool that are already on their way out for a paced reason. */
function replacing(views: readonly InstanceView[]): number {
  return views.filter(
    ({ instance }) => instance.drain?.because === 'expired' || instance.drain?.because === 'drifted',
  ).length;
}

/** Idle ones first, then the oldest: replacing an idle instance costs nobody anything. */
function byCost(a: InstanceView, b: InstanceView): number {
  const busy = Number(a.busySlots > 0) - Number(b.busySlots > 0);
  if (busy !== 0) return busy;
  if (a.instance.launchedAt !== b.instance.launchedAt) return a.instance.launchedAt - b.instance.launchedAt;
  return a.instance.id < b.instance.id ? -1 : 1;
}

/** Every instance of the pool that must leave now, each for the first reason that applies. */
export function retirements(views: readonly InstanceView[], at: Circumstances): readonly Retirement[] {
  const leaving: Retirement[] = [];
  // Replacing what still works is never urgent: it waits until everything is freshly read.
  const certain = at.managersFresh && at.jobsFresh;
  let budget = Math.max(1, at.pool.surge) - replacing(views);
  for (const view of views.filter(({ phase }) => phase !== 'terminating').toSorted(byCost)) {
    const rule = RULES.find((candidate) => candidate.applies(view, at) && (certain || !candidate.paced));
    if (rule === undefined || (rule.paced && budget <= 0)) continue;
    if (rule.paced) budget -= 1;
    leaving.push({ view, because: rule.because, by: rule.by });
  }
  return leaving;
}
