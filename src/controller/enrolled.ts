import type { Enrolled } from '../engine/instance.ts';
import type { Enrolment } from './ports.ts';

/** By pool and instance id, the runners that instances have for themselves; absent where that could not be read. */
type EnrolledByPool = Readonly<Record<string, ReadonlyMap<string, Enrolled>>>;

/** Asks for every pool; `tell` hears which could be read, and why one could not. */
export async function readEnrolled(
  enrolment: Pick<Enrolment, 'enrolled'> | undefined,
  pools: readonly string[],
  tell: (source: string, why?: string) => void,
  signal: AbortSignal,
): Promise<EnrolledByPool> {
  if (enrolment === undefined) return {};
  const read = await Promise.all(
    pools.map(async (pool) => {
      const source = `runners of instances of ${pool}`;
      try {
        const enrolled = await enrolment.enrolled(pool, signal);
        tell(source);
        return enrolled === undefined ? [] : [[pool, enrolled] as const];
      } catch (error) {
        tell(source, error instanceof Error ? error.message : String(error));
        return [];
      }
    }),
  );
  return Object.fromEntries(read.flat());
}
