import type { Handovers } from './handover.ts';
import { isHeld, type Job, type JobRecord } from './job.ts';
import type { Lifecycle } from './lifecycle.ts';

/** What a manager says of the job it holds. */
export interface JobUpdate {
  /** `pending` keeps a handover alive, `running` confirms it or is a sign of life. */
  readonly state: string;
  readonly failureReason?: string | undefined;
  readonly exitCode?: number | undefined;
}

/** How GitLab takes it: `forbidden` for a job that nobody holds (any more), `invalid` for a state that fits no such job. */
export interface UpdateAnswer {
  readonly outcome: 'ok' | 'invalid' | 'forbidden';
  /** Absent when no job has that token. */
  readonly job: Job | undefined;
}

/** Applies a manager's word to a job. */
export function updateJob(
  job: JobRecord,
  update: JobUpdate,
  lifecycle: Lifecycle,
  handovers: Handovers,
): UpdateAnswer {
  if (job.handover !== undefined) return inHandover(job, update, lifecycle, handovers);
  if (!isHeld(job)) return { outcome: 'forbidden', job };
  switch (update.state) {
    case 'running':
      return { outcome: 'ok', job };
    case 'success':
    case 'failed':
      job.exitCode = update.exitCode;
      // Whatever a canceled job came to, it was canceled.
      lifecycle.finish(job, job.status === 'canceling' ? 'canceled' : update.state, update.failureReason);
      return { outcome: 'ok', job };
    default:
      return { outcome: 'invalid', job };
  }
}

function inHandover(
  job: JobRecord,
  update: JobUpdate,
  lifecycle: Lifecycle,
  handovers: Handovers,
): UpdateAnswer {
  const handover = job.handover;
  if (update.state === 'running' && handover !== undefined) {
    lifecycle.start(job, handover.runner, handover.manager);
    return { outcome: 'ok', job };
  }
  if (update.state !== 'pending') return { outcome: 'invalid', job };
  handovers.keepAlive(job);
  return { outcome: 'ok', job };
}
