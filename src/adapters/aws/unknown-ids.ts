import { awsCode, awsWords } from './errors.ts';

/** The ids of the batch that EC2 says it does not know; undefined when the failure is another one. */
function idsNamedBy(error: unknown, batch: readonly string[]): readonly string[] | undefined {
  const code = awsCode(error);
  if (code !== 'InvalidInstanceID.NotFound' && code !== 'InvalidInstanceID.Malformed') return undefined;
  const named = new Set(awsWords(error).match(/[\w-]+/g));
  const unknown = batch.filter((id) => named.has(id));
  return unknown.length === 0 && batch.length === 1 ? batch : unknown;
}

/**
 * Makes a call for many ids, in batches of `size`. EC2 refuses a whole batch for one id that it does not
 * know: such ids are left out and the rest of the batch is tried again.
 */
export async function inBatches<T>(
  ids: readonly string[],
  size: number,
  attempt: (batch: readonly string[]) => Promise<T>,
): Promise<readonly T[]> {
  const answers: T[] = [];
  for (let start = 0; start < ids.length; start += size) {
    let batch = ids.slice(start, start + size);
    while (batch.length > 0) {
      try {
        answers.push(await attempt(batch));
        break;
      } catch (error) {
        const unknown = idsNamedBy(error, batch);
        if (unknown === undefined || unknown.length === 0) throw error;
        batch = batch.filter((id) => !unknown.includes(id));
      }
    }
  }
  return answers;
}
