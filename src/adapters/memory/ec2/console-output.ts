import type { Instant } from '../../../engine/time.ts';

const keptBytes = 65_536;

/** The serial console of one instance: EC2 keeps the last 64 KiB. */
export class ConsoleOutput {
  #text = '';
  #updatedAt: Instant;
  #source: (() => string) | undefined;

  constructor(startedAt: Instant) {
    this.#updatedAt = startedAt;
  }

  append(text: string, now: Instant): void {
    if (text === '') return;
    this.#updatedAt = now;
    this.#text = lastBytes(this.#text + text);
  }

  /** Takes what `source` has new whenever the console is read. */
  follow(source: () => string): void {
    this.#source = source;
  }

  read(now: Instant): { readonly text: string; readonly updatedAt: Instant } {
    this.append(this.#source?.() ?? '', now);
    return { text: this.#text, updatedAt: this.#updatedAt };
  }

  /** Takes what is left and stops following. */
  settle(now: Instant): void {
    this.read(now);
    this.#source = undefined;
  }
}

function lastBytes(text: string): string {
  // because three bytes hold any UTF-16 unit, shorter texts need no count
  if (text.length * 3 <= keptBytes) return text;
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= keptBytes) return text;
  let start = bytes.length - keptBytes;
  while (isContinuation(bytes[start])) start++;
  return new TextDecoder().decode(bytes.subarray(start));
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
