import type { Duration, Instant } from '../../engine/time.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A whole number with its thousands apart: 12,345. */
export function countText(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** A length of time in few digits: 0 s, < 0.1 s, 4.2 s, 185 s, 12 min, 3.4 h. */
export function durationText(duration: Duration): string {
  const seconds = duration / 1000;
  if (seconds >= 3 * 3600) return `${(seconds / 3600).toFixed(1)} h`;
  if (seconds >= 10 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds > 0 && seconds < 0.05) return '< 0.1 s';
  return `${seconds >= 100 || seconds === 0 ? Math.round(seconds) : seconds.toFixed(1)} s`;
}

/** An amount of dollars: to the cent below a thousand, whole above. */
export function dollarsText(dollars: number): string {
  return dollars < 1000 ? `$${dollars.toFixed(2)}` : `$${countText(dollars)}`;
}

/** A share of 0 to 1 in percent; never rounded up to all, nor down to none. */
export function shareText(share: number): string {
  const percent = share * 100;
  if (percent > 99.5 && percent < 100) return `${(Math.floor(percent * 10) / 10).toFixed(1)} %`;
  return percent > 0 && percent < 0.5 ? `${percent.toFixed(1)} %` : `${Math.round(percent)} %`;
}

/** A day in UTC: Mon 5 Jan. */
export function dayText(at: Instant): string {
  const date = new Date(at);
  return `${DAYS[date.getUTCDay()] ?? ''} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''}`;
}
