import { type Instant, minutes } from './time.ts';

/** What a clock on the wall shows. */
export interface WallClock {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** Of the month, 1 to 31. */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

/** No zone of the present moves its clocks at another moment than a full quarter of an hour. */
const QUARTER = minutes(15);

interface Zone {
  readonly format: Intl.DateTimeFormat;
  quarter: number;
  offset: number;
}

/** Only speed depends on it: the same question always has the same answer. */
const zones = new Map<string, Zone>();

/** What the clock on a wall of the zone (of the IANA database, such as `Europe/Berlin`) shows. Throws for no zone. */
export function wallClock(at: Instant, timeZone: string): WallClock {
  const shown = new Date(at + offsetAt(at, timeZone));
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
    weekday: shown.getUTCDay(),
  };
}

/** By how much the zone's clocks are ahead of UTC, in milliseconds. */
function offsetAt(at: Instant, timeZone: string): number {
  if (timeZone === 'UTC') return 0;
  const zone = zoneOf(timeZone);
  const quarter = Math.floor(at / QUARTER);
  if (zone.quarter !== quarter) {
    zone.quarter = quarter;
    zone.offset = offsetOf(zone.format, quarter * QUARTER);
  }
  return zone.offset;
}

function zoneOf(timeZone: string): Zone {
  const known = zones.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const zone = { format, quarter: Number.NaN, offset: 0 };
  zones.set(timeZone, zone);
  return zone;
}

function offsetOf(format: Intl.DateTimeFormat, at: number): number {
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const shown = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return shown - at;
}
