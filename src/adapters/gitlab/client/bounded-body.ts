/** The body is larger than the limit. */
export class BodyTooLarge extends Error {}

/**
 * Reads a body to its end, at most `limit` bytes of it. Throws `BodyTooLarge` beyond the limit, the
 * signal's reason when that aborts, and whatever the stream fails with; the rest is given up.
 */
export async function readBounded(
  stream: Request['body'],
  limit: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (stream === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of untilAborted(stream, signal)) {
    size += chunk.byteLength;
    if (size > limit) throw new BodyTooLarge(`more than ${limit} bytes`);
    chunks.push(chunk);
  }
  signal?.throwIfAborted();
  return joined(chunks, size);
}

/** The stream's chunks; leaving early, and the signal, cancel it. */
async function* untilAborted(
  stream: NonNullable<Request['body']>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  signal?.addEventListener('abort', cancel);
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    signal?.removeEventListener('abort', cancel);
    cancel();
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return all;
}
