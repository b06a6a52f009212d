import type { Duration } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import type { JobRecord } from './job.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { ManagerRecord } from './manager.ts';
import type { PendingJobs } from './pending-jobs.ts';
import type { RunnerRecord } from './runner.ts';

/** How often GitLab tries again by itself when a manager does not confirm a job. */
const PROVISIONING_RETRIES = 2;

/**
 * Two-phase commit: a job is handed to a manager, stays pending, and runs once the manager confirms it.
 * Without a word for the time-out GitLab fails it and, twice, puts a new job in its place.
 */
export class Handovers {
  readonly #timers: Timers;
  readonly #timeout: Duration;
  readonly #lifecycle: Lifecycle;
  readonly #pending: PendingJobs;
  readonly #change: (make: () => void) => void;

  constructor(
    timers: Timers,
    timeout: Duration,
    lifecycle: Lifecycle,
    pending: PendingJobs,
    change: (make: () => void) => void,
  ) {
    this.#timers = timers;
    this.#timeout = timeout;
    this.#lifecycle = lifecycle;
    this.#pending = pending;
    this.#change = change;
  }

  begin(job: JobRecord, runner: RunnerRecord, manager: ManagerRecord): void {
    this.#pending.remove(job);
    job.runner = runner;
    job.handover = { runner, manager, cancel: this.#expireLater(job) };
  }

  /** The manager still prepares: the time-out starts anew. */
  keepAlive(job: JobRecord): void {
    if (job.handover === undefined) return;
    job.handover.cancel();
    job.handover = { ...job.handover, cancel: this.#expireLater(job) };
  }

  #expireLater(job: JobRecord): () => void {
    return this.#timers.after(this.#timeout, () => this.#change(() => this.#expire(job)));
  }

  #expire(job: JobRecord): void {
    const reason = 'runner_provisioning_timeout';
    if (job.retries < PROVISIONING_RETRIES) this.#lifecycle.failAndRepeat(job, reason);
    else this.#lifecycle.finish(job, 'failed', reason);
  }
}
