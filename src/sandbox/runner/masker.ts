const MASK = '[MASKED]';

/** Takes secrets out of a stream of bytes (as latin1 text), also where a secret arrives in pieces. */
export class Masker {
  readonly #secrets: readonly string[];
  #held = '';

  constructor(secrets: readonly string[]) {
    const bytes = secrets
      .filter((secret) => secret !== '')
      .map((secret) => Buffer.from(secret).toString('latin1'));
    // The longest first: a secret may be part of another.
    this.#secrets = bytes.toSorted((one, other) => other.length - one.length);
  }

  /** What can be said of all that has come so far; the start of what may become a secret is held back. */
  push(text: string): string {
    const masked = this.#mask(this.#held + text);
    const held = this.#lengthOfStart(masked);
    this.#held = masked.slice(masked.length - held);
    return masked.slice(0, masked.length - held);
  }

  /** What was held back. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }

  #mask(text: string): string {
    return this.#secrets.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
  }

  #lengthOfStart(text: string): number {
    const lengths = this.#secrets.map((secret) => {
      for (let length = Math.min(secret.length - 1, text.length); length > 0; length -= 1) {
        if (text.endsWith(secret.slice(0, length))) return length;
      }
      return 0;
    });
    return Math.max(0, ...lengths);
  }
}
