import type { Timers } from '../clock.ts';
import { elapsed, type Instant, minutes } from '../../../engine/time.ts';
import { Ec2Error, invalidValue } from './error.ts';

const rememberedFor = minutes(24 * 60);

interface Remembered<T> {
  readonly at: Instant;
  readonly request: string;
  readonly answer: T;
}

/** Answers by client token: the same request again gets the same answer, for 24 hours. */
export class ClientTokens<T> {
  readonly #timers: Timers;
  readonly #answers = new Map<string, Remembered<T>>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /**
   * Carries `request` out once per token; without a token, every time. `IdempotentParameterMismatch`
   * when the token came with another request before.
   */
  once(token: string | undefined, request: unknown, carryOut: () => T): T {
    if (token === undefined) return carryOut();
    if (!/^[\x20-\x7e]{1,64}$/.test(token)) {
      throw invalidValue(`Client token '${token}' must be 1 to 64 ASCII characters.`);
    }
    this.#forgetOld();
    const known = this.#answers.get(token);
    const text = canonical(request);
    if (known === undefined) {
      const answer = carryOut();
      this.#answers.set(token, { at: this.#timers.now(), request: text, answer });
      return answer;
    }
    if (known.request !== text) {
      throw new Ec2Error(
        'IdempotentParameterMismatch',
        `The client token '${token}' was used before with other parameters.`,
      );
    }
    return known.answer;
  }

  #forgetOld(): void {
    const now = this.#timers.now();
    for (const [token, { at }] of this.#answers) {
      if (elapsed(at, now) <= rememberedFor) return;
      this.#answers.delete(token);
    }
  }
}

/** The same text for the same data, whatever the order of its keys. */
function canonical(data: unknown): string {
  return JSON.stringify(data, (_key, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
