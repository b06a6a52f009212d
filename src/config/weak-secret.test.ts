import { describe, expect, it } from 'vitest';
import { whyWeak } from './weak-secret.ts';

describe('whyWeak', () => {
  it.each([
    ['', 'empty'],
    ['changeme', 'shorter'],
    ['0123456789abcde', 'shorter'],
    ['aaaaaaaaaaaaaaaaaaaa', 'repeats'],
    ['abababababababababab', 'repeats'],
    ['changemechangeme', 'repeats'],
    ['test1234test1234', 'repeats'],
    ['webhook-secret-token', 'words'],
    ['gitlab-webhook-token-2024', 'words'],
    ['Example_Default_Password', 'words'],
    ['your-secret-token-here', 'words'],
    ['this-is-my-test-secret!', 'words|repeats'],
  ])('refuses %j', (secret, why) => {
    expect(whyWeak(secret)).toMatch(new RegExp(why));
  });

  it.each([
    '3fd1c9a07be24c5586d1f0a9b7c4e213',
    '8372947a93847293',
    'correct horse battery staple',
    'kT9-secret-vQ2x7LmZ',
  ])('takes %j', (secret) => {
    expect(whyWeak(secret)).toBeUndefined();
  });

  it('never shows the secret', () => {
    for (const secret of ['changeme', 'webhook-secret-token']) expect(whyWeak(secret)).not.toContain(secret);
  });
});
