import { expect, it } from 'vitest';
import { type IdleTarget, idleSlots } from './idle-target.ts';
import { minutes } from './time.ts';

const wanted = (target: Omit<IdleTarget, 'time'>, jobs: number): number =>
  idleSlots({ ...target, time: minutes(5) }, jobs);

it.each<[string, Omit<IdleTarget, 'time'>, number, number]>([
  ['without a factor, whatever runs', { slots: 3 }, 50, 3],
  ['half of the jobs', { slots: 10, factor: 0.5 }, 8, 4],
  ['rounded up', { slots: 10, factor: 0.5 }, 9, 5],
  ['a tenth of thirty is three', { slots: 10, factor: 0.1 }, 30, 3],
  ['at most `slots`', { slots: 10, factor: 0.5 }, 100, 10],
  ['nothing where nothing runs', { slots: 10, factor: 0.5 }, 0, 0],
  ['at least `minimum`', { slots: 10, factor: 0.5, minimum: 2 }, 0, 2],
  ['`slots` limits `minimum` too', { slots: 1, factor: 0.5, minimum: 2 }, 0, 1],
])('%s', (_name, target, jobs, expected) => {
  expect(wanted(target, jobs)).toBe(expected);
});
