import type { Instant } from '../../engine/time.ts';

/** An instant as GitLab writes it, with milliseconds; null stays null. */
export function iso(at: Instant | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}

/** Seconds from `start` to `end`, or null when it has not begun. */
export function secondsBetween(start: Instant | undefined, end: Instant): number | null {
  return start === undefined ? null : (end - start) / 1000;
}
