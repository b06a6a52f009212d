import type { Clock } from '../../controller/ports.ts';
import { type Duration, after, type Instant, instant } from '../../engine/time.ts';

/** What the models of EC2 and GitLab need of time; the sandbox gives them real timers. */
export interface Timers {
  now(): Instant;
  /** Calls `run` once after `delay`; the answer cancels it. */
  after(delay: Duration, run: () => void | Promise<void>): () => void;
}

interface Timer {
  readonly at: Instant;
  readonly order: number;
  readonly run: () => void | Promise<void>;
}

/** Lets every promise that can settle without time passing settle: a macrotask, in Node and browsers alike. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}

/** Time that passes only when it is told to, in the order of its timers. */
export class VirtualClock implements Clock, Timers {
  #now: Instant;
  #order = 0;
  #unsettled = false;
  readonly #timers: Timer[] = [];

  constructor(start: Instant = instant(Date.UTC(2026, 0, 5, 8))) {
    this.#now = start;
  }

  now(): Instant {
    return this.#now;
  }

  after(delay: Duration, run: () => void | Promise<void>): () => void {
    const timer = { at: after(this.#now, delay), order: this.#order++, run };
    this.#insert(timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index !== -1) this.#timers.splice(index, 1);
    };
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
    await settle();
    for (let next = this.#timers.at(-1); next !== undefined && next.at <= end; next = this.#timers.at(-1)) {
      this.#timers.pop();
      this.#now = next.at;
      await this.#fire(next);
    }
    this.#now = end;
  }

  async #fire(timer: Timer): Promise<void> {
    const running = timer.run();
    if (running === undefined && !this.#unsettled) return;
    this.#unsettled = false;
    await Promise.race([running ?? settle(), settle()]);
    await settle();
  }

  /** Keeps the list sorted latest first, so that the next timer is popped from its end. */
  #insert(timer: Timer): void {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#timers[middle];
      if (
        other !== undefined &&
        (other.at > timer.at || (other.at === timer.at && other.order > timer.order))
      ) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    this.#timers.splice(low, 0, timer);
  }
}
