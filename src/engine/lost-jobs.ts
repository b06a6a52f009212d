import type { Action } from './action.ts';
import { exists } from './capacity.ts';
import type { History, InstanceHistory, LostJob, RetriedJob } from './history.ts';
import type { Instance } from './instance.ts';
import { NO_JOBS } from './job.ts';
import { instancesOf, isFresh, lastKnown, type Observation } from './observation.ts';
import { after, backoff, elapsed, type Instant, minutes, seconds } from './time.ts';

/** A job that GitLab has not let be retried for so long is left to people. */
const GIVEN_UP_AFTER = minutes(60);
/** Longer than GitLab lets any job wait and run. */
const RETRY_MEMORY = minutes(60 * 24 * 31);
const FIRST_WAIT = seconds(15);
const LONGEST_WAIT = minutes(5);
/** Jobs of one pass: a storm of interruptions must not keep a pass from buying. */
const MOST_RETRIES = 20;

/** Whether what is known of the instance means that its jobs end with it. */
function isTaken(instance: Instance): boolean {
  return (
    instance.interruption?.kind === 'interruption' || !exists(instance) || instance.state === 'shutting-down'
  );
}

/** The pool of an instance whose jobs are in danger; undefined of one that lives, or that was never ours. */
function poolInDanger(
  id: string,
  instances: ReadonlyMap<string, Instance>,
  remembered: InstanceHistory | undefined,
): string | undefined {
  const instance = instances.get(id);
  if (instance !== undefined) return isTaken(instance) ? instance.pool : undefined;
  return remembered?.goneSince === undefined ? undefined : remembered.pool;
}

function byId(one: LostJob, other: LostJob): number {
  return one.id - other.id;
}

/**
 * Jobs in danger, of projects that want them retried; each is remembered until it is settled. `remembered` is what is
 * known of instances now, before what `history` knew.
 */
export function rememberLost(
  history: History,
  remembered: History['instances'],
  readings: Pick<Observation, 'now' | 'jobs' | 'instances' | 'retryable'>,
): readonly LostJob[] {
  const { now, jobs, retryable } = readings;
  const kept = (history.lost ?? []).filter(({ since }) => elapsed(since, now) < GIVEN_UP_AFTER);
  if (retryable === undefined || retryable.size === 0) return kept;
  const instances = new Map(lastKnown(readings.instances, []).map((instance) => [instance.id, instance]));
  const known = new Set([...kept, ...(history.retried ?? [])].map(({ id }) => id));
  const news = lastKnown(jobs, NO_JOBS).held.flatMap(({ id, project, instance }) => {
    if (instance === undefined || known.has(id) || !retryable.has(project)) return [];
    const pool = poolInDanger(instance, instances, remembered[instance] ?? history.instances[instance]);
    return pool === undefined ? [] : [{ id, project, pool, instance, since: now, failures: 0 }];
  });
  return [...kept, ...news].toSorted(byId);
}

/** Retries that were made, for as long as what came of them may still run. */
export function rememberRetried({ retried = [] }: History, now: Instant): readonly RetriedJob[] {
  return retried.filter(({ at }) => elapsed(at, now) < RETRY_MEMORY);
}

/** Retries of jobs whose instance is gone, by a fresh listing. */
export function planRetries(observation: Observation): readonly Action[] {
  const { history, now } = observation;
  const alive = new Set(
    lastKnown(observation.instances, [])
      .filter(exists)
      .map(({ id }) => id),
  );
  return (history.lost ?? [])
    .filter(({ instance, pool }) => !alive.has(instance) && isFresh(instancesOf(observation, pool), now))
    .filter(({ tryAt }) => tryAt === undefined || now >= tryAt)
    .slice(0, MOST_RETRIES)
    .map(({ id, project, pool, instance }) => ({
      do: 'retry',
      pool,
      project,
      job: id,
      instance,
      because: 'instance gone',
    }));
}

/** Writes down, before anything is done, which retries begin: a canceled job is then known to wait for its retry. */
export function withBegun(lost: readonly LostJob[], actions: readonly Action[]): readonly LostJob[] {
  const begun = new Set(actions.flatMap((action) => (action.do === 'retry' ? [action.job] : [])));
  return lost.map((job) => (begun.has(job.id) ? { ...job, begun: true as const } : job));
}

/** What came of an action, as far as retries care. */
interface Attempt {
  readonly action: Action;
  readonly done: boolean;
  /** Present where it was not even tried. */
  readonly begun?: false;
  readonly retried?: number;
}

function failedOnce(job: LostJob, now: Instant): LostJob {
  const failures = job.failures + 1;
  return { ...job, failures, tryAt: after(now, backoff(FIRST_WAIT, failures, LONGEST_WAIT)) };
}

/** What stays to be retried, and what was, after the actions. */
export function afterRetries(
  { lost = [], retried = [] }: History,
  outcomes: readonly Attempt[],
  now: Instant,
): Pick<History, 'lost' | 'retried'> {
  const byJob = new Map(
    outcomes.flatMap((outcome) =>
      outcome.action.do === 'retry' ? [[outcome.action.job, outcome] as const] : [],
    ),
  );
  const left = lost.flatMap((job) => {
    const outcome = byJob.get(job.id);
    if (outcome === undefined || outcome.begun === false) return [job];
    return outcome.done ? [] : [failedOnce(job, now)];
  });
  const news = [...byJob.values()].flatMap((outcome) =>
    outcome.done && outcome.retried !== undefined ? [{ id: outcome.retried, at: now }] : [],
  );
  const settled = lost.filter(({ id }) => byJob.get(id)?.done === true).map(({ id }) => ({ id, at: now }));
  return { lost: left, retried: [...retried, ...settled, ...news] };
}
