import type { Outcome } from '../engine/outcome.ts';
import type { Action } from '../engine/plan.ts';
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
async function stepByInstance<A extends Action>(
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

function actDrains(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const drains = actions.filter((action) => action.do === 'drain');
  return stepByInstance(drains, at, ({ instance, because }) =>
    at.fleet.drain(instance, because, at.clock.now(), NEVER),
  );
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
  const [first] = terminates;
  if (first === undefined) return [];
  const stuck = terminates.filter(({ because }) => because === 'stuck');
  await stepByInstance(stuck, at, async ({ instance }) => {
    at.recorder.record({ event: 'boot failed', instance, why: await bootFailure(instance, at) });
  });
  const ids = terminates.map(({ instance }) => instance);
  const all = await step(first, at, async () => {
    await at.fleet.terminate(ids, NEVER);
    return undefined;
  });
  return terminates.map((action) => ({ ...all, action }));
}

async function actForgets(actions: readonly Action[], at: Acting): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const action of actions) {
    if (action.do !== 'forget') continue;
    outcomes.push(
      await step(action, at, async () => {
        await at.runners.forget(action.pool, action.manager, NEVER);
        return undefined;
      }),
    );
  }
  return outcomes;
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
