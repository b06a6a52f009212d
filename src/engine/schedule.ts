import type { IdleTarget } from './idle-target.ts';
import type { Instant } from './time.ts';
import { type WallClock, wallClock } from './wall-clock.ts';

/** When a period holds, minute by minute, by the clock on the wall of its time zone: for each field the values it has. */
export interface Period {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Of the month, 1 to 31. */
  readonly days: readonly number[];
  /** 1 to 12. */
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly weekdays: readonly number[];
  /** Days and weekdays are both restricted: as in cron, either is enough. */
  readonly eitherDay: boolean;
}

/** What holds instead at some times. */
export interface Schedule {
  /** As it stands in the configuration, for reasons: "* 8-17 * * mon-fri Europe/Berlin". */
  readonly name: string;
  /** Any of them is enough. */
  readonly periods: readonly Period[];
  /** Of the IANA database, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** Absent keys are as the pool has them. */
  readonly idle?: Partial<IdleTarget>;
  readonly min?: number;
  readonly max?: number;
}

function isOn(day: Pick<WallClock, 'day' | 'weekday'>, { days, weekdays, eitherDay }: Period): boolean {
  const byDay = days.includes(day.day);
  const byWeekday = weekdays.includes(day.weekday);
  return eitherDay ? byDay || byWeekday : byDay && byWeekday;
}

function holds(period: Period, wall: WallClock): boolean {
  const { minutes, hours, months } = period;
  return (
    minutes.includes(wall.minute) &&
    hours.includes(wall.hour) &&
    months.includes(wall.month) &&
    isOn(wall, period)
  );
}

/** The schedule that holds: the last that matches. */
export function scheduleAt(schedules: readonly Schedule[], now: Instant): Schedule | undefined {
  return schedules.findLast(({ periods, timeZone }) => {
    const wall = wallClock(now, timeZone);
    return periods.some((period) => holds(period, wall));
  });
}
