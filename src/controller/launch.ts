import type { Shortfall } from '../engine/history.ts';
import type { Outcome } from '../engine/outcome.ts';
import type { Action } from '../engine/action.ts';
import type { PoolPolicy } from '../engine/pool.ts';
import type { Duration, Instant } from '../engine/time.ts';
import { isPortError, type PortError, type PortErrorKind } from './errors.ts';
import type { Recorder } from './events.ts';
import type { Clock, Fleet, LaunchIntent, LaunchResult, Store } from './ports.ts';
import type { Term } from './term.ts';

export interface Launching {
  readonly clock: Clock;
  readonly fleet: Fleet;
  readonly store: Store;
  readonly recorder: Recorder;
  readonly term: Term;
  /** The longest that one call to the cloud may take. */
  readonly callTimeout: Duration;
  readonly signal: AbortSignal;
}

type Launch = Extract<Action, { do: 'launch' }>;

/** Unique for ever: the fence and the time tell apart what one counter would repeat after a restart. */
function launchIdFor(pool: string, fence: number, now: Instant, number: number): string {
  return [pool, fence.toString(36), now.toString(36), number.toString(36)].join('-');
}

/** Failures of a first try after which it is certain that nothing was bought; after any other it may have happened. */
const DEFINITE_AT_FIRST: readonly PortErrorKind[] = ['refused', 'unauthorized', 'throttled', 'not-found'];
/** A replay that is kept out says nothing about the lost first try: only a verdict on the request itself does. */
const DEFINITE_AT_REPLAY: readonly PortErrorKind[] = ['refused', 'not-found'];

function nothing(error: PortError): LaunchResult {
  return { launched: [], shortfalls: [{ code: error.kind, message: error.message }] };
}

/** Makes the call of a written intent and writes down its answer; throws when the answer is not known. */
async function carryOut(
  intent: LaunchIntent,
  definite: readonly PortErrorKind[],
  at: Launching,
): Promise<LaunchResult> {
  await at.term.secure(at.callTimeout);
  const result = await at.fleet.launch(intent.request, at.signal).catch((error: unknown) => {
    if (isPortError(error) && definite.includes(error.kind)) return nothing(error);
    throw error;
  });
  await at.store.closeIntent(intent.request.launchId, result, at.term.fence);
  return result;
}

function shortfallsOf(pool: string, result: LaunchResult, at: Instant): readonly Shortfall[] {
  return result.shortfalls.map(({ offering, code }) => ({
    pool,
    code,
    at,
    ...(offering !== undefined && { offering }),
  }));
}

/**
 * Finishes the launches whose answer was lost, byte for byte, before anything new is decided. Answers
 * with those that are answered now, dated now: they may have bought only now.
 */
export async function replayOpenIntents(at: Launching): Promise<readonly LaunchIntent[]> {
  const open = (await at.store.intents(at.clock.now())).filter(({ result }) => result === undefined);
  const answered: LaunchIntent[] = [];
  for (const intent of open) {
    if (at.signal.aborted) break;
    const { launchId } = intent.request;
    try {
      const result = await carryOut(intent, DEFINITE_AT_REPLAY, at);
      answered.push({ ...intent, openedAt: at.clock.now(), result });
      const launched = result.launched.map(({ id }) => id);
      at.recorder.record({ event: 'launch replayed', launchId, launched });
    } catch (error) {
      if (isPortError(error, 'fenced')) throw error;
      const why = error instanceof Error ? error.message : String(error);
      at.recorder.record({ event: 'launch unanswered', launchId, why });
    }
  }
  return answered;
}

/** Writes the launch down, then makes it: a crash in between is found and finished by the next pass. */
export async function launch(
  action: Launch,
  pool: PoolPolicy,
  number: number,
  at: Launching,
): Promise<Outcome> {
  await at.term.secure(at.callTimeout);
  const template = await at.fleet.prepare(action.pool, at.signal);
  const now = at.clock.now();
  const intent: LaunchIntent = {
    request: {
      launchId: launchIdFor(action.pool, at.term.fence, now, number),
      pool: action.pool,
      count: action.count,
      offerings: action.offerings,
      slots: pool.slots,
      ...(pool.maxJobs !== undefined && { maxJobs: pool.maxJobs }),
      generation: pool.generation,
      template,
    },
    fence: at.term.fence,
    openedAt: now,
  };
  await at.store.openIntent(intent);
  const result = await carryOut(intent, DEFINITE_AT_FIRST, at);
  return {
    action,
    done: true,
    launched: result.launched.map(({ id }) => id),
    ...(result.ordered !== undefined && { ordered: result.ordered }),
    shortfalls: shortfallsOf(action.pool, result, now),
  };
}
