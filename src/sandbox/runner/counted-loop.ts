import { setTimeout as pause } from 'node:timers/promises';
import { logAnswer } from './answer-log.ts';
import { type JobSurroundings, runJob } from './job-run.ts';
import { log } from './log.ts';

export interface CountedLoopOptions {
  readonly surroundings: JobSurroundings;
  /** How many jobs are run before it ends. */
  readonly builds: number;
  /** Milliseconds between two polls that give no job. */
  readonly checkInterval: number;
  /** Aborts when no more jobs may be asked for. */
  readonly stop: AbortSignal;
}

const UNHEALTHY_PAUSE = 300_000;

/**
 * Takes jobs one after the other until it has had its number. As with GitLab's `run-single`, a request that is
 * open when it is stopped is waited for, and the job that it brings is run.
 */
export async function runCounted({
  surroundings,
  builds,
  checkInterval,
  stop,
}: CountedLoopOptions): Promise<void> {
  const { protocol, entry, interrupt } = surroundings;
  let left = builds;
  while (left > 0 && !stop.aborted) {
    const answer = await protocol.requestJob(interrupt);
    logAnswer(answer, entry.token);
    if (answer.kind === 'job' && !interrupt.aborted) {
      if (await runJob(answer.job, 0, surroundings)) left -= 1;
    } else {
      const length = answer.kind === 'unhealthy' ? UNHEALTHY_PAUSE : checkInterval;
      await pause(length, undefined, { signal: stop }).catch(() => undefined);
    }
  }
  if (left === 0) log('INFO', 'This runner has processed its build limit, so now exiting');
}
