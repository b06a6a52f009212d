import { describe, expect, it } from 'vitest';
import type { JobVariable } from './job.ts';
import { environmentOf } from './variables.ts';

function variable(key: string, value: string, more: Partial<JobVariable> = {}): JobVariable {
  return { key, value, file: false, masked: false, raw: false, ...more };
}

function environment(...variables: readonly JobVariable[]): Readonly<Record<string, string>> {
  return environmentOf(variables, (key) => `/files/${key}`);
}

describe('variables', () => {
  it('puts variables into each other', () => {
    const found = environment(variable('A', 'one'), variable('B', '$A and ${A}'), variable('C', '<$B>$NONE'));
    expect(found).toEqual({ A: 'one', B: 'one and one', C: '<one and one>' });
  });

  it('leaves raw variables and double dollars alone', () => {
    const found = environment(variable('A', 'one'), variable('B', '$A', { raw: true }), variable('C', '$$A'));
    expect(found).toMatchObject({ B: '$A', C: '$$A' });
  });

  it('takes the later of two variables of one name', () => {
    expect(environment(variable('A', 'one'), variable('A', 'two'))).toEqual({ A: 'two' });
  });

  it('gives a file variable as its path', () => {
    const found = environment(variable('KEY', 'secret', { file: true }), variable('B', 'at $KEY'));
    expect(found).toEqual({ KEY: '/files/KEY', B: 'at /files/KEY' });
  });

  it('ends with variables that hold each other', () => {
    expect(Object.keys(environment(variable('A', '$B'), variable('B', '$A')))).toEqual(['A', 'B']);
  });
});
