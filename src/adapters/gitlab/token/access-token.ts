/**
 * The access token in use. One that was rotated is newer than what the configuration says until that is loaded again,
 * so it outlives every reload.
 */
export class AccessToken {
  #value: string;
  #kept = true;
  /** GitLab has revoked these: they never come back. */
  readonly #replaced = new Set<string>();

  constructor(value: string) {
    this.#value = value;
  }

  current(): string {
    return this.#value;
  }

  /** Whether it is kept where the configuration finds it; otherwise it is lost with this process. */
  isKept(): boolean {
    return this.#kept;
  }

  /** What stands there now: used from now on, unless it is one that was replaced. */
  found(value: string): void {
    if (this.#replaced.has(value)) return;
    this.#value = value;
    this.#kept = true;
  }

  /** GitLab gave this one in place of the present one. */
  rotated(value: string): void {
    this.#replaced.add(this.#value);
    this.#value = value;
    this.#kept = false;
  }

  /** The present one is kept. */
  kept(): void {
    this.#kept = true;
  }
}
