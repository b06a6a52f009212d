import { closeSync, openSync, readSync, fstatSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const keptBytes = 65_536;

/** Reads what was added to a file since the last time; at most the last 64 KiB of it. */
export function followFile(path: string): () => string {
  let position = 0;
  let decoder = new StringDecoder('utf8');
  return () => {
    const added = readFrom(path, position);
    if (added === undefined) return '';
    if (added.restarted) decoder = new StringDecoder('utf8');
    position = added.end;
    return decoder.write(added.bytes);
  };
}

function readFrom(
  path: string,
  position: number,
): { readonly bytes: Buffer; readonly end: number; readonly restarted: boolean } | undefined {
  const file = openIfThere(path);
  if (file === undefined) return undefined;
  try {
    const { size } = fstatSync(file);
    const start = Math.max(size < position ? 0 : position, size - keptBytes);
    const bytes = Buffer.alloc(size - start);
    const length = readSync(file, bytes, 0, bytes.length, start);
    return { bytes: bytes.subarray(0, length), end: start + length, restarted: start !== position };
  } finally {
    closeSync(file);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
