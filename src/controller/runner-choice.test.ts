import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runnerIndexOf } from './runner-choice.ts';

const AGENT = readFileSync(fileURLToPath(new URL('../../agent/runtide-agent', import.meta.url)), 'utf8');

const ids = fc
  .bigInt({ min: 0n, max: 16n ** 17n - 1n })
  .map((number) => `i-${number.toString(16).padStart(17, '0')}`);

/** What the agent's own function chooses of `/0` to `/<count - 1>`, for each of the instances. */
function chosenByAgent(instances: readonly string[], count: number): readonly number[] {
  const choose = /^choose_parameters\(\) \{[^]*?^\}/m.exec(AGENT)?.[0] ?? '';
  const names = Array.from({ length: count }, (_, index) => `/${index}`).join(' ');
  const loop = `for instance; do parameters='${names}' token_use=one; choose_parameters; echo "$parameters"; done`;
  const said = execFileSync('/bin/sh', ['-euc', `${choose}\n${loop}`, 'sh', ...instances], {
    encoding: 'utf8',
  });
  return said
    .trim()
    .split('\n')
    .map((name) => Number(name.slice(1)));
}

describe('the runner of an instance among several', () => {
  it('is the one that the agent of the instance takes', () => {
    fc.assert(
      fc.property(
        fc.array(ids, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 60 }),
        (some, count) => {
          expect(chosenByAgent(some, count)).toEqual(some.map((id) => runnerIndexOf(id, count)));
        },
      ),
      { numRuns: 30 },
    );
  });

  it.each([
    ['i-0123456789abcdef0', 1, 0],
    ['i-0123456789abcdef0', 3, 0xdef0 % 3],
    ['i-1a2bffff', 7, 0xffff % 7],
    ['i-00000000000000000', 5, 0],
  ])('of %s among %d is %d', (id, count, index) => {
    expect(runnerIndexOf(id, count)).toBe(index);
    expect(chosenByAgent([id], count)).toEqual([index]);
  });

  it('is spread evenly', () => {
    const every = Array.from(
      { length: 0x10000 },
      (_, last) => `i-0000000000000${last.toString(16).padStart(4, '0')}`,
    );
    const shares = [...Map.groupBy(every, (id) => runnerIndexOf(id, 7)).values()].map(({ length }) => length);
    expect(shares).toHaveLength(7);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
  });

  it.each<[string, number]>([
    ['mi-0123456789abcdef0', 2],
    ['i-123', 2],
    ['i-0123456789ABCDEF0', 2],
    ['i-0123456789abcdef0', 0],
    ['i-0123456789abcdef0', 1.5],
  ])('is refused for %s among %d', (id, count) => {
    expect(() => runnerIndexOf(id, count)).toThrow(RangeError);
  });
});
