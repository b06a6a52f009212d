import type { RunnerScope } from '../engine/job.ts';
import type { RunnerRegistry } from './ports.ts';

/** Whose jobs the runner of each pool gets, by pool name; absent where it could not be read. */
export type Scopes = Readonly<Record<string, RunnerScope>>;

/** Reads the scope of every pool; `tell` hears which could be read, and why one could not. */
export async function readScopes(
  runners: RunnerRegistry,
  pools: readonly string[],
  tell: (source: string, why?: string) => void,
  signal: AbortSignal,
): Promise<Scopes> {
  const read = await Promise.all(
    pools.map(async (pool) => {
      const source = `runner of ${pool}`;
      try {
        const scope = await runners.scope(pool, signal);
        tell(source);
        return [[pool, scope] as const];
      } catch (error) {
        tell(source, error instanceof Error ? error.message : String(error));
        return [];
      }
    }),
  );
  return Object.fromEntries(read.flat());
}
