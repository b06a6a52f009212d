import { type Duration, milliseconds } from './time.ts';

/** Instances that were bought together expire over the last tenth of their age, not all at once. */
const SPREAD = 0.1;

/** A number from 0 to 1, the same for the same text at every pass (FNV-1a, with its bits mixed once more). */
function shareOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 0xffffffff;
}

/** How old this instance may become: from nine tenths of the pool's `maxAge` to all of it. */
export function lifeSpan(instance: string, maxAge: Duration): Duration {
  return milliseconds(Math.round(maxAge * (1 - SPREAD * shareOf(instance))));
}
