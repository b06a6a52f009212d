import { describe, expect, it } from 'vitest';
import { aPool } from '../../test/support/observations.ts';
import { failure, type Scripts, termInOffice } from '../../test/support/scripted-ports.ts';
import type { Action } from '../engine/action.ts';
import { act } from './act.ts';

const terminate = (instance: string): Action => ({
  do: 'terminate',
  pool: 'linux',
  instance,
  because: 'orphaned',
});
const drain = (instance: string, pool = 'linux'): Action => ({
  do: 'drain',
  pool,
  instance,
  because: 'idle',
});

/** Which of the actions were done, in the order of the outcomes, and the calls that this took. */
async function doing(actions: readonly Action[], fleet: Scripts['fleet'] = {}) {
  const { at, calls } = await termInOffice({ pools: [aPool(), aPool({ name: 'far' })], fleet });
  const outcomes = await act(actions, at);
  return { done: outcomes.map((outcome) => outcome.done), calls };
}

/** Refuses every call that names one of these. */
const protects = (...bad: readonly string[]) => ({
  terminate: async (ids: readonly string[]) => {
    if (ids.some((id) => bad.includes(id))) throw failure('refused', 'OperationNotPermitted');
  },
});

describe('one instance that may not be touched', () => {
  it('does not keep the others', async () => {
    const { done, calls } = await doing(['i-1', 'i-2', 'i-3', 'i-4'].map(terminate), protects('i-2'));
    expect(done).toEqual([true, false, true, true]);
    expect(calls).toEqual([
      'terminate i-1 i-2 i-3 i-4',
      'terminate i-1 i-2',
      'terminate i-1',
      'terminate i-2',
      'terminate i-3 i-4',
    ]);
  });

  it('among 500 is found by few calls', async () => {
    const ids = Array.from({ length: 500 }, (_, index) => `i-${index}`);
    const { done, calls } = await doing(
      ids.map((id) => drain(id)),
      {
        drain: async (some) => {
          if (some.includes('i-77')) throw failure('refused', 'TagLimitExceeded');
        },
      },
    );
    expect(done.flatMap((well, index) => (well ? [] : [index]))).toEqual([77]);
    expect(calls.length).toBeLessThanOrEqual(20);
  });

  it('is not looked for for ever where the whole request is wrong', async () => {
    const ids = Array.from({ length: 500 }, (_, index) => `i-${index}`);
    const { done, calls } = await doing(ids.map(terminate), protects(...ids));
    expect(done).toEqual(ids.map(() => false));
    expect(calls.length).toBeLessThan(60);
  });

  it('is not looked for where the call failed for another reason', async () => {
    const { done, calls } = await doing([drain('i-1'), drain('i-2')], {
      drain: async () => {
        throw failure('throttled');
      },
    });
    expect(done).toEqual([false, false]);
    expect(calls).toHaveLength(1);
  });
});

describe('a place that does not answer', () => {
  it('does not make the drains of other pools look as if they had failed', async () => {
    const { done } = await doing([drain('i-1'), drain('i-2', 'far')], {
      drain: async (ids) => {
        if (ids.includes('i-2')) throw failure('unreachable');
      },
    });
    expect(done).toEqual([true, false]);
  });
});
