/**
 * Does `work` for every item, at most `limit` at a time, and answers in the order of the items. The
 * first failure aborts the signal that the others got, starts nothing more, and is what is thrown.
 */
export async function concurrently<T, R>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const results: R[] = [];
  const failures: { readonly error: unknown }[] = [];
  const queue = items.entries();

  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failures.length > 0) return;
      try {
        results[index] = await work(item, either);
      } catch (error) {
        failures.push({ error });
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));

  const [first] = failures;
  if (first !== undefined) throw first.error;
  return results;
}
