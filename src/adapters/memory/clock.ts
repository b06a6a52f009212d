import type { Clock } from '../../controller/ports.ts';
import { type Duration, after, type Instant, instant } from '../../engine/time.ts';
import { type Timer, TimerQueue } from './timer-queue.ts';

/** What the models of EC2 and GitLab need of time; the sandbox gives them real timers. */
export interface Timers {
  now(): Instant;
  /** Calls `run` once after `delay`; the answer cancels it. */
  after(delay: Duration, run: () => void | Promise<void>): () => void;
}

/** Lets every promise that can settle without time passing settle: by a macrotask, in Node and browsers alike. */
class Settling {
  readonly #channel = new MessageChannel();
  #done: () => void = () => undefined;

  constructor() {
    this.#channel.port1.addEventListener('message', () => this.#done());
    this.#channel.port1.start();
  }

  settle(): Promise<void> {
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#channel.port2.postMessage(undefined);
    });
  }

  /** An open channel would keep the process alive. */
  close(): void {
    this.#channel.port1.close();
  }
}

/** Time that passes only when it is told to, in the order of its timers. */
export class VirtualClock implements Clock, Timers {
  #now: Instant;
  #unsettled = false;
  readonly #timers = new TimerQueue();

  constructor(start: Instant = instant(Date.UTC(2026, 0, 5, 8))) {
    this.#now = start;
  }

  now(): Instant {
    return this.#now;
  }

  after(delay: Duration, run: () => void | Promise<void>): () => void {
    return this.#timers.add(after(this.#now, delay), run);
  }

  sleep(duration: Duration, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        signal?.removeEventListener('abort', wake);
        this.#unsettled = true;
        resolve();
      };
      const cancel = this.after(duration, wake);
      signal?.addEventListener('abort', wake);
    });
  }

  /** Lets `duration` pass; whatever its timers start has settled, or waits for later time, when this resolves. */
  async advance(duration: Duration): Promise<void> {
    const end = after(this.#now, duration);
    const settling = new Settling();
    try {
      await settling.settle();
      for (let next = this.#timers.next(end); next !== undefined; next = this.#timers.next(end)) {
        this.#now = next.at;
        const running = next.run();
        if (running !== undefined || this.#unsettled) await this.#settle(running, settling);
      }
    } finally {
      settling.close();
    }
    this.#now = end;
  }

  /** Fails as the timer fails, if it does so before it waits for later time. */
  async #settle(running: ReturnType<Timer['run']>, settling: Settling): Promise<void> {
    this.#unsettled = false;
    let failure: { readonly error: unknown } | undefined;
    running?.catch((error: unknown) => {
      failure = { error };
    });
    await settling.settle();
    if (failure !== undefined) throw failure.error;
  }
}
