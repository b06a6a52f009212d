import { describe, expect, it } from 'vitest';
import { Turns } from './turns.ts';

describe('turns', () => {
  it('let a few work at once, and the others in their order', async () => {
    const turns = new Turns(2);
    const begun: number[] = [];
    const works = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const taken = works.map(({ promise }, index) =>
      turns.take(async () => {
        begun.push(index);
        await promise;
        return index;
      }),
    );
    expect(begun).toEqual([0, 1]);
    works[1]?.resolve();
    await taken[1];
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2]);
    for (const { resolve } of works) resolve();
    expect(await Promise.all(taken)).toEqual([0, 1, 2, 3]);
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it('go on after work that fails', async () => {
    const turns = new Turns(1);
    const failing = turns.take(() => Promise.reject(new Error('it broke')));
    const next = turns.take(() => Promise.resolve('done'));
    await expect(failing).rejects.toThrow('it broke');
    expect(await next).toBe('done');
  });
});
