import type { z } from 'zod';

import { damaged, storeFailure } from './errors.ts';

/** One kind of value that is kept as JSON text. What it writes it can read. */
export class Document<T> {
  readonly #name: string;
  readonly #shape: z.ZodType<T>;

  constructor(name: string, shape: z.ZodType<T>) {
    this.#name = name;
    this.#shape = shape;
  }

  /** The text of `value`; `refused` when it could not be read back, as with NaN. */
  write(value: T, doing: string): string {
    const flaw = this.#flawOf(value);
    if (flaw === undefined) return JSON.stringify(value);
    throw storeFailure('refused', doing, `this ${this.#name} could not be read back: ${flaw}`);
  }

  /** The value that `text` stands for; `invalid-answer` when the text is damaged. */
  read(text: unknown, doing: string): T {
    const value = this.#parse(text, doing);
    if (this.#accepts(value)) return value;
    throw damaged(doing, `the ${this.#name} is damaged: ${this.#flawOf(value)}`);
  }

  #parse(text: unknown, doing: string): unknown {
    if (typeof text !== 'string') throw damaged(doing, `the ${this.#name} is no text`);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw damaged(doing, `the ${this.#name} is damaged: it is no JSON`, error);
    }
  }

  // The value itself is handed on, not zod's copy of it: a field that is newer than its shape survives.
  #accepts(value: unknown): value is T {
    return this.#shape.safeParse(value).success;
  }

  #flawOf(value: unknown): string | undefined {
    const issue = this.#shape.safeParse(value).error?.issues[0];
    return issue && `${issue.path.join('.') || 'the whole'}: ${issue.message}`;
  }
}
