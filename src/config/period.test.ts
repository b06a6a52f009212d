import { describe, expect, it } from 'vitest';
import { periodOf, readPeriod } from './period.ts';

const upTo = (last: number, first = 0): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('a period', () => {
  it('has the values of its five fields', () => {
    expect(periodOf('*/15 8-17 1,15 jan-mar *')).toEqual({
      minutes: [0, 15, 30, 45],
      hours: upTo(17, 8),
      days: [1, 15],
      months: [1, 2, 3],
      weekdays: upTo(6),
      eitherDay: false,
    });
    expect(periodOf('  * 8-17/3 * *   MON-fri ')).toEqual({
      minutes: upTo(59),
      hours: [8, 11, 14, 17],
      days: upTo(31, 1),
      months: upTo(12, 1),
      weekdays: upTo(5, 1),
      eitherDay: false,
    });
  });

  it('knows Sunday by both its numbers', () => {
    expect(periodOf('* * * * 0').weekdays).toEqual([0]);
    expect(periodOf('* * * * 7').weekdays).toEqual([0]);
    expect(periodOf('* * * * fri-7').weekdays).toEqual([0, 5, 6]);
  });

  it('takes either day where both are restricted, as cron does', () => {
    expect(periodOf('* * 1 * mon')).toMatchObject({ days: [1], weekdays: [1], eitherDay: true });
    expect(periodOf('* * 1 * *').eitherDay).toBe(false);
    expect(periodOf('* * * * mon').eitherDay).toBe(false);
  });

  it.each([
    ['', 'it has 0 of them'],
    ['* * * *', 'it has 4 of them'],
    ['0 * * * * *', 'it has 6 of them'],
    ['@daily', 'it has 1 of them'],
    ['60 * * * *', 'its minute is'],
    ['5/10 * * * *', 'its minute is'],
    ['* 17-8 * * *', 'its hour is'],
    ['* 24 * * *', 'its hour is'],
    ['* * L * *', 'its day of the month is'],
    ['* * 15W * *', 'its day of the month is'],
    ['* * ? * *', 'its day of the month is'],
    ['* * +1 * *', 'its day of the month is'],
    ['* * 0 * *', 'its day of the month is'],
    ['* * * monday *', 'its month is'],
    ['* * * 13 *', 'its month is'],
    ['* * * * fri#2', 'its weekday is'],
    ['* * * * 8', 'its weekday is'],
    ['* * 30,31 2 *', 'no month has such a day'],
  ])('is not "%s"', (written, why) => {
    const read = readPeriod(written);
    expect('why' in read ? read.why : 'a period').toContain(why);
    expect(() => periodOf(written)).toThrow('reading the period');
  });

  it('may come in leap years alone', () => {
    expect(readPeriod('* * 29 2 *')).toHaveProperty('period');
    expect(readPeriod('* * 31 2 mon')).toHaveProperty('period');
  });
});
