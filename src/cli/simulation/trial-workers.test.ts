import { describe, expect, it } from 'vitest';
import { instant, minutes, seconds } from '../../engine/time.ts';
import { STANDARD } from '../../simulator/conditions.ts';
import type { Trial } from '../../simulator/trial.ts';
import { tryAll } from './trial-workers.ts';

const START = instant(Date.UTC(2026, 0, 5, 8));

function trialOf(name: string): () => Trial {
  return () => ({
    contender: { kind: 'known', name },
    conditions: STANDARD,
    workload: {
      name: 'an hour',
      start: START,
      length: minutes(60),
      pipelines: [5, 6, 30].map((at) => ({
        at: minutes(at),
        project: 'acme/web',
        stages: ['test'],
        jobs: [{ name: 'unit', stage: 'test', tags: [], duration: seconds(90) }],
      })),
    },
  });
}

const NAMES = ['fixed-1', 'fixed-4', 'fixed-2', 'fixed-3', 'fixed-5'];

describe('trials in threads', () => {
  it('answer in the order of the trials, the same on one thread and on several', async () => {
    const makers = NAMES.map(trialOf);
    const alone = await tryAll(makers, { threads: 1 });
    const together = await tryAll(makers, { threads: 3 });
    expect(alone.map(({ name }) => name)).toEqual(NAMES);
    expect(alone.map(({ summary }) => summary?.launched)).toEqual([1, 4, 2, 3, 5]);
    expect(JSON.stringify(together)).toBe(JSON.stringify(alone));
  });

  it('tell how far they are, up to the end', async () => {
    const told: (readonly [number, number])[] = [];
    await tryAll(NAMES.slice(0, 2).map(trialOf), { threads: 1, progress: (...at) => told.push(at) });
    const shares = told.map(([share]) => share);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(told.at(-1)).toEqual([1, 2]);
  });

  it('fail with the name of the first that cannot be carried out', async () => {
    const makers = ['fixed-1', 'nobody', 'fixed-2'].map(trialOf);
    await expect(tryAll(makers, { threads: 2 })).rejects.toThrow('simulating nobody');
  });

  it('are none where none is asked for', async () => {
    expect(await tryAll([])).toEqual([]);
  });
});
