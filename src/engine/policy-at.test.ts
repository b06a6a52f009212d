import { expect, it } from 'vitest';
import { ALWAYS } from '../../test/support/limit-situations.ts';
import { anObservation, aPolicy, aPool, NOW } from '../../test/support/observations.ts';
import { plan } from './plan.ts';
import { policyAt } from './policy-at.ts';
import { after, minutes } from './time.ts';

it('a plan can be made with the schedules of another time', () => {
  // NOW is 08:00.
  const office = { name: 'office', periods: [{ ...ALWAYS, hours: [8] }], timeZone: 'UTC', min: 1 };
  const later = { name: 'later', periods: [{ ...ALWAYS, hours: [9] }], timeZone: 'UTC', min: 2, max: 3 };
  const policy = aPolicy(aPool({ schedules: [office, later] }), aPool({ name: 'plain' }));
  const at = (hours: number) =>
    plan(anObservation(), policyAt(policy, after(NOW, minutes(60 * hours)))).pools.map(
      ({ schedule, limits: { min, max } }) => [schedule, min, max],
    );
  expect(at(0)).toEqual([
    ['office', 1, 10],
    [undefined, 0, 10],
  ]);
  expect(at(1)).toEqual([
    ['later', 2, 3],
    [undefined, 0, 10],
  ]);
  expect(at(2)).toEqual([
    [undefined, 0, 10],
    [undefined, 0, 10],
  ]);
});
