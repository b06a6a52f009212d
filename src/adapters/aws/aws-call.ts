import { PortError } from '../../controller/errors.ts';
import type { Duration } from '../../engine/time.ts';
import { type CallDescription, portErrorOf } from './errors.ts';

/** What ends a call early. */
export interface CallLimits {
  /** The caller's: once it aborts, no call starts. */
  readonly signal: AbortSignal;
  /** Aborts when the time-out has passed; several calls of one operation share it. */
  readonly deadline: AbortSignal;
}

/** The limits of what begins now. */
export function limitsOf(signal: AbortSignal, timeout: Duration): CallLimits {
  return { signal, deadline: AbortSignal.timeout(timeout) };
}

/**
 * One attempt at an AWS call under the caller's signal and a deadline.
 * Throws `PortError`; `unreachable` when it was stopped, took too long, or got no answer.
 */
export async function awsCall<T>(
  call: CallDescription,
  { signal, deadline }: CallLimits,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  if (signal.aborted || deadline.aborted) {
    const why = signal.aborted ? 'stopped before it began' : 'the time-out passed before it began';
    throw new PortError({ ...call, kind: 'unreachable', why });
  }
  try {
    return await send({ abortSignal: AbortSignal.any([signal, deadline]) });
  } catch (error) {
    throw portErrorOf(error, call, { stopped: signal.aborted, timedOut: deadline.aborted });
  }
}
