import { setTimeout as pause } from 'node:timers/promises';
import { type Job, reportedReason } from './job.ts';
import type { JobAnswerHeaders, JobUpdate, RunnerProtocol } from './protocol.ts';
import type { Trace } from './trace.ts';

/** How a job ended. */
export type JobResult =
  | { readonly state: 'success' }
  | { readonly state: 'failed'; readonly reason: string; readonly exitCode?: number };

const USUAL_INTERVAL = 3000;
const HEARTBEAT = 30_000;
const LARGEST_PIECE = 1024 * 1024;
const FINAL_TRIES = 10;

/** Tells GitLab what a job does, in pieces while it runs and as a whole at its end, and hears what GitLab wants. */
export class JobReport {
  /** Aborts when GitLab wants the job to end in order, so that its `after_script` runs. */
  readonly cancel: AbortSignal;
  /** Aborts when GitLab wants nothing more of the job. */
  readonly abort: AbortSignal;
  readonly #cancel = new AbortController();
  readonly #abort = new AbortController();
  readonly #ended = new AbortController();
  readonly #protocol: RunnerProtocol;
  readonly #job: Job;
  readonly #trace: Trace;
  #sent = 0;
  #sentAt = performance.now();
  #interval = USUAL_INTERVAL;
  #watching: Promise<void> = Promise.resolve();

  constructor(protocol: RunnerProtocol, job: Job, trace: Trace) {
    this.#protocol = protocol;
    this.#job = job;
    this.#trace = trace;
    this.cancel = this.#cancel.signal;
    this.abort = this.#abort.signal;
  }

  /** Accepts the job. False when GitLab has taken it back, or does not say that it is ours. */
  async accept(): Promise<boolean> {
    const answer = await this.#update({ state: 'running' });
    if (answer.kind !== 'done') return false;
    this.#watching = this.#watch();
    return true;
  }

  /** Reports the rest of the log and the result. False when GitLab could not be told. */
  async finish(result: JobResult): Promise<boolean> {
    this.#ended.abort();
    await this.#watching;
    this.#trace.end();
    if (this.abort.aborted) return true;
    this.#interval = USUAL_INTERVAL;
    for (let attempt = 0; attempt < FINAL_TRIES; attempt += 1) {
      if (attempt > 0) await pause(1000 * 2 ** (attempt - 1));
      if ((await this.#sendTrace()) && (await this.#sendResult(result))) return true;
    }
    return false;
  }

  async #watch(): Promise<void> {
    while (!this.#ended.signal.aborted && !this.abort.aborted) {
      await pause(this.#interval, undefined, { signal: this.#ended.signal }).catch(() => undefined);
      if (this.#ended.signal.aborted) return;
      await this.#sendPiece();
      if (performance.now() - this.#sentAt > HEARTBEAT) await this.#update({ state: 'running' });
    }
  }

  /** Sends what the trace has more. True when GitLab has all of it, or wants none. */
  async #sendTrace(): Promise<boolean> {
    while (this.#sent < this.#trace.size) {
      const kind = await this.#sendPiece();
      if (kind === 'gone' || kind === 'abort') return true;
      if (kind === 'failed') return false;
      if (kind === 'range') await pause(this.#interval);
    }
    return true;
  }

  async #sendPiece(): Promise<'done' | 'range' | 'gone' | 'abort' | 'failed'> {
    const bytes = this.#trace.slice(this.#sent, LARGEST_PIECE);
    if (bytes.length === 0) return 'done';
    const answer = await this.#protocol.appendTrace(this.#job, bytes, this.#sent);
    this.#hear(answer);
    if (answer.kind === 'done') this.#sent += bytes.length;
    if (answer.kind === 'range') this.#sent = Math.min(answer.offset, this.#trace.size);
    if (answer.kind === 'done' || answer.kind === 'range') this.#sentAt = performance.now();
    return answer.kind;
  }

  /** True when GitLab has the result, or wants none. */
  async #sendResult(result: JobResult): Promise<boolean> {
    for (;;) {
      const answer = await this.#update(this.#stateOf(result));
      if (answer.kind === 'done' || answer.kind === 'abort') return true;
      if (answer.kind === 'failed') return false;
      await pause(this.#interval);
      if (answer.kind === 'invalid-trace') {
        this.#sent = 0;
        if (!(await this.#sendTrace())) return false;
      }
    }
  }

  async #update(state: Pick<JobUpdate, 'state' | 'failureReason' | 'exitCode'>) {
    const update = { ...state, checksum: this.#trace.checksum(), bytesize: this.#trace.size };
    const answer = await this.#protocol.updateJob(this.#job, update);
    this.#hear(answer);
    if (answer.kind === 'done') this.#sentAt = performance.now();
    if (answer.kind === 'abort') this.#abort.abort();
    return answer;
  }

  #stateOf(result: JobResult): Pick<JobUpdate, 'state' | 'failureReason' | 'exitCode'> {
    if (result.state === 'success') return { state: 'success' };
    const failureReason = reportedReason(this.#job, result.reason);
    return {
      state: 'failed',
      failureReason,
      ...(result.exitCode === undefined ? {} : { exitCode: result.exitCode }),
    };
  }

  #hear(answer: JobAnswerHeaders): void {
    this.#interval = answer.interval ?? this.#interval;
    if (answer.wish === 'cancel') this.#cancel.abort();
    if (answer.wish === 'abort') this.#abort.abort();
  }
}
