import type { Outcome } from '../engine/outcome.ts';
import type { Action } from '../engine/action.ts';
import type { LostJob } from '../engine/history.ts';
import type { FleetPolicy } from '../engine/pool.ts';
import { isPortError } from './errors.ts';
import { launch, type Launching } from './launch.ts';
import type { Enrolment, Groups, JobRetrier, RunnerRegistry } from './ports.ts';

export interface Acting extends Launching {
  readonly runners: RunnerRegistry;
  readonly policy: FleetPolicy;
  /** Absent: no pool has a group. */
  readonly groups?: Groups;
  /** Absent: no instance has a runner of its own. */
  readonly enrolment?: Enrolment;
  /** Absent: no project has opted in. */
  readonly retrier?: JobRetrier;
  /** As they were known before this pass. */
  readonly lost?: readonly LostJob[];
}

/** How many calls, each for one instance, run at the same time. */
const CALLS_AT_ONCE = 8;
/** How many instances one call asks to drain: tagging them one by one would empty EC2's bucket of requests. */
const DRAINS_AT_ONCE = 500;

/** As many refusals find one instance among 500, or two; more than that is no matter of single instances. */
const MOST_REFUSALS = 20;

/** A step once taken is finished: shutting down aborts only what has not begun. */
const NEVER = new AbortController().signal;

function failed(action: Action, error: unknown): Outcome {
  return { action, done: false, why: error instanceof Error ? error.message : String(error) };
}

/** Runs one step; a failure is an outcome and stops nothing else, except the loss of the lease. */
async function step(action: Action, at: Acting, run: () => Promise<Outcome | undefined>): Promise<Outcome> {
  if (at.signal.aborted) return { action, done: false, begun: false, why: 'shutting down before it began' };
  try {
    await at.term.secure(at.callTimeout);
    return (await run()) ?? { action, done: true };
  } catch (error) {
    if (isPortError(error, 'fenced')) throw error;
    return failed(action, error);
  }
}

async function actLaunches(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const action of actions) {
    if (action.do !== 'launch') continue;
    const pool = at.policy.pools.find(({ name }) => name === action.pool);
    if (pool === undefined) continue;
    outcomes.push(
      await step(action, at, () => launch(action, pool, outcomes.length, { ...at, signal: NEVER })),
    );
  }
  return outcomes;
}

/** Takes one step an instance, some at the same time; each makes sure of the lease anew. */
async function stepOneByOne<A extends Action>(
  actions: readonly A[],
  at: Acting,
  run: (action: A) => Promise<void>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let first = 0; first < actions.length; first += CALLS_AT_ONCE) {
    const batch = actions.slice(first, first + CALLS_AT_ONCE).map((action) =>
      step(action, at, async () => {
        await run(action);
        return undefined;
      }),
    );
    outcomes.push(...(await Promise.all(batch)));
  }
  return outcomes;
}

/**
 * Runs one step for several actions, which succeed or fail together. What is refused is tried in halves: one
 * instance that may not be touched, as with termination protection, must not keep the others.
 */
async function stepTogether<A extends Action>(
  actions: readonly A[],
  at: Acting,
  run: (some: readonly A[]) => Promise<void>,
  refusals: { count: number } = { count: 0 },
): Promise<readonly Outcome[]> {
  const [first, second] = actions;
  if (first === undefined) return [];
  const before = refusals.count;
  const outcome = await step(first, at, async () => {
    await run(actions).catch((error: unknown) => {
      if (isPortError(error, 'refused')) refusals.count += 1;
      throw error;
    });
    return undefined;
  });
  const splits = refusals.count > before && refusals.count < MOST_REFUSALS && second !== undefined;
  if (!splits) return actions.map((action) => ({ ...outcome, action }));
  const half = Math.ceil(actions.length / 2);
  return [
    ...(await stepTogether(actions.slice(0, half), at, run, refusals)),
    ...(await stepTogether(actions.slice(half), at, run, refusals)),
  ];
}

const namesOf = (actions: readonly { readonly instance: string }[]): readonly string[] =>
  actions.map(({ instance }) => instance);

type Drain = Extract<Action, { do: 'drain' }>;

/** Instances that leave a pool for the same reason, in groups that one call can name: pools may be in several places. */
function batches(drains: readonly Drain[]): readonly (readonly Drain[])[] {
  const alike = Map.groupBy(drains, ({ pool, because }) => `${because} ${pool}`);
  return [...alike.values()].flatMap((all) =>
    Array.from({ length: Math.ceil(all.length / DRAINS_AT_ONCE) }, (_, index) =>
      all.slice(index * DRAINS_AT_ONCE, (index + 1) * DRAINS_AT_ONCE),
    ),
  );
}

async function actDrains(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const batch of batches(actions.filter((action) => action.do === 'drain'))) {
    const [first] = batch;
    if (first === undefined) continue;
    outcomes.push(
      ...(await stepTogether(batch, at, (some) =>
        at.fleet.drain(namesOf(some), first.because, at.clock.now(), NEVER),
      )),
    );
  }
  return outcomes;
}

/** How the agent's line on a failed boot begins. */
const BOOT_FAILED = 'boot failed: ';

/** The agent's last word on why it did not become ready. */
async function bootFailure(instance: string, at: Acting): Promise<string> {
  const output = await at.fleet.console(instance, NEVER).catch(() => '');
  const lines = [...output.matchAll(/runtide: (.*)/g)].map(([, said = '']) => said.trim());
  const reason = lines.findLast((line) => line.startsWith(BOOT_FAILED));
  if (reason !== undefined) return reason.slice(BOOT_FAILED.length);
  if (output === '') return 'no console output';
  // A hook or a command that hangs leaves only what came before it.
  const last = lines.at(-1);
  const heard =
    last === undefined ? 'the agent did not report on the console' : `the agent's last line is "${last}"`;
  return `${heard}: see its whole output in EC2`;
}

async function actTerminates(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const terminates = actions.filter((action) => action.do === 'terminate');
  const stuck = terminates.filter(({ because }) => because === 'stuck');
  const failures = new Map<string, string>();
  // First, because the console goes with the machine.
  await stepOneByOne(stuck, at, async ({ instance }) => {
    failures.set(instance, await bootFailure(instance, at));
  });
  const outcomes: Outcome[] = [];
  for (const ofPool of Map.groupBy(terminates, ({ pool }) => pool).values()) {
    outcomes.push(...(await stepTogether(ofPool, at, (some) => at.fleet.terminate(namesOf(some), NEVER))));
  }
  for (const { action, done } of outcomes) {
    const why = action.do === 'terminate' ? failures.get(action.instance) : undefined;
    // Told once, however often the call fails before.
    if (done && action.do === 'terminate' && why !== undefined) {
      at.recorder.record({ event: 'boot failed', pool: action.pool, instance: action.instance, why });
    }
  }
  return outcomes;
}

/** What was just bought boots already, and waits for its token. */
function ofBought(launches: readonly Outcome[], { policy }: Acting): readonly Action[] {
  const isolated = new Set(policy.pools.flatMap(({ name, isolated: own }) => (own === true ? [name] : [])));
  return launches.flatMap((outcome) => {
    const { pool } = outcome.action;
    if (!outcome.done || !isolated.has(pool)) return [];
    return (outcome.launched ?? []).map((instance): Action => ({ do: 'enrol', pool, instance }));
  });
}

function enrolmentOf({ enrolment }: Acting): Enrolment {
  if (enrolment === undefined) throw new Error('looking after runners of instances: nobody does');
  return enrolment;
}

function actEnrols(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const enrols = actions.filter((action) => action.do === 'enrol');
  return stepOneByOne(enrols, at, ({ pool, instance }) => enrolmentOf(at).enrol(pool, instance, NEVER));
}

function actDismissals(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const dismissals = actions.filter((action) => action.do === 'dismiss');
  return stepOneByOne(dismissals, at, ({ pool, instance }) => enrolmentOf(at).dismiss(pool, instance, NEVER));
}

function groupsOf({ groups }: Acting): Groups {
  if (groups === undefined) throw new Error('looking after Auto Scaling groups: nobody does');
  return groups;
}

async function actCancels(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const cancels = actions.filter((action) => action.do === 'cancel');
  for (const { pool, failure } of cancels) {
    if (failure !== undefined) at.recorder.record({ event: 'order failed', pool, failure });
  }
  return stepOneByOne(cancels, at, ({ pool, count }) => groupsOf(at).cancel(pool, count, NEVER));
}

function actHeartbeats(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const beats = actions.filter((action) => action.do === 'heartbeat');
  return stepOneByOne(beats, at, ({ pool, instance, hook }) =>
    groupsOf(at).heartbeat(pool, instance, hook, NEVER),
  );
}

function actCompletions(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const completions = actions.filter((action) => action.do === 'complete');
  return stepOneByOne(completions, at, ({ pool, instance, hook }) =>
    groupsOf(at).complete(pool, instance, hook, NEVER),
  );
}

function actForgets(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const forgets = actions.filter((action) => action.do === 'forget');
  return stepOneByOne(forgets, at, ({ pool, manager }) => at.runners.forget(pool, manager, NEVER));
}

/** Absence from a listing is not death: what EC2 knows by id, or says to be alive, is not retried. */
async function isGone(instance: string, at: Acting): Promise<boolean> {
  const found = await at.fleet.find([instance], NEVER);
  return found.every(({ state }) => state === 'terminated');
}

async function retry(action: Extract<Action, { do: 'retry' }>, at: Acting): Promise<Outcome> {
  const { retrier, lost = [] } = at;
  const job = lost.find(({ id }) => id === action.job);
  if (retrier === undefined || job === undefined)
    return { action, done: true, left: 'nobody asks for retries any more' };
  if (!(await isGone(action.instance, at))) {
    return { action, done: false, begun: false, why: `EC2 still knows ${action.instance}` };
  }
  const { project, since, begun = false } = job;
  return { action, done: true, ...(await retrier.retry({ project, job: job.id, since, begun }, NEVER)) };
}

async function actRetries(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const action of actions) {
    if (action.do === 'retry') outcomes.push(await step(action, at, () => retry(action, at)));
  }
  return outcomes;
}

/**
 * Carries out the actions: launches first, because jobs wait for them. Every action gets an outcome, and so does each
 * runner that is made for an instance just bought.
 */
export async function act(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const launches = await actLaunches(actions, at);
  return [
    ...launches,
    ...(await actCancels(actions, at)),
    ...(await actEnrols([...ofBought(launches, at), ...actions], at)),
    ...(await actHeartbeats(actions, at)),
    ...(await actDrains(actions, at)),
    ...(await actCompletions(actions, at)),
    ...(await actTerminates(actions, at)),
    ...(await actRetries(actions, at)),
    ...(await actDismissals(actions, at)),
    ...(await actForgets(actions, at)),
  ];
}
