import { crc32 } from 'node:zlib';
import { Masker } from './masker.ts';

const FIRST_ROOM = 16 * 1024;

/** The log of one job, as GitLab will have it: secrets masked, and cut at a limit. */
export class Trace {
  readonly #masker: Masker;
  readonly #limit: number;
  #bytes = Buffer.alloc(FIRST_ROOM);
  #size = 0;
  #isFull = false;

  constructor(secrets: readonly string[], limit: number) {
    this.#masker = new Masker(secrets);
    this.#limit = limit;
  }

  write(text: string | Buffer): void {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    this.#append(this.#masker.push(bytes.toString('latin1')));
  }

  /** After this nothing is held back, and nothing may be written. */
  end(): void {
    this.#append(this.#masker.end());
  }

  get size(): number {
    return this.#size;
  }

  checksum(): string {
    return `crc32:${crc32(this.slice(0, this.#size)).toString(16).padStart(8, '0')}`;
  }

  /** At most `length` bytes from `offset` on. */
  slice(offset: number, length: number): Buffer {
    return this.#bytes.subarray(offset, Math.min(offset + length, this.#size));
  }

  #append(latin1: string): void {
    if (this.#isFull || latin1 === '') return;
    const room = this.#limit - this.#size;
    this.#put(Buffer.from(latin1.slice(0, room), 'latin1'));
    if (latin1.length <= room) return;
    this.#isFull = true;
    this.#put(Buffer.from(`\nJob's log exceeded limit of ${String(this.#limit)} bytes.\n`));
  }

  #put(bytes: Buffer): void {
    const size = this.#size + bytes.length;
    if (size > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(size, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#size);
      this.#bytes = larger;
    }
    bytes.copy(this.#bytes, this.#size);
    this.#size = size;
  }
}
