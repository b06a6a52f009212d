import type { Outcome } from '../engine/outcome.ts';
import type { Action } from '../engine/action.ts';
import type { FleetPolicy } from '../engine/pool.ts';
import { isPortError } from './errors.ts';
import { launch, type Launching } from './launch.ts';
import type { RunnerRegistry } from './ports.ts';

export interface Acting extends Launching {
  readonly runners: RunnerRegistry;
  readonly policy: FleetPolicy;
}

/** How many calls, each for one instance, run at the same time. */
const CALLS_AT_ONCE = 8;
/** How many instances one call asks to drain: tagging them one by one would empty EC2's bucket of requests. */
const DRAINS_AT_ONCE = 500;

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

/** Runs one step for several actions, which succeed or fail together. */
async function stepTogether(
  actions: readonly Action[],
  at: Acting,
  run: () => Promise<void>,
): Promise<readonly Outcome[]> {
  const [first] = actions;
  if (first === undefined) return [];
  const outcome = await step(first, at, async () => {
    await run();
    return undefined;
  });
  return actions.map((action) => ({ ...outcome, action }));
}

type Drain = Extract<Action, { do: 'drain' }>;

/** Instances that leave for the same reason, in groups that one call can name. */
function batches(drains: readonly Drain[]): readonly (readonly Drain[])[] {
  const byReason = Map.groupBy(drains, ({ because }) => because);
  return [...byReason.values()].flatMap((all) =>
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
    const ids = batch.map(({ instance }) => instance);
    outcomes.push(
      ...(await stepTogether(batch, at, () => at.fleet.drain(ids, first.because, at.clock.now(), NEVER))),
    );
  }
  return outcomes;
}

/** The agent's last word on why it did not become ready. */
async function bootFailure(instance: string, at: Acting): Promise<string> {
  const output = await at.fleet.console(instance, NEVER).catch(() => '');
  const said = [...output.matchAll(/runtide: boot failed: (.*)/g)].at(-1)?.[1];
  if (said !== undefined) return said.trim();
  return output === ''
    ? 'no console output'
    : 'the agent did not report on the console: see its whole output in EC2';
}

async function actTerminates(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const terminates = actions.filter((action) => action.do === 'terminate');
  const stuck = terminates.filter(({ because }) => because === 'stuck');
  const failures = new Map<string, string>();
  // First, because the console goes with the machine.
  await stepOneByOne(stuck, at, async ({ instance }) => {
    failures.set(instance, await bootFailure(instance, at));
  });
  const ids = terminates.map(({ instance }) => instance);
  return stepTogether(terminates, at, async () => {
    await at.fleet.terminate(ids, NEVER);
    // Told once, however often the call fails before.
    for (const [instance, why] of failures) at.recorder.record({ event: 'boot failed', instance, why });
  });
}

function actForgets(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const forgets = actions.filter((action) => action.do === 'forget');
  return stepOneByOne(forgets, at, ({ pool, manager }) => at.runners.forget(pool, manager, NEVER));
}

/** Carries out the actions: launches first, because jobs wait for them. Every action gets an outcome. */
export async function act(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  return [
    ...(await actLaunches(actions, at)),
    ...(await actDrains(actions, at)),
    ...(await actTerminates(actions, at)),
    ...(await actForgets(actions, at)),
  ];
}
