import { assert, array, constantFrom, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Masker } from './masker.ts';

function masked(secrets: readonly string[], pieces: readonly string[]): string {
  const masker = new Masker(secrets);
  return pieces.map((piece) => masker.push(piece)).join('') + masker.end();
}

describe('masker', () => {
  it('masks a secret that arrives in pieces', () => {
    expect(masked(['hunter2'], ['a hun', 'te', 'r2 b'])).toBe('a [MASKED] b');
  });

  it('masks the longer of two secrets that overlap', () => {
    expect(masked(['abc', 'abcdef'], ['abcdef'])).toBe('[MASKED]');
  });

  it('holds back no more than what may become a secret', () => {
    const masker = new Masker(['hunter2']);
    expect(masker.push('the hun')).toBe('the ');
    expect(masker.push('dred')).toBe('hundred');
  });

  it('masks secrets of more than one byte a character', () => {
    const bytes = Buffer.from('x pässword y').toString('latin1');
    expect(masked(['pässword'], [bytes])).toBe('x [MASKED] y');
  });

  it('never shows the secret and loses nothing else, however it is cut', () => {
    assert(
      property(array(constantFrom('s3cret', 's3c', 'ret', 's', ' ', 'x')), (pieces) => {
        const whole = pieces.join('').replaceAll('s3cret', '[MASKED]');
        expect(masked(['s3cret'], pieces)).toBe(whole);
      }),
    );
  });

  it('changes nothing without secrets', () => {
    assert(
      property(array(string()), (pieces) => {
        expect(masked(['', ''], pieces)).toBe(pieces.join(''));
      }),
    );
  });
});
