import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Compared } from '../../simulator/comparison.ts';
import type { Trial } from '../../simulator/trial.ts';
import type { TrialMessage, TrialRequest } from './worker-message.ts';

/** Told whenever some of the trials have gone on: how much of all of them is done, 0 to 1, and how many are. */
export type TrialProgress = (share: number, done: number) => void;

/** A trial that has not begun; made when its turn comes, so that workloads need not all be there at once. */
export type TrialMaker = () => Trial;

export interface TrialWorkersOptions {
  readonly progress?: TrialProgress;
  /** How many threads; absent: as many as there are cores. */
  readonly threads?: number;
}

/**
 * Carries out trials in threads, and answers their results in the order of the trials. The results do not depend on
 * the number of threads. Rejects with the first failure.
 */
export async function tryAll(
  makers: readonly TrialMaker[],
  { progress = () => undefined, threads = availableParallelism() }: TrialWorkersOptions = {},
): Promise<readonly Compared[]> {
  const results: (Compared | undefined)[] = makers.map(() => undefined);
  const shares = makers.map(() => 0);
  let next = 0;
  const tell = (): void => {
    const done = results.filter((result) => result !== undefined).length;
    progress(shares.reduce((sum, share) => sum + share, 0) / Math.max(1, makers.length), done);
  };
  const work = async (): Promise<void> => {
    await using worker = startWorker();
    while (next < makers.length) {
      const number = next;
      next += 1;
      const trial = makers[number]?.();
      if (trial === undefined) continue;
      results[number] = await worker.carryOut({ number, trial }, (share) => {
        shares[number] = share;
        tell();
      });
      shares[number] = 1;
      tell();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, makers.length) }, work));
  return results.flatMap((result) => (result === undefined ? [] : [result]));
}

interface TrialThread extends AsyncDisposable {
  carryOut(request: TrialRequest, progress: (share: number) => void): Promise<Compared>;
}

function startWorker(): TrialThread {
  // Beside this file, with its ending: sources run unbuilt.
  const worker = new Worker(new URL(`./trial-worker${extname(import.meta.url)}`, import.meta.url));
  return {
    carryOut: (request, progress) =>
      new Promise((resolve, reject) => {
        const end = (settle: () => void): void => {
          worker.off('message', hear).off('error', fail);
          settle();
        };
        const fail = (error: unknown): void =>
          end(() => reject(error instanceof Error ? error : new Error(String(error))));
        const hear = (message: TrialMessage): void => {
          if (message.kind === 'progress') progress(message.share);
          else if (message.kind === 'done') end(() => resolve(message.result));
          else fail(new Error(`simulating ${request.trial.contender.name}: ${message.why}`));
        };
        worker.on('message', hear).on('error', fail);
        worker.postMessage(request, []);
      }),
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  };
}
