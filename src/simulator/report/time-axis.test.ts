import { describe, expect, it } from 'vitest';
import { comparedOf, comparisonOf } from '../../../test/support/comparisons.ts';
import { RUN_START } from '../../../test/support/simulated-runs.ts';
import { after, minutes } from '../../engine/time.ts';
import { dayLines, steppedArea, timeAxis } from './time-axis.ts';

const DAY = minutes(1440);

function axisOf(days: number) {
  const compared = [comparedOf('one', { end: after(RUN_START, minutes(days * 1440)) })];
  return timeAxis(comparisonOf({ compared }), 0, 700);
}

function dayNames(days: number): readonly string[] {
  return [...dayLines(axisOf(days), 0, 100).matchAll(/>([A-Z][^<]+)</g)].map(([, name]) => name ?? '');
}

describe('an axis of time', () => {
  it('goes from the start to the end of the longest run', () => {
    const { at } = axisOf(7);
    expect([at(RUN_START), at(RUN_START + DAY), at(RUN_START + 7 * DAY)]).toEqual([0, 100, 700]);
  });

  it('names every day of a week', () => {
    expect(dayNames(7)).toEqual([
      'Mon 5 Jan',
      'Tue 6 Jan',
      'Wed 7 Jan',
      'Thu 8 Jan',
      'Fri 9 Jan',
      'Sat 10 Jan',
      'Sun 11 Jan',
    ]);
  });

  it('names only some of the days of a month', () => {
    expect(dayNames(28).length).toBeLessThanOrEqual(8);
  });

  it('draws series in steps, on the ground where there is no value', () => {
    const series = { from: RUN_START, step: DAY, values: [1, undefined, 3] };
    expect(steppedArea(series, axisOf(7), (value) => 90 - value * 10, 90)).toBe(
      'M0 90L0 80H100L100 90H200L200 60H300V90Z',
    );
  });
});
