/** The jobs that one process takes at a time; each has a number, the smallest that is free. */
export class Slots {
  readonly #free: number[];
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = Array.from({ length: count }, (_, index) => index);
  }

  /** Waits for a free slot; undefined when `signal` aborts first. */
  async take(signal: AbortSignal): Promise<number | undefined> {
    while (this.#free.length === 0 && !signal.aborted) await this.#change(signal);
    return signal.aborted ? undefined : this.#free.shift();
  }

  give(slot: number): void {
    this.#free.push(slot);
    this.#free.sort((one, other) => one - other);
    this.#waiting.shift()?.();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const proceed = (): void => {
        signal.removeEventListener('abort', proceed);
        resolve();
      };
      this.#waiting.push(proceed);
      signal.addEventListener('abort', proceed, { once: true });
    });
  }
}
