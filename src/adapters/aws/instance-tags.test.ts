import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RETIREMENT_REASONS } from '../../engine/instance.ts';
import { instant } from '../../engine/time.ts';
import { awsTags, drainValue, launchTags, readDrain, readLaunchTags, TAG, tagMap } from './instance-tags.ts';

const text = fc.string({ minLength: 1, unit: 'grapheme' });
const number = fc.integer({ min: 1, max: 9999 });
const launch = fc.record(
  { installation: text, pool: text, launchId: text, slots: number, maxJobs: number, generation: text },
  { requiredKeys: ['installation', 'pool', 'launchId', 'slots', 'generation'] },
);
const usersTags = fc.dictionary(
  fc.oneof(text, fc.constantFrom(...Object.values(TAG), '__proto__', 'constructor')),
  fc.string(),
);

const LAUNCH = { installation: 'acme', pool: 'linux', launchId: 'linux-1', slots: 2, generation: 'g1' };

describe('the tags of a launch', () => {
  it('say the same when they are read back, whatever the user adds', () => {
    fc.assert(
      fc.property(launch, usersTags, (written, users) => {
        const tags = tagMap(awsTags(launchTags(written, users)));
        expect(readLaunchTags(tags)).toEqual(written);
      }),
    );
  });

  it('hold each key once and every tag of the user that is not ours', () => {
    fc.assert(
      fc.property(launch, usersTags, (written, users) => {
        const tags = awsTags(launchTags(written, users));
        const ours = new Set<string>(
          Object.values(TAG).filter((key) => key !== TAG.name && key !== TAG.drain),
        );
        expect(new Set(tags.map(({ Key }) => Key)).size).toBe(tags.length);
        const theirs = Object.entries(users).filter(([key]) => !ours.has(key));
        expect(tags).toEqual(expect.arrayContaining(theirs.map(([Key, Value]) => ({ Key, Value }))));
      }),
    );
  });

  it('name the instance after its pool unless the user names it', () => {
    expect(launchTags(LAUNCH, {}).get('Name')).toBe('runtide-acme-linux');
    expect(launchTags(LAUNCH, { Name: 'mine' }).get('Name')).toBe('mine');
  });

  it('have keys that instance metadata can show', () => {
    for (const key of Object.values(TAG)) expect(key).toMatch(/^[0-9a-zA-Z\-_+=,.@:]{1,255}$/);
  });

  it.each([
    [TAG.pool, undefined, 'tag runtide:pool is missing'],
    [TAG.launch, '', 'tag runtide:launch is missing'],
    [TAG.slots, 'many', 'tag runtide:slots is not a number'],
    [TAG.slots, '0', 'tag runtide:slots is not a number'],
    [TAG.slots, '1e3', 'tag runtide:slots is not a number'],
    [TAG.maxJobs, '', 'tag runtide:max-jobs is missing'],
    [TAG.maxJobs, 'one', 'tag runtide:max-jobs is not a number of jobs'],
  ])('are unreadable with %s = %j', (key, value, why) => {
    const tags = new Map(launchTags(LAUNCH, {}));
    if (value === undefined) tags.delete(key);
    else tags.set(key, value);
    expect(() => readLaunchTags(tags)).toThrow(why);
  });
});

describe('the drain tag', () => {
  it.each([...RETIREMENT_REASONS, 'idle', 'asked'] as const)('keeps reason %s and time', (because) => {
    const at = instant(Date.UTC(2026, 0, 5, 8, 30, 1, 250));
    const value = drainValue(because, at);
    expect(value).toBe(`${because}@2026-01-05T08:30:01.250Z`);
    expect(readDrain(new Map([[TAG.drain, value]]), instant(0))).toEqual({ because, at });
  });

  it.each(['', 'please', 'please@soon', '@', 'idle@'])('drains for %j, written by hand', (value) => {
    const drain = readDrain(new Map([[TAG.drain, value]]), instant(7));
    expect(drain).toEqual({ because: value === 'idle@' ? 'idle' : 'asked', at: 7 });
  });

  it('is absent when it is not set', () => {
    expect(readDrain(new Map(), instant(7))).toBeUndefined();
  });
});
