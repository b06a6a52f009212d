import { expect, it } from 'vitest';
import { aPool, pending } from '../../test/support/observations.ts';
import { EVERY_JOB } from './job.ts';
import { isSaturated } from './saturation.ts';

const linux = aPool({ name: 'linux', tags: ['linux'], max: 2, slots: 2 });
const gpu = aPool({ name: 'gpu', tags: ['gpu'], max: 1 });
const NONE: ReadonlySet<number> = new Set();

it.each([
  ['as many as the pool may run', [pending(4)], [linux], true],
  ['one fewer', [pending(3)], [linux], false],
  ['what no pool serves', [pending(4, ['windows'])], [linux], false],
  ['one pool filled, another not', [pending(9)], [linux, gpu], false],
  ['both filled', [pending(4), pending(1, ['gpu'])], [linux, gpu], true],
  ['a pool that is closed needs nothing', [], [{ ...gpu, max: 0 }], true],
])('%s', (_, demand, pools, expected) => {
  expect(isSaturated(demand, pools, {}, NONE)).toBe(expected);
});

it('what overflows one pool fills the next that serves it', () => {
  const more = { ...linux, name: 'more' };
  expect(isSaturated([pending(8)], [linux, more], {}, NONE)).toBe(true);
  expect(isSaturated([pending(7)], [linux, more], {}, NONE)).toBe(false);
});

it('jobs that GitLab does not hand out, or that the runner may not take, fill nothing', () => {
  expect(isSaturated([pending(4)], [linux], {}, new Set([1000]))).toBe(false);
  expect(isSaturated([pending(4)], [linux], { linux: { ...EVERY_JOB, paused: true } }, NONE)).toBe(false);
});

it('what a project may not count for fills nothing', () => {
  const capped = { ...linux, projectCaps: { others: 3, of: {} } };
  expect(isSaturated([pending(9)], [capped], {}, NONE)).toBe(false);
  const other = { ...pending(1), kind: { project: 2, tags: ['linux'] } };
  expect(isSaturated([pending(9), other], [capped], {}, NONE)).toBe(true);
});

it('a schedule may want more than the pool does at other times', () => {
  const night = { name: 'night', periods: [], timeZone: 'UTC', max: 4 };
  expect(isSaturated([pending(4)], [{ ...linux, schedules: [night] }], {}, NONE)).toBe(false);
  expect(isSaturated([pending(8)], [{ ...linux, schedules: [night] }], {}, NONE)).toBe(true);
});
