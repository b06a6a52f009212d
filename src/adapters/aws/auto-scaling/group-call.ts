import { PortError, isPortError } from '../../../controller/errors.ts';
import { awsCall, type CallLimits } from '../aws-call.ts';
import { awsCode, awsWords } from '../errors.ts';

/** Auto Scaling has one code for every mistake, and tells by its words alone that something is not there. */
const NOT_THERE = /not found|no active lifecycle action|does not exist|is not part of/i;

/**
 * One attempt at a call of Auto Scaling. Throws `PortError`; `not-found` where the group, the member or what it
 * waits for is not there any more.
 */
export async function groupCall<T>(
  doing: string,
  limits: CallLimits,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  try {
    return await awsCall({ system: 'auto-scaling', doing }, limits, send);
  } catch (error) {
    if (!isPortError(error) || awsCode(error) !== 'ValidationError') throw error;
    if (!NOT_THERE.test(awsWords(error))) throw error;
    throw new PortError({ ...error.details, kind: 'not-found' });
  }
}

/** For what is no error: that the group has gone on without being told. */
export function unlessGone(error: unknown): undefined {
  if (isPortError(error, 'not-found')) return undefined;
  throw error;
}

/** What cannot be done with a group as it is. */
export function refusedGroup(doing: string, why: string, next: string): PortError {
  return new PortError({ kind: 'refused', system: 'auto-scaling', doing, why, next });
}
