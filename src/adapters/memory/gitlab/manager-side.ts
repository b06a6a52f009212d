import type { Instant } from '../../../engine/time.ts';
import type { Handovers } from './handover.ts';
import { isHeld, type Job, type JobRecord } from './job.ts';
import type { JobLedger } from './job-ledger.ts';
import { type JobUpdate, updateJob, type UpdateAnswer } from './job-update.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Contact } from './manager.ts';
import type { PendingJobs } from './pending-jobs.ts';
import type { Runners } from './runners.ts';

/** What a manager sends to get a job. */
export interface JobRequest extends Contact {
  /** The manager confirms the job by `running`; absent: it runs at once. */
  readonly twoPhase?: boolean;
  /** The manager lets canceled jobs finish their `after_script`. */
  readonly cancelsGracefully?: boolean;
}

/** How GitLab took a part of a log; `range` when it does not start where the log ends. */
export interface TraceUpdateAnswer {
  readonly outcome: 'ok' | 'range' | 'forbidden';
  /** Bytes held now. */
  readonly size: number;
  readonly job: Job | undefined;
}

interface Parts {
  readonly now: () => Instant;
  readonly ledger: JobLedger;
  readonly pending: PendingJobs;
  readonly runners: Runners;
  readonly lifecycle: Lifecycle;
  readonly handovers: Handovers;
}

/** What managers ask of GitLab. */
export class ManagerSide {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  requestJob(request: JobRequest): Job | undefined {
    const { runners, pending, handovers, lifecycle } = this.#parts;
    const runner = runners.withToken(request.token);
    if (runner === undefined) return undefined;
    const manager = runners.contact(runner, request);
    const job = runner.paused ? undefined : pending.oldestFor(runner);
    if (job === undefined) return undefined;
    job.cancelsGracefully = request.cancelsGracefully ?? false;
    if (request.twoPhase === true) handovers.begin(job, runner, manager);
    else lifecycle.start(job, runner, manager);
    return job;
  }

  updateJob(jobToken: string, update: JobUpdate): UpdateAnswer {
    const job = this.#parts.ledger.withToken(jobToken);
    if (job === undefined) return { outcome: 'forbidden', job: undefined };
    this.#heartbeat(job);
    return updateJob(job, update, this.#parts.lifecycle, this.#parts.handovers);
  }

  appendTrace(jobToken: string, start: number, part: Uint8Array | string): TraceUpdateAnswer {
    const job = this.#parts.ledger.withToken(jobToken);
    if (job === undefined || !isHeld(job)) return { outcome: 'forbidden', size: job?.trace.size ?? 0, job };
    this.#heartbeat(job);
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part;
    const { accepted, size } = job.trace.append(start, bytes);
    return { outcome: accepted ? 'ok' : 'range', size, job };
  }

  removeManager(token: string, systemId: string): boolean {
    const runner = this.#parts.runners.withToken(token);
    const manager = runner?.managers.find(systemId);
    if (runner === undefined || manager === undefined) return false;
    for (const id of manager.running) {
      const job = this.#parts.ledger.find(id);
      if (job !== undefined) job.manager = undefined;
    }
    runner.managers.remove(manager, this.#parts.now());
    return true;
  }

  /** A word about a job is a word from its manager. */
  #heartbeat(job: JobRecord): void {
    if (!isHeld(job)) return;
    if (job.manager !== undefined) job.manager.contactedAt = this.#parts.now();
    if (job.runner !== undefined) job.runner.contactedAt = this.#parts.now();
  }
}
