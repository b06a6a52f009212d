import { after, type Duration, milliseconds, minutes } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import type { Identities } from './identities.ts';
import { isComplete, isHeld, type Job, type JobRecord, type JobStatus, repeatJob } from './job.ts';
import type { JobLedger } from './job-ledger.ts';
import type { ManagerRecord } from './manager.ts';
import type { PendingJobs } from './pending-jobs.ts';
import { advance, type Pipeline, skippedAfter } from './pipeline.ts';
import { ResourceGroups } from './resource-groups.ts';
import type { RunnerRecord } from './runner.ts';

/** GitLab looks for overdue jobs now and then: a living runner reports its own time-out first. */
const TIMEOUT_GRACE: Duration = minutes(1);

/** What the lifecycle of jobs rests on. */
export interface Surroundings {
  readonly timers: Timers;
  readonly identities: Identities;
  readonly ledger: JobLedger;
  readonly pending: PendingJobs;
  pipelineOf(job: Job): Pipeline;
  /** Starts a bridge's child pipeline. */
  startChild(bridge: JobRecord): void;
  /** The child that a bridge has started. */
  childOf(bridge: Job): Pipeline | undefined;
  /** Makes a change that a timer starts, with all that follows from it. */
  change(make: () => void): void;
  /** A job has come into being or changed its status by itself. */
  changed(job: JobRecord): void;
  /** A job waits for a runner from now on. */
  queued(job: JobRecord): void;
}

/** Every way in which a job changes its status, and what that means for the rest of its pipeline. */
export class Lifecycle {
  readonly #around: Surroundings;
  readonly #resources = new ResourceGroups();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** A new job, in its pipeline but not yet its turn. */
  create(job: JobRecord): void {
    this.#around.pipelineOf(job).add(job);
    if (job.trigger !== undefined) return;
    this.#around.ledger.add(job);
    this.#around.changed(job);
  }

  /** Starts and skips jobs until the pipeline waits for something. */
  advance(pipeline: Pipeline): void {
    for (let next = advance(pipeline); next.start.length + next.skip.length > 0; next = advance(pipeline)) {
      // A bridge of the list may have let others of it go on already.
      for (const job of next.skip) if (job.status === 'created') this.#move(job, 'skipped');
      for (const job of next.start) if (job.status === 'created') this.#turn(job);
    }
    this.#mirror(pipeline);
  }

  /** Queues a job whose turn has come, or one that a person starts. */
  queue(job: JobRecord): void {
    job.stopDelay?.();
    job.stopDelay = undefined;
    job.queuedAt = this.#around.timers.now();
    if (job.trigger !== undefined) {
      this.#trigger(job);
      return;
    }
    if (!this.#resources.take(job)) {
      this.#move(job, 'waiting_for_resource');
      return;
    }
    this.#move(job, 'pending');
    this.#around.pending.add(job);
    this.#around.queued(job);
  }

  /** The manager runs the job from now on. */
  start(job: JobRecord, runner: RunnerRecord, manager: ManagerRecord): void {
    this.#around.pending.remove(job);
    this.#endHandover(job);
    job.runner = runner;
    job.manager = manager;
    job.startedAt = this.#around.timers.now();
    manager.running.add(job.id);
    const limit = Math.min(job.timeout, runner.maximumTimeout ?? Infinity);
    const overdue = milliseconds(limit + TIMEOUT_GRACE);
    job.stopTimeout = this.#around.timers.after(overdue, () => {
      this.#around.change(() => this.finish(job, 'failed', 'stuck_or_timeout_failure'));
    });
    this.#around.ledger.taken(job, runner.id);
    this.#move(job, 'running');
  }

  /** Ends a job; the jobs after it start or are skipped. */
  finish(job: JobRecord, status: 'success' | 'failed' | 'canceled', failureReason?: string): void {
    this.#complete(job, status, failureReason);
    this.advance(this.#around.pipelineOf(job));
  }

  /** Cancels a job that is not complete; one that runs may first end its `after_script`, unless forced. */
  cancel(job: JobRecord, force = false): void {
    if (isComplete(job) || job.status === 'manual') return;
    if (job.trigger !== undefined) this.cancelAll(this.#around.childOf(job), force);
    if (job.status === 'canceling' && !force) return;
    if (job.status === 'running' && job.cancelsGracefully && !force) this.#move(job, 'canceling');
    else this.#complete(job, 'canceled');
  }

  /** Cancels what of a pipeline is not complete. */
  cancelAll(pipeline: Pipeline | undefined, force = false): void {
    for (const job of pipeline?.jobs() ?? []) if (!job.retried) this.cancel(job, force);
  }

  /** A person starts a job that waits for that; what was skipped because it had not run waits again. */
  play(job: JobRecord): void {
    const pipeline = this.#around.pipelineOf(job);
    for (const skipped of pipeline.needs.skippedBehind([job])) this.#reset(skipped);
    this.queue(job);
    this.advance(pipeline);
  }

  /** Ends a job and queues the next of its name in the same breath, so that later stages do not notice. */
  failAndRepeat(job: JobRecord, failureReason: string): JobRecord {
    this.#complete(job, 'failed', failureReason);
    return this.repeat(job, job.user);
  }

  /** A new job in place of a complete one; jobs that were skipped because of it wait again. */
  repeat(job: JobRecord, user: number): JobRecord {
    const pipeline = this.#around.pipelineOf(job);
    const { identities, timers } = this.#around;
    const again = repeatJob(job, {
      id: identities.next('job'),
      token: identities.jobToken(),
      createdAt: timers.now(),
      user,
    });
    job.retried = true;
    pipeline.note(job, timers.now());
    this.create(again);
    for (const skipped of skippedAfter(pipeline, job)) this.#reset(skipped);
    this.queue(again);
    this.#reopen(pipeline);
    this.advance(pipeline);
    return again;
  }

  #turn(job: JobRecord): void {
    if (job.when === 'manual') this.#move(job, 'manual');
    else if (job.when === 'delayed') this.#schedule(job);
    else this.queue(job);
  }

  #schedule(job: JobRecord): void {
    const { timers } = this.#around;
    job.scheduledAt = after(timers.now(), job.startIn);
    job.stopDelay = timers.after(job.startIn, () => this.#around.change(() => this.queue(job)));
    this.#move(job, 'scheduled');
  }

  #trigger(bridge: JobRecord): void {
    bridge.startedAt = this.#around.timers.now();
    this.#move(bridge, 'running');
    this.#around.startChild(bridge);
    if (bridge.trigger?.strategy !== 'depend') this.finish(bridge, 'success');
  }

  /** A bridge that depends on its child ends as the child did; a child that was skipped is a failure. */
  #mirror(child: Pipeline): void {
    const { bridge } = child;
    if (bridge?.trigger?.strategy !== 'depend' || bridge.status !== 'running') return;
    const { status } = child;
    if (status === 'success' || status === 'canceled') this.finish(bridge, status);
    if (status === 'failed' || status === 'skipped') this.finish(bridge, 'failed');
  }

  /** A job of a child runs again: so does the bridge that ended with it. */
  #reopen(child: Pipeline): void {
    const { bridge } = child;
    if (bridge?.trigger?.strategy !== 'depend' || !isComplete(bridge) || bridge.retried) return;
    const parent = this.#around.pipelineOf(bridge);
    bridge.finishedAt = undefined;
    for (const skipped of skippedAfter(parent, bridge)) this.#reset(skipped);
    this.#move(bridge, 'running');
    this.#reopen(parent);
  }

  #complete(job: JobRecord, status: JobStatus, failureReason?: string): void {
    this.#around.pending.remove(job);
    this.#endHandover(job);
    if (isHeld(job)) job.manager?.running.delete(job.id);
    job.stopTimeout?.();
    job.stopTimeout = undefined;
    job.stopDelay?.();
    job.stopDelay = undefined;
    job.finishedAt = this.#around.timers.now();
    job.failureReason = status === 'failed' ? (failureReason ?? 'unknown_failure') : undefined;
    this.#move(job, status);
    const next = this.#resources.release(job);
    if (next !== undefined) this.queue(next);
  }

  #endHandover(job: JobRecord): void {
    job.handover?.cancel();
    job.handover = undefined;
  }

  #move(job: JobRecord, status: JobStatus): void {
    this.#reset(job, status);
    if (job.trigger === undefined) this.#around.changed(job);
  }

  #reset(job: JobRecord, status: JobStatus = 'created'): void {
    if (job.trigger === undefined) this.#around.ledger.move(job, status);
    else job.status = status;
    this.#around.pipelineOf(job).note(job, this.#around.timers.now());
  }
}
