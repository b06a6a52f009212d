import { CronPattern } from 'croner';
import type { Period } from '../engine/schedule.ts';

/** What a field may be made of: numbers and names, lists, ranges and steps. */
const FIELD = /^(?:[\d*,/-]|sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)+$/i;
const FIELDS = ['minute', 'hour', 'day of the month', 'month', 'weekday'] as const;
/** Days of the longest month of that name. */
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** The places at which a field is on, counted from `first`. */
function on(field: readonly number[], first: 0 | 1): readonly number[] {
  return field.flatMap((value, index) => (value === 0 ? [] : [index + first]));
}

function comes({ days, months, eitherDay }: Period): boolean {
  return eitherDay || months.some((month) => days.some((day) => day <= (LONGEST[month - 1] ?? 0)));
}

function parsed(written: string): Period {
  const cron = new CronPattern(written, undefined, { mode: '5-part' });
  return {
    minutes: on(cron.minute, 0),
    hours: on(cron.hour, 0),
    days: on(cron.day, 1),
    months: on(cron.month, 1),
    // The list has a place for each of the seven names: Sunday as 7 is 0 by then.
    weekdays: on(cron.dayOfWeek, 0).filter((day) => day < 7),
    eitherDay: !cron.starDOM && !cron.starDOW,
  };
}

/** Which field is wrong, without what stands there: it may have come from a reference. */
function wrongField(fields: readonly string[]): string | undefined {
  return FIELDS.find((_, index) => {
    const alone = FIELDS.map((__, place) => (place === index ? (fields[index] ?? '') : '*'));
    return !FIELD.test(fields[index] ?? '') || !isCron(alone.join(' '));
  });
}

function isCron(written: string): boolean {
  try {
    parsed(written);
    return true;
  } catch {
    return false;
  }
}

/** The period that five fields of cron name, minute by minute; or why they name none. */
export function readPeriod(written: string): { readonly period: Period } | { readonly why: string } {
  const fields = written.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== FIELDS.length) return { why: `it has ${fields.length} of them` };
  const wrong = wrongField(fields);
  if (wrong !== undefined) {
    return { why: `its ${wrong} is no number or name in its range, no list, no range that goes up, no step` };
  }
  const period = parsed(fields.join(' '));
  return comes(period) ? { period } : { why: 'no month has such a day' };
}

/** The period that was loaded as `written`. Throws for what is none. */
export function periodOf(written: string): Period {
  const read = readPeriod(written);
  if ('why' in read) throw new Error(`reading the period "${written}": ${read.why}`);
  return read.period;
}
