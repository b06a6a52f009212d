import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY = 50;

/** What is not there yet. */
type Nothing = undefined | false;

/**
 * Looks again and again until there is an answer, and answers with it. Throws what it waited for when
 * there is none `within` that many milliseconds: a bound for what hangs, not a measure of speed.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Nothing | Promise<T | Nothing>,
  within = 60_000,
): Promise<T> {
  const deadline = AbortSignal.timeout(within);
  while (!deadline.aborted) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    await delay(LOOK_EVERY);
  }
  throw new Error(`waiting until ${what}: not so after ${within / 1000} s`);
}
