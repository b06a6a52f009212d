import { after, type Duration, type Instant, milliseconds, seconds } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import { hex, type Random, seededRandom } from '../random.ts';

/** A message as a reader gets it. The receipt is new each time; only the last one deletes. */
export interface ReceivedMessage<Body> {
  readonly id: string;
  readonly body: Body;
  readonly receipt: string;
  readonly sentAt: Instant;
  /** How often it was received, this time included. */
  readonly receives: number;
}

/** How a reader asks. */
export interface ReceiveRequest {
  /** At most so many messages, 1 to 10. */
  readonly max: number;
  /** How long to wait while there is none. */
  readonly wait: Duration;
  /** How long nobody else gets them; default: the queue's own. */
  readonly visibility?: Duration | undefined;
}

export interface QueueOptions {
  readonly timers: Timers;
  readonly seed: number;
  readonly name: string;
  readonly visibility?: Duration;
}

interface Entry<Body> {
  readonly id: string;
  readonly body: Body;
  readonly sentAt: Instant;
  receives: number;
  receipt: string;
  hiddenUntil: Instant;
}

interface Waiter<Body> {
  readonly request: ReceiveRequest;
  readonly answer: (messages: readonly ReceivedMessage<Body>[]) => void;
}

const DEFAULT_VISIBILITY = seconds(30);

/** One standard queue of SQS: at least once, long polls, and messages that come again until they are deleted. */
export class Queue<Body> {
  readonly name: string;
  readonly visibility: Duration;
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #entries = new Map<string, Entry<Body>>();
  readonly #waiters = new Set<Waiter<Body>>();

  constructor({ timers, seed, name, visibility = DEFAULT_VISIBILITY }: QueueOptions) {
    this.name = name;
    this.visibility = visibility;
    this.#timers = timers;
    this.#random = seededRandom(seed);
  }

  /** Puts a message in, and answers its id. */
  send(body: Body): string {
    const now = this.#timers.now();
    const id = uuid(this.#random);
    this.#entries.set(id, { id, body, sentAt: now, receives: 0, receipt: '', hiddenUntil: now });
    if (this.#waiters.size > 0) this.#serveAfter(milliseconds(0));
    return id;
  }

  /** Takes messages that nobody else has, and waits for some where there are none. An abort ends the wait. */
  receive(request: ReceiveRequest, signal?: AbortSignal): Promise<readonly ReceivedMessage<Body>[]> {
    const taken = this.#take(request);
    if (taken.length > 0 || request.wait === 0 || signal?.aborted === true) return Promise.resolve(taken);
    return new Promise((resolve) => {
      const answer = (messages: readonly ReceivedMessage<Body>[]): void => {
        cancel();
        this.#waiters.delete(waiter);
        signal?.removeEventListener('abort', giveUp);
        resolve(messages);
      };
      const giveUp = (): void => answer([]);
      const cancel = this.#timers.after(request.wait, async () => giveUp());
      const waiter = { request, answer };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', giveUp);
    });
  }

  /** Deletes the message of the receipt; without effect where it was received again since, or is gone. */
  delete(receipt: string): void {
    const id = receipt.split('#')[0] ?? '';
    if (this.#entries.get(id)?.receipt === receipt) this.#entries.delete(id);
  }

  /** Whether the text has the form of a receipt of this queue. */
  isReceipt(text: string): boolean {
    return /^[0-9a-f-]{36}#[0-9]+$/.test(text);
  }

  /** How many messages can be received now, and how many somebody has. */
  counts(): { readonly visible: number; readonly inFlight: number } {
    const now = this.#timers.now();
    const all = [...this.#entries.values()];
    const visible = all.filter(({ hiddenUntil }) => hiddenUntil <= now).length;
    return { visible, inFlight: all.length - visible };
  }

  /** How many readers wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  #take({ max, visibility = this.visibility }: ReceiveRequest): readonly ReceivedMessage<Body>[] {
    const now = this.#timers.now();
    const free = [...this.#entries.values()].filter(({ hiddenUntil }) => hiddenUntil <= now).slice(0, max);
    if (free.length > 0 && visibility > 0) this.#serveAfter(visibility);
    return free.map((entry) => {
      entry.receives += 1;
      entry.receipt = `${entry.id}#${entry.receives}`;
      entry.hiddenUntil = after(now, visibility);
      const { id, body, sentAt, receives, receipt } = entry;
      return { id, body, sentAt, receives, receipt };
    });
  }

  /** As promises, so that virtual time waits for what readers do next. */
  #serveAfter(delay: Duration): void {
    this.#timers.after(delay, async () => this.#serve());
  }

  #serve(): void {
    for (const { request, answer } of this.#waiters) {
      const messages = this.#take(request);
      if (messages.length === 0) return;
      answer(messages);
    }
  }
}

function uuid(random: Random): string {
  return [8, 4, 4, 4, 12].map((length) => hex(random, length)).join('-');
}
