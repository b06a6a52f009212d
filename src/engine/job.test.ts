import { expect, it } from 'vitest';
import { aPool } from '../../test/support/observations.ts';
import { EVERY_JOB, fits, type JobKind } from './job.ts';

const pool = aPool({ tags: ['docker', 'linux'], runUntagged: false });
const of = (tags: readonly string[], over: Partial<JobKind> = {}): JobKind => ({ project: 1, tags, ...over });

it.each<[readonly string[], boolean]>([
  [['linux'], true],
  [['docker', 'linux'], true],
  [['linux', 'gpu'], false],
  [['gpu'], false],
  // GitLab compares tags letter by letter.
  [['Linux'], false],
  [['lin'], false],
])('jobs tagged %o fit a pool of docker and linux: %s', (tags, expected) => {
  expect(fits(of(tags), pool)).toBe(expected);
});

it('jobs without tags fit where the pool takes them', () => {
  expect(fits(of([]), pool)).toBe(false);
  expect(fits(of([]), { ...pool, runUntagged: true })).toBe(true);
  expect(fits(of([]), { ...pool, runUntagged: true, tags: [] })).toBe(true);
});

it('a pool without tags serves no tagged job, also when it takes those without', () => {
  expect(fits(of(['linux']), { ...pool, tags: [], runUntagged: true })).toBe(false);
});

it('a paused runner gets no job', () => {
  expect(fits(of(['linux']), pool, { ...EVERY_JOB, paused: true })).toBe(false);
});

it.each([
  [true, true],
  [false, false],
  // What is not known is tried: what GitLab does not hand out is found as unserved.
  [undefined, true],
])('a job whose ref is protected (%s) fits a runner of protected refs: %s', (isProtected, expected) => {
  const kind = of(['linux'], isProtected === undefined ? {} : { protected: isProtected });
  expect(fits(kind, pool, { ...EVERY_JOB, protectedOnly: true })).toBe(expected);
});

it('a runner that is bound to projects gets no job of others', () => {
  const scope = { ...EVERY_JOB, projects: new Set([2, 3]) };
  expect(fits(of(['linux'], { project: 2 }), pool, scope)).toBe(true);
  expect(fits(of(['linux'], { project: 1 }), pool, scope)).toBe(false);
});
