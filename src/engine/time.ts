declare const instantBrand: unique symbol;
declare const durationBrand: unique symbol;

/** A point in time: milliseconds since the Unix epoch. */
export type Instant = number & { readonly [instantBrand]: true };

/** A length of time in milliseconds; never negative in policies. */
export type Duration = number & { readonly [durationBrand]: true };

/** Names a number of milliseconds since the Unix epoch as an instant. */
export function instant(ms: number): Instant {
  return ms as Instant; // because: the brand exists only in types
}

/** Names a number of milliseconds as a duration. */
export function milliseconds(ms: number): Duration {
  return ms as Duration; // because: the brand exists only in types
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
