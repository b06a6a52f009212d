declare const instantBrand: unique symbol;
declare const durationBrand: unique symbol;

/** A point in time: milliseconds since the Unix epoch. */
export type Instant = number & { readonly [instantBrand]: true };

/** A length of time in milliseconds; never negative in policies. */
export type Duration = number & { readonly [durationBrand]: true };

function isInstant(ms: number): ms is Instant {
  return Number.isFinite(ms);
}

function isDuration(ms: number): ms is Duration {
  return Number.isFinite(ms);
}

/** Names a number of milliseconds since the Unix epoch as an instant; a number that is none is a defect. */
export function instant(ms: number): Instant {
  if (isInstant(ms)) return ms;
  throw new RangeError(`naming an instant: ${ms} is no time`);
}

/** Names a number of milliseconds as a duration; a number that is none is a defect. */
export function milliseconds(ms: number): Duration {
  if (isDuration(ms)) return ms;
  throw new RangeError(`naming a duration: ${ms} is no length of time`);
}

/** A duration of `count` seconds. */
export function seconds(count: number): Duration {
  return milliseconds(count * 1000);
}

/** A duration of `count` minutes. */
export function minutes(count: number): Duration {
  return seconds(count * 60);
}

/** The instant `duration` after `start`. */
export function after(start: Instant, duration: Duration): Instant {
  return instant(start + duration);
}

/** How long it is from `start` to `end`; negative when `end` comes first. */
export function elapsed(start: Instant, end: Instant): Duration {
  return milliseconds(end - start);
}

/** The later of two instants. */
export function later(one: Instant, other: Instant): Instant {
  return one > other ? one : other;
}

/** The earlier of two instants. */
export function earlier(one: Instant, other: Instant): Instant {
  return one < other ? one : other;
}

/** `first`, doubled for each further time up to `longest`: how long to wait after the `times`-th failure in a row. */
export function backoff(first: Duration, times: number, longest: Duration): Duration {
  return milliseconds(Math.min(first * 2 ** (times - 1), longest));
}
