import { log } from './log.ts';
import type { JobAnswer } from './protocol.ts';
import { shortToken } from './short-token.ts';

/** Says what came of asking for a job, where that is worth a line. */
export function logAnswer(answer: JobAnswer, token: string): void {
  const fields = { runner: shortToken(token) };
  if (answer.kind === 'job') log('INFO', 'Checking for jobs... received', { job: answer.job.id, ...fields });
  if (answer.kind === 'failed') log('WARNING', `Checking for jobs... failed: ${answer.why}`, fields);
  if (answer.kind === 'unhealthy') log('ERROR', `Checking for jobs... forbidden: ${answer.why}`, fields);
}
