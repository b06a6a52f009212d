import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heldBy, type JobsSeen, withJobs } from './jobs-seen.ts';

/** How many are counted after these readings. */
const counted = (...readings: readonly (readonly number[])[]): number =>
  readings.reduce<JobsSeen | undefined>((before, held) => withJobs(before, held), undefined)?.count ?? 0;

describe('jobs that were seen on an instance', () => {
  it.each<[string, number, number]>([
    ['none', counted([], []), 0],
    ['one, over many readings', counted([7], [7], [7]), 1],
    ['one that ended', counted([7], []), 1],
    ['one that was not to be seen for a while', counted([7], [], [7]), 1],
    ['one after the other', counted([7], [8], [], [9]), 3],
    ['two at once, as readings of different age show them', counted([7], [8, 7], [8]), 2],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toBe(expected);
  });

  it('are never more than there were, whatever was missed', () => {
    const jobs = fc.array(fc.record({ readings: fc.nat(3), gap: fc.nat(2) }), { maxLength: 12 });
    fc.assert(
      fc.property(jobs, (all) => {
        const readings = all.flatMap(({ readings: seen, gap }, id) => [
          ...Array.from({ length: seen }, () => [id]),
          ...Array.from({ length: gap }, () => []),
        ]);
        expect(counted(...readings)).toBe(all.filter(({ readings: seen }) => seen > 0).length);
      }),
    );
  });

  it('are looked for on the instances that count them alone', () => {
    const held = [
      { id: 1, project: 1, instance: 'i-1' },
      { id: 2, project: 1, instance: 'i-2' },
      { id: 3, project: 2, instance: 'i-1' },
      { id: 4, project: 2 },
    ];
    expect(heldBy(new Set(['i-1', 'i-3']), held)).toEqual(new Map([['i-1', [1, 3]]]));
    expect(heldBy(new Set(), held)).toEqual(new Map());
  });
});
