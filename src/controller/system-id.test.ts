import { array, assert, integer, property, stringMatching } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instanceIdOf, systemIdOf } from './system-id.ts';

const hex = (length: number) =>
  array(integer({ min: 0, max: 15 }), { minLength: length, maxLength: length }).map((digits) =>
    digits.map((digit) => digit.toString(16)).join(''),
  );

const base62 = stringMatching(/^[0-9a-zA-Z]{12}$/);

describe('system id', () => {
  it('reads back to the instance it was made from', () => {
    assert(
      property(hex(17), (digits) => {
        const systemId = systemIdOf(`i-${digits}`);
        expect(systemId).toMatch(/^[sr]_[0-9a-zA-Z]{12}$/);
        expect(instanceIdOf(systemId)).toBe(`i-${digits}`);
      }),
    );
  });

  it('fills an old id of 8 digits up with zeros', () => {
    expect(systemIdOf('i-1a2b3c4d')).toBe(systemIdOf('i-0000000001a2b3c4d'));
  });

  it('keeps the extremes apart', () => {
    expect(systemIdOf('i-00000000000000000')).toBe('r_000000000000');
    expect(systemIdOf('i-0000000000000003d')).toBe('r_00000000000z');
    expect(systemIdOf('i-0000000000000003e')).toBe('r_000000000010');
    expect(instanceIdOf(systemIdOf('i-fffffffffffffffff'))).toBe('i-fffffffffffffffff');
  });

  it('reads no other system id as an instance', () => {
    expect(instanceIdOf('r_zzzzzzzzzzzz')).toBeUndefined();
    expect(instanceIdOf('s_000000000001')).toBeUndefined();
    expect(instanceIdOf('r_00000000001')).toBeUndefined();
    expect(instanceIdOf('r_00000000000-')).toBeUndefined();
    expect(instanceIdOf('')).toBeUndefined();
  });

  it('answers every well-formed system id with nothing, or with the instance that has it', () => {
    assert(
      property(base62, (digits) => {
        const instance = instanceIdOf(`r_${digits}`);
        expect(instance === undefined || systemIdOf(instance) === `r_${digits}`).toBe(true);
      }),
    );
  });

  it('refuses what is no instance id', () => {
    expect(() => systemIdOf('i-123')).toThrow(/not i- and 8 or 17/);
    expect(() => systemIdOf('i-0123456789ABCDEF0')).toThrow(RangeError);
    expect(() => systemIdOf('mi-0123456789abcdef0')).toThrow(RangeError);
  });
});
