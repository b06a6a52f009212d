import { hex, type Random, seededRandom } from '../random.ts';

/** Ids and tokens as GitLab gives them, the same for the same seed. */
export class Identities {
  readonly #random: Random;
  readonly #last = new Map<string, number>();

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** The next id of one kind of thing, from 1. */
  next(kind: string): number {
    const id = (this.#last.get(kind) ?? 0) + 1;
    this.#last.set(kind, id);
    return id;
  }

  /** One for a runner that was registered with a registration token looks different. */
  runnerToken(registered = false): string {
    return `${registered ? 'glrtr-' : 'glrt-'}${hex(this.#random, 20)}`;
  }

  jobToken(): string {
    return `glcbt-64_${hex(this.#random, 20)}`;
  }

  /** A commit id. */
  sha(): string {
    return hex(this.#random, 40);
  }

  /** What `X-GitLab-Last-Update` carries. */
  lastUpdate(): string {
    return hex(this.#random, 32);
  }
}
