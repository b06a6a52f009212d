import { describe, expect, it } from 'vitest';
import { describeRunner, identityIn, type RunnerIdentity } from './runner-identity.ts';

describe('the description of a runner', () => {
  it.each<[description: string, identity: RunnerIdentity, words?: string]>([
    ['Runtide acme/linux', { shard: 1 }],
    ['Runtide acme/linux #2', { shard: 2 }],
    ['Runtide acme/linux i-0abc123412341234f', { shard: 1, instance: 'i-0abc123412341234f' }],
    ['Runtide acme/linux: of the web team', { shard: 1 }, 'of the web team'],
    ['Runtide acme/linux #12: of: the web team', { shard: 12 }, 'of: the web team'],
  ])('says which it is: %s', (description, identity, words) => {
    expect(describeRunner('acme', 'linux', identity, words)).toBe(description);
    expect(identityIn(description, 'acme', 'linux')).toEqual(identity);
  });

  it.each([
    'Runtide acme/linux-large',
    'Runtide acme/linux2',
    'Runtide acme/linux #0',
    'Runtide acme/linux of mine',
    'My Runtide acme/linux',
    'Runtide other/linux',
    '',
  ])('of another is not taken for it: %j', (description) => {
    expect(identityIn(description, 'acme', 'linux')).toBeUndefined();
  });
});
