import { describe, expect, it } from 'vitest';
import { FAMILIES, knownAutoscaler, pattern, USUAL } from './autoscalers.ts';

describe('the names of autoscalers', () => {
  it.each(USUAL)('%s stands for one', (name) => {
    expect(knownAutoscaler(name)?.name).toBe(name);
    expect(knownAutoscaler(name)?.about).not.toBe('');
  });

  it('give settings in the order of the family', () => {
    expect(knownAutoscaler('fixed-12')?.about).toContain('12');
  });

  it.each([
    '',
    'nobody',
    'fixed',
    'fixed-',
    'fixed-x',
    'fixed-1-2',
    'fixed--1',
    'fixed-1.5',
    'fixed-12345678',
  ])('"%s" stands for none', (name) => {
    expect(knownAutoscaler(name)).toBeUndefined();
  });

  it('are written as the family says, with settings that may be left out in brackets', () => {
    const [family] = FAMILIES.filter(({ name }) => name === 'fixed');
    expect(family && pattern(family)).toBe('fixed-MACHINES');
    expect(
      pattern({
        name: 'some',
        knobs: [{ name: 'IDLE' }, { name: 'MINUTES', otherwise: 5 }],
        make: () => ({ name: 'some', about: '', start: () => undefined }),
      }),
    ).toBe('some-IDLE[-MINUTES]');
  });
});
