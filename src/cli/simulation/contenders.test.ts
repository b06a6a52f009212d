import { describe, expect, it } from 'vitest';
import { USUAL } from '../../simulator/autoscalers.ts';
import { against, policyFile } from './contenders.ts';

describe('--against', () => {
  it('takes names with commas between them, each once', () => {
    expect(against('fixed-3, fixed-5,fixed-3')).toEqual(['fixed-3', 'fixed-5']);
  });

  it('takes all, or none', () => {
    expect(against('all')).toEqual(USUAL);
    expect(against('none')).toEqual([]);
  });

  it.each(['nobody', 'fixed-3,', 'fixed'])('refuses %s, and says what there is', (text) => {
    expect(() => against(text)).toThrow(/There is no ".*".* There are all, none, .*fixed-MACHINES/);
  });

  it('suggests what was probably meant', () => {
    expect(() => against('fxed-40')).toThrow('There is no "fxed-40", did you mean fixed-40?');
  });
});

describe('--policy', () => {
  it('takes a name and a file, several times', () => {
    const first = policyFile('thrifty=a.yaml');
    expect(policyFile('quick=b=c.yaml', first)).toEqual([
      { name: 'thrifty', file: 'a.yaml' },
      { name: 'quick', file: 'b=c.yaml' },
    ]);
  });

  it.each(['a.yaml', '=a.yaml', 'thrifty='])('refuses %s', (text) => {
    expect(() => policyFile(text)).toThrow('It must be a name and a file, such as thrifty=thrifty.yaml.');
  });

  it.each(['yours', 'thrifty', 'fixed-40'])('refuses the name %s, which is taken', (name) => {
    expect(() => policyFile(`${name}=b.yaml`, [{ name: 'thrifty', file: 'a.yaml' }])).toThrow(
      `The name "${name}" is taken; choose another one.`,
    );
  });
});
