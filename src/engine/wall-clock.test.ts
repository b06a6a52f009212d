import { describe, expect, it } from 'vitest';
import { instant } from './time.ts';
import { wallClock } from './wall-clock.ts';

const at = (text: string) => instant(Date.parse(text));

function shown(text: string, timeZone: string): string {
  const { year, month, day, hour, minute, weekday } = wallClock(at(text), timeZone);
  return `${year}-${month}-${day} ${hour}:${minute} day ${weekday}`;
}

describe('the clock on a wall', () => {
  it.each([
    ['2026-01-05T08:30:00Z', 'UTC', '2026-1-5 8:30 day 1'],
    ['2026-01-04T23:59:59Z', 'Europe/Berlin', '2026-1-5 0:59 day 1'],
    ['2026-07-01T12:00:00Z', 'Europe/Berlin', '2026-7-1 14:0 day 3'],
    ['2026-03-29T00:59:00Z', 'Europe/Berlin', '2026-3-29 1:59 day 0'],
    ['2026-03-29T01:00:00Z', 'Europe/Berlin', '2026-3-29 3:0 day 0'],
    ['2026-10-25T00:59:00Z', 'Europe/Berlin', '2026-10-25 2:59 day 0'],
    ['2026-10-25T01:00:00Z', 'Europe/Berlin', '2026-10-25 2:0 day 0'],
    ['2026-01-05T00:00:00Z', 'America/New_York', '2026-1-4 19:0 day 0'],
    ['2026-01-05T00:00:00Z', 'Asia/Kathmandu', '2026-1-5 5:45 day 1'],
    ['2026-04-04T14:59:00Z', 'Australia/Lord_Howe', '2026-4-5 1:59 day 0'],
    ['2026-04-04T15:00:00Z', 'Australia/Lord_Howe', '2026-4-5 1:30 day 0'],
  ])('at %s in %s shows %s', (text, timeZone, expected) => {
    expect(shown(text, timeZone)).toBe(expected);
  });

  it('answers the same whatever was asked before', () => {
    const first = shown('2026-03-29T01:00:00Z', 'Europe/Berlin');
    shown('2026-12-01T00:00:00Z', 'Europe/Berlin');
    expect(shown('2026-03-29T01:00:00Z', 'Europe/Berlin')).toBe(first);
  });

  it('refuses what is no zone', () => {
    expect(() => wallClock(at('2026-01-05T00:00:00Z'), 'Europe/Atlantis')).toThrow('Europe/Atlantis');
  });
});
