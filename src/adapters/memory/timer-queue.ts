import type { Instant } from '../../engine/time.ts';

/** What happens at one moment. */
export interface Timer {
  readonly at: Instant;
  readonly run: () => void | Promise<void>;
}

interface Entry extends Timer {
  /** Of the timers of one moment, those made first come first. */
  readonly order: number;
  canceled: boolean;
}

const comesBefore = (one: Entry, other: Entry): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order);

/** Timers in the order of their times: a binary heap, in which canceled ones stay until their time has come. */
export class TimerQueue {
  readonly #heap: Entry[] = [];
  #order = 0;

  /** The answer cancels the timer. */
  add(at: Instant, run: Timer['run']): () => void {
    const entry = { at, run, order: this.#order++, canceled: false };
    this.#rise(entry, this.#heap.length);
    return () => {
      entry.canceled = true;
    };
  }

  /** Takes out the first that comes up to `end`; undefined where none does. */
  next(end: Instant): Timer | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.at <= end; first = this.#heap[0]) {
      this.#removeFirst();
      if (!first.canceled) return first;
    }
    return undefined;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#sink(last);
  }

  #rise(entry: Entry, from: number): void {
    const heap = this.#heap;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = heap[above];
      if (other === undefined || comesBefore(other, entry)) break;
      heap[place] = other;
      place = above;
    }
    heap[place] = entry;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let place = 0;
    for (;;) {
      const left = heap[2 * place + 1];
      const right = heap[2 * place + 2];
      const first = right !== undefined && left !== undefined && comesBefore(right, left) ? right : left;
      if (first === undefined || comesBefore(entry, first)) break;
      heap[place] = first;
      place = 2 * place + (first === left ? 1 : 2);
    }
    heap[place] = entry;
  }
}
