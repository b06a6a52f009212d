import type { Concern } from '../engine/concern.ts';
import { isPortError, type PortErrorKind } from './errors.ts';

/** Failures that last until somebody mends them. */
const LASTING: readonly PortErrorKind[] = ['unauthorized', 'not-found', 'refused'];

/** A failure that only an operator can mend, as a concern. Throws every other one again. */
export function lastingConcern(about: string, error: unknown): Concern {
  if (!isPortError(error) || !LASTING.includes(error.kind)) throw error;
  const { doing, why, requestId, next } = error.details;
  const request = requestId === undefined ? '' : ` (request ${requestId})`;
  return { about, why: `${doing}: ${why}${request}`, ...(next !== undefined && { next }) };
}
