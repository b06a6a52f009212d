import type { JobRecord } from './job.ts';

/** Jobs handed back lowest id first: a binary heap, since jobs of later stages join with ids below those waiting. */
export class OldestFirst {
  readonly #heap: JobRecord[] = [];

  peek(): JobRecord | undefined {
    return this.#heap[0];
  }

  push(job: JobRecord): void {
    let at = this.#heap.push(job) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.#swapIfOlder(at, parent)) return;
      at = parent;
    }
  }

  pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    let at = 0;
    for (;;) {
      const child = this.#olderChild(at);
      if (!this.#swapIfOlder(child, at)) return;
      at = child;
    }
  }

  #olderChild(at: number): number {
    const left = 2 * at + 1;
    return this.#id(left + 1) < this.#id(left) ? left + 1 : left;
  }

  #id(at: number): number {
    return this.#heap[at]?.id ?? Infinity;
  }

  /** Puts the job at `lower` above the one at `upper` when it is older. */
  #swapIfOlder(lower: number, upper: number): boolean {
    const below = this.#heap[lower];
    const above = this.#heap[upper];
    if (below === undefined || above === undefined || below.id > above.id) return false;
    this.#heap[lower] = above;
    this.#heap[upper] = below;
    return true;
  }
}
