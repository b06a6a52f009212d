import { elapsed, type Instant, seconds } from '../engine/time.ts';
import type { LostWork } from './ports.ts';

/** A job that may have been lost with its instance, as GitLab has it now. */
export interface SuspectJob {
  /** GitLab's word. */
  readonly status: string;
  /** GitLab's word for why it failed; absent where it does not say. */
  readonly failureReason: string | undefined;
  readonly finishedAt: Instant | undefined;
}

/** What GitLab writes down when a runner or its machine gives up on a job, and never for what a script did. */
const LOST_BY_THE_RUNNER: ReadonlySet<string> = new Set([
  'runner_system_failure',
  'runner_interrupted',
  'stuck_or_timeout_failure',
  'unknown_failure',
]);

/** By more than the clocks of GitLab and of this controller may differ. */
const CLOCKS_DIFFER = seconds(60);

/** Why a job was not lost with its instance, or need not be retried; undefined for one that is to be retried. */
export function whyLeft(job: SuspectJob, { since, begun }: LostWork): string | undefined {
  switch (job.status) {
    case 'running':
    case 'canceling':
      return undefined;
    case 'failed':
      return whyFailureStays(job, since);
    case 'canceled':
      return begun ? undefined : 'it was canceled';
    default:
      return `it is ${job.status}`;
  }
}

function whyFailureStays({ failureReason, finishedAt }: SuspectJob, since: Instant): string | undefined {
  const reason = failureReason ?? 'unknown_failure';
  if (!LOST_BY_THE_RUNNER.has(reason)) return `it failed by itself (${reason})`;
  const early = finishedAt !== undefined && elapsed(finishedAt, since) > CLOCKS_DIFFER;
  return early ? 'it failed before its instance was lost' : undefined;
}
