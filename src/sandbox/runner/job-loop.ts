import { setTimeout as pause } from 'node:timers/promises';
import { logAnswer } from './answer-log.ts';
import { type JobSurroundings, runJob } from './job-run.ts';
import { log } from './log.ts';
import type { JobAnswer } from './protocol.ts';
import { shortToken } from './short-token.ts';
import { Slots } from './slots.ts';

export interface JobLoopOptions {
  readonly surroundings: JobSurroundings;
  /** The slots of the whole process, and how many there are. */
  readonly slots: Slots;
  readonly concurrent: number;
  /** Milliseconds between two polls that give no job. */
  readonly checkInterval: number;
  /** Aborts when no more jobs may be taken. */
  readonly stop: AbortSignal;
}

const UNHEALTHY_LIMIT = 3;
const UNHEALTHY_PAUSE = 3_600_000;

/** Takes jobs for one registration while there are slots, until it is stopped; ends with its last job. */
export class JobLoop {
  readonly #options: JobLoopOptions;
  readonly #own: Slots;
  readonly #running = new Set<Promise<unknown>>();
  #unhealthy = 0;

  constructor(options: JobLoopOptions) {
    this.#options = options;
    const { limit } = options.surroundings.entry;
    this.#own = new Slots(limit === 0 ? options.concurrent : Math.min(limit, options.concurrent));
  }

  async run(): Promise<void> {
    const { stop, slots, checkInterval } = this.#options;
    while (!stop.aborted) {
      const own = await this.#own.take(stop);
      const slot = await slots.take(stop);
      if (own === undefined || slot === undefined) break;
      const isJob = await this.#poll(() => {
        slots.give(slot);
        this.#own.give(own);
      }, slot);
      if (!isJob) await this.#rest(checkInterval);
    }
    await Promise.all(this.#running);
  }

  /** Asks once. True when a job came; the slot is given back at the job's end, or now. */
  async #poll(give: () => void, slot: number): Promise<boolean> {
    const { surroundings, stop } = this.#options;
    const answer = await surroundings.protocol.requestJob(stop);
    this.#note(answer);
    // A job that came while stopping is not confirmed: GitLab gives it to another runner.
    if (answer.kind !== 'job' || stop.aborted) {
      give();
      return false;
    }
    const running = runJob(answer.job, slot, surroundings).finally(() => {
      give();
      this.#running.delete(running);
    });
    this.#running.add(running);
    return true;
  }

  #note(answer: JobAnswer): void {
    logAnswer(answer, this.#options.surroundings.entry.token);
    this.#unhealthy = answer.kind === 'unhealthy' ? this.#unhealthy + 1 : 0;
  }

  async #rest(checkInterval: number): Promise<void> {
    const { stop, surroundings } = this.#options;
    const isDisabled = this.#unhealthy >= UNHEALTHY_LIMIT;
    if (isDisabled) {
      const runner = shortToken(surroundings.entry.token);
      log('ERROR', 'Runner is unhealthy and will be disabled for 1h0m0s', { runner });
      this.#unhealthy = 0;
    }
    const length = isDisabled ? UNHEALTHY_PAUSE : checkInterval;
    await pause(length, undefined, { signal: stop }).catch(() => undefined);
  }
}
