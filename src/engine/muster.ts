import type { InstanceView } from './capacity.ts';
import { instancesOf, isFresh, isWhole, lastKnown, type Observation, toldUntil } from './observation.ts';
import { NO_JOBS } from './job.ts';
import type { FleetPolicy, PoolPolicy } from './pool.ts';
import type { Terms } from './terms.ts';
import { cycleOf } from './instruction.ts';
import { type Retirement, type Retirements, retirements } from './retirement.ts';

function staleSources(pool: string, observation: Observation): readonly string[] {
  const parts = {
    jobs: observation.jobs,
    managers: observation.managers[pool],
    instances: instancesOf(observation, pool),
  };
  return Object.entries(parts).flatMap(([name, part]) => (isFresh(part, observation.now) ? [] : [name]));
}

/** One pool's instances, sorted out before any demand is counted: who must leave, and who stays. */
export interface Muster {
  readonly pool: PoolPolicy;
  readonly stale: readonly string[];
  /** Why more jobs may wait than are known. */
  readonly partial: string | undefined;
  readonly views: readonly InstanceView[];
  readonly leavers: readonly Retirement[];
  /** Old instances that stay until new ones are ready. */
  readonly waiting: number;
  /** Old instances that stay because new ones fail to start. */
  readonly spared: number;
  readonly live: readonly InstanceView[];
  /** Instances that drain, or are about to, and still exist. */
  readonly draining: number;
  readonly terms: Terms;
}

const NOBODY: Retirements = { leavers: [], waiting: 0, spared: 0 };

/** Sorts out one pool. */
export function muster(
  terms: Terms,
  observation: Observation,
  policy: FleetPolicy,
  views: readonly InstanceView[],
  /** Ids of members that their group is told to go on with now. */
  ended: ReadonlySet<string> = new Set(),
): Muster {
  const { pool } = terms;
  const stale = staleSources(pool.name, observation);
  const managersFresh = !stale.includes('managers');
  const { now, managers, jobs, history, instructions = [] } = observation;
  const jobsFresh = isWhole(jobs, now);
  const managersReadAt = toldUntil(managers[pool.name], now);
  const { setbacks = 0, retryAt = now } = history.pools[pool.name] ?? {};
  const circumstances = {
    now,
    policy,
    pool,
    managersFresh,
    managersReadAt,
    jobsFresh,
    instructions,
    cycle: cycleOf(instructions, pool.name),
    failingUntil: setbacks > 0 ? retryAt : undefined,
  };
  const { leavers, waiting, spared } = stale.includes('instances')
    ? NOBODY
    : retirements(views, circumstances);
  const retired = new Set(leavers.map(({ view }) => view.instance.id));
  const staying = views.filter(({ instance }) => !retired.has(instance.id));
  const alreadyDraining = staying.filter(
    ({ phase, instance }) => phase === 'draining' && !ended.has(instance.id),
  ).length;
  return {
    pool,
    stale,
    partial: lastKnown(jobs, NO_JOBS).partial,
    views,
    leavers,
    waiting,
    spared,
    live: staying.filter(({ phase }) => phase !== 'draining' && phase !== 'terminating'),
    draining: alreadyDraining + leavers.filter(({ by }) => by === 'drain').length,
    terms,
  };
}
