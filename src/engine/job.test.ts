import { expect, it } from 'vitest';
import { aPool } from '../../test/support/observations.ts';
import { fits } from './job.ts';

const pool = aPool({ tags: ['docker', 'linux'], runUntagged: false });

it.each<[readonly string[], boolean]>([
  [['linux'], true],
  [['docker', 'linux'], true],
  [['linux', 'gpu'], false],
  [['gpu'], false],
  // GitLab compares tags letter by letter.
  [['Linux'], false],
  [['lin'], false],
])('jobs tagged %o fit a pool of docker and linux: %s', (tags, expected) => {
  expect(fits(tags, pool)).toBe(expected);
});

it('jobs without tags fit where the pool takes them', () => {
  expect(fits([], pool)).toBe(false);
  expect(fits([], { ...pool, runUntagged: true })).toBe(true);
  expect(fits([], { ...pool, runUntagged: true, tags: [] })).toBe(true);
});

it('a pool without tags serves no tagged job, also when it takes those without', () => {
  expect(fits(['linux'], { ...pool, tags: [], runUntagged: true })).toBe(false);
});
