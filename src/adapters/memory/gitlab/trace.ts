/** Whether a part of a log was taken, and how long the log is now, in bytes. */
export interface TraceAnswer {
  readonly accepted: boolean;
  readonly size: number;
}

/** A job's log: bytes that only grow at their end. */
export class Trace {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  /** In bytes. */
  get size(): number {
    return this.#size;
  }

  /** Appends `bytes` if they start exactly where the log ends; otherwise nothing changes. */
  append(start: number, bytes: Uint8Array): TraceAnswer {
    if (start !== this.#size) return { accepted: false, size: this.#size };
    if (bytes.length > 0) this.#parts.push(bytes);
    this.#size += bytes.length;
    return { accepted: true, size: this.#size };
  }

  /** The whole log as text. */
  text(): string {
    const decoder = new TextDecoder();
    const decoded = this.#parts.map((part) => decoder.decode(part, { stream: true }));
    return decoded.join('') + decoder.decode();
  }
}
