/** Those who want to hear of something; called in the order in which they came. */
export class Listeners<T> {
  readonly #all = new Set<(event: T) => void>();

  /** Adds a listener; the answer removes it. */
  add(listener: (event: T) => void): () => void {
    const own = (event: T): void => listener(event);
    this.#all.add(own);
    return () => {
      this.#all.delete(own);
    };
  }

  tell(event: T): void {
    for (const listener of this.#all) listener(event);
  }
}
