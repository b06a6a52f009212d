/**
 * Calls listeners only once a change is complete, so that a listener may change the model itself and
 * never sees it half changed. Calls come in the order in which they were posted.
 */
export class Outbox {
  #depth = 0;
  #calls: (() => void)[] = [];

  post(call: () => void): void {
    this.#calls.push(call);
  }

  /** Makes one change and then tells what it posted. */
  change<T>(make: () => T): T {
    this.#depth += 1;
    try {
      const result = make();
      if (this.#depth === 1) this.#tell();
      return result;
    } finally {
      this.#depth -= 1;
    }
  }

  /** Changes that listeners make post into the next round. */
  #tell(): void {
    while (this.#calls.length > 0) {
      const calls = this.#calls;
      this.#calls = [];
      for (const call of calls) call();
    }
  }
}

/** The listeners of one kind of news. */
export class Listeners<News> {
  readonly #listeners = new Set<(news: News) => void>();

  /** The answer ends it. */
  add(listener: (news: News) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  tell(news: News): void {
    for (const listener of this.#listeners) listener(news);
  }
}
