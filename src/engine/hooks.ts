import type { Action } from './action.ts';
import type { InstanceView } from './capacity.ts';
import type { Instance } from './instance.ts';
import { instancesOf, isFresh, isWhole, lastKnown, type Observation, toldUntil } from './observation.ts';
import type { FleetPolicy } from './pool.ts';
import { isBeatDue, type TerminationEnd, type TerminationFacts, terminationStep } from './termination.ts';
import { type Duration, elapsed, type Instant, minutes } from './time.ts';

/** Of a group whose pool was taken out of the configuration: the default of `instances.group.heartbeat`. */
const FORGOTTEN = minutes(60);

/** How long the group of a pool waits at a hook for a word. */
export function heartbeatOf({ pools }: FleetPolicy, pool: string): Duration {
  return pools.find(({ name }) => name === pool)?.group?.heartbeat ?? FORGOTTEN;
}

interface Waiting {
  readonly instance: Instance;
  /** Absent where EC2 has ended the machine. */
  readonly view: InstanceView | undefined;
  readonly heartbeat: Duration;
}

/** Whether GitLab was asked for its manager since it drains: until then its runner may have taken another job. */
function wasAskedSince({ drain }: Instance, readAt: Instant): boolean {
  return drain === undefined || elapsed(drain.at, readAt) > 0;
}

/** What is known of a member that its group ends. */
export function terminationFacts(
  { instance, view, heartbeat }: Waiting,
  { now, managers, jobs, history }: Observation,
): TerminationFacts {
  const readAt = toldUntil(managers[instance.pool], now);
  return {
    now,
    gone: view === undefined || view.phase === 'terminating',
    retained: instance.membership?.retained === true,
    drainedAt: instance.drain?.at,
    certain: isFresh(managers[instance.pool], now) && isWhole(jobs, now) && wasAskedSince(instance, readAt),
    wasReady: view?.readyAt !== undefined,
    managerGone: view?.managerMissingSince !== undefined,
    busySlots: view?.busySlots ?? 0,
    beatAt: history.instances[instance.id]?.hook?.beatAt,
    heartbeat,
  };
}

function planTermination(waiting: Waiting, observation: Observation): readonly Action[] {
  const { id: instance, pool } = waiting.instance;
  const facts = terminationFacts(waiting, observation);
  if (facts.retained && facts.gone) return [];
  const step = terminationStep(facts);
  const beats = !facts.retained && isBeatDue(facts.beatAt, facts.heartbeat, facts.now);
  const beat: readonly Action[] = beats ? [{ do: 'heartbeat', pool, instance, hook: 'termination' }] : [];
  if (step.do === 'complete') return [end(waiting.instance, step.because)];
  if (step.do === 'drain') return [...beat, { do: 'drain', pool, instance, because: 'asked' }];
  return beat;
}

/** Lets the group of a member go on; one that has let go of it is told to end it. */
function end({ id: instance, pool, drain, membership }: Instance, because: TerminationEnd): Action {
  return membership?.retained === true
    ? { do: 'terminate', pool, instance, because: drain?.because ?? 'asked' }
    : { do: 'complete', pool, instance, hook: 'termination', because };
}

/** The launch gate: a member counts for its group once its runner is in contact with GitLab. */
function planGate({ instance, view, heartbeat }: Waiting, { history, now }: Observation): readonly Action[] {
  const { id, pool } = instance;
  const hook = 'launch';
  if (view === undefined || view.phase === 'terminating') return [];
  if (view.readyAt !== undefined) return [{ do: 'complete', pool, instance: id, hook, because: 'ready' }];
  const beatAt = history.instances[id]?.hook?.beatAt;
  return isBeatDue(beatAt, heartbeat, now) ? [{ do: 'heartbeat', pool, instance: id, hook }] : [];
}

/**
 * What the groups that wait at a lifecycle hook are told. Also in doubt, because they wait for a limited time: what
 * is not certain has them wait on.
 */
export function planHooks(
  observation: Observation,
  policy: FleetPolicy,
  views: ReadonlyMap<string, readonly InstanceView[]>,
): readonly Action[] {
  return (
    lastKnown(observation.instances, [])
      .filter(({ membership }) => membership?.hook !== undefined || membership?.retained === true)
      // Each hook has one owner. What a group has let go of has none any more.
      .filter(({ membership }) => membership?.hook !== 'termination' || policy.terminations !== 'workflows')
      .filter(({ pool }) => isFresh(instancesOf(observation, pool), observation.now))
      .toSorted((one, other) => (one.id < other.id ? -1 : 1))
      .flatMap((instance) => {
        const view = views.get(instance.pool)?.find((one) => one.instance.id === instance.id);
        const waiting = { instance, view, heartbeat: heartbeatOf(policy, instance.pool) };
        return instance.membership?.hook === 'launch'
          ? planGate(waiting, observation)
          : planTermination(waiting, observation);
      })
  );
}
