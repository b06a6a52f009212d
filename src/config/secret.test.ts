import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from './secret.ts';

const secret = Object.freeze(new Secret('hunter2'));

describe('Secret', () => {
  it.each([
    ['String()', String(secret)],
    ['toString', secret.toString()],
    ['concat', ''.concat(String(secret))],
    ['JSON', JSON.stringify({ secret })],
    ['inspect', inspect({ secret }, { showHidden: true, depth: 9 })],
    ['format', format('%s %o %j', secret, secret, secret)],
    ['its keys', JSON.stringify(Object.entries(secret))],
    ['Number()', String(Number(secret))],
  ])('does not show its value in %s', (_, text) => {
    expect(text).not.toContain('hunter2');
  });

  it('prints as [secret]', () => {
    expect([String(secret), JSON.stringify([secret]), inspect([secret])]).toEqual([
      '[secret]',
      '["[secret]"]',
      '[ [secret] ]',
    ]);
  });

  it('reveals its value to who asks for it', () => {
    expect(secret.reveal()).toBe('hunter2');
  });
});
