import { isStatus } from '../status/model.ts';

const TIMEOUT = 2000;

/** Counts the daemon's passes over all its lives: each process counts its own from zero. */
export class PassCount {
  readonly #url: string;
  #ended = 0;
  #current = 0;

  constructor(statusUrl: string) {
    this.#url = statusUrl;
  }

  /** Asks the daemon; one that does not answer is starting, or gone. */
  async look(): Promise<void> {
    try {
      const answer = await fetch(`${this.#url}/api/status`, { signal: AbortSignal.timeout(TIMEOUT) });
      const status: unknown = await answer.json();
      if (!isStatus(status)) return;
      const { passes } = status.totals;
      if (passes < this.#current) this.#ended += this.#current;
      this.#current = passes;
    } catch {
      // The next look counts.
    }
  }

  get total(): number {
    return this.#ended + this.#current;
  }
}
