import { type Duration, milliseconds, seconds } from '../../../engine/time.ts';
import { normal, type Random } from '../random.ts';

/** A length of time that differs from machine to machine: half of them stay below the median. */
export interface Spread {
  readonly shortest: Duration;
  readonly median: Duration;
  readonly longest: Duration;
}

/** A length of time whose logarithm is spread normally around the median's, by `sigma`. */
export interface LogNormal {
  readonly median: Duration;
  readonly sigma: number;
}

/** The same for all machines, or spread. */
export type LifeTime = Duration | Spread | LogNormal;

/**
 * How long EC2 takes. Launches: 4.9 s (daemonology.net, 2021, c5.xlarge) to 17.8 s (brevdev's cold-boot
 * measurements, 2026, m7i.large) have been published; between them, and everything else, is estimated.
 */
export const EC2_LIFE_TIMES = {
  pending: { shortest: seconds(4), median: seconds(10), longest: seconds(18) },
  /** A stopped machine keeps its volumes, so it pends a little shorter. */
  start: { shortest: seconds(4), median: seconds(9), longest: seconds(16) },
  shutdown: { shortest: seconds(5), median: seconds(25), longest: seconds(90) },
} as const;

/** What half of the machines stay below. */
export function medianOf(time: LifeTime): Duration {
  return typeof time === 'number' ? time : time.median;
}

/** One machine's time; each half of a spread is even in its logarithm, so that long times are rare. */
export function draw(time: LifeTime, random: Random): Duration {
  if (typeof time === 'number') return time;
  if ('sigma' in time) return milliseconds(Math.round(time.median * Math.exp(time.sigma * normal(random))));
  const place = random() * 2;
  const [from, to] = place < 1 ? [time.shortest, time.median] : [time.median, time.longest];
  return milliseconds(Math.round(from * (to / from) ** (place % 1)));
}
