import { describe, expect, it } from 'vitest';
import { ALWAYS } from '../../test/support/limit-situations.ts';
import { type Period, type Schedule, scheduleAt } from './schedule.ts';
import { instant } from './time.ts';

const at = (text: string) => instant(Date.parse(text));

/** From eight to six on working days. */
const OFFICE: Period = {
  ...ALWAYS,
  hours: [8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
  weekdays: [1, 2, 3, 4, 5],
};

const schedule = (name: string, ...periods: readonly Period[]): Schedule => ({
  name,
  periods,
  timeZone: 'Europe/Berlin',
});

const nameAt = (text: string, ...schedules: readonly Schedule[]): string | undefined =>
  scheduleAt(schedules, at(text))?.name;

describe('the schedule that holds', () => {
  it.each([
    ['2026-01-05T06:59:59Z', undefined, 'a second before eight in Berlin'],
    ['2026-01-05T07:00:00Z', 'office', 'at eight'],
    ['2026-01-05T16:59:59Z', 'office', 'in the last second of the last minute'],
    ['2026-01-05T17:00:00Z', undefined, 'at six'],
    ['2026-01-10T10:00:00Z', undefined, 'on a Saturday'],
    ['2026-03-27T07:00:00Z', 'office', 'on the last working day of winter time, at eight'],
    ['2026-03-30T06:00:00Z', 'office', 'on the first of summer time, at eight, an hour earlier'],
    ['2026-03-30T05:59:00Z', undefined, 'and not before'],
  ])('at %s is %s: %s', (text, expected, _why) => {
    expect(nameAt(text, schedule('office', OFFICE))).toBe(expected);
  });

  it('is the last that matches', () => {
    const noon = schedule('noon', { ...ALWAYS, hours: [12] });
    expect(nameAt('2026-01-05T11:30:00Z', schedule('office', OFFICE), noon)).toBe('noon');
    expect(nameAt('2026-01-05T11:30:00Z', noon, schedule('office', OFFICE))).toBe('office');
    expect(nameAt('2026-01-05T12:30:00Z', schedule('office', OFFICE), noon)).toBe('office');
  });

  it('needs one of its periods', () => {
    const both = schedule('both', { ...ALWAYS, hours: [1] }, { ...ALWAYS, hours: [3] });
    expect(nameAt('2026-01-05T02:00:00Z', both)).toBe('both');
    expect(nameAt('2026-01-05T01:00:00Z', both)).toBeUndefined();
  });

  it('wants both of day and weekday where one is a star, and either where both are restricted', () => {
    const thirteenth = { ...ALWAYS, days: [13], weekdays: [5] };
    const tuesday = '2026-01-13T10:00:00Z';
    const friday = '2026-01-16T10:00:00Z';
    const fridayThe13th = '2026-02-13T10:00:00Z';
    const named = (text: string, eitherDay: boolean) =>
      nameAt(text, schedule('it', { ...thirteenth, eitherDay }));
    expect([tuesday, friday, fridayThe13th].map((text) => named(text, true))).toEqual(['it', 'it', 'it']);
    expect([tuesday, friday, fridayThe13th].map((text) => named(text, false))).toEqual([
      undefined,
      undefined,
      'it',
    ]);
  });

  it('is none where there is none', () => {
    expect(nameAt('2026-01-05T08:00:00Z')).toBeUndefined();
  });
});
