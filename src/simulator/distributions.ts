import { normal, type Random } from '../adapters/memory/random.ts';

/** A quantity whose logarithm is spread normally around the median's, by `sigma`. */
export interface LogNormal {
  readonly median: number;
  readonly sigma: number;
}

/** One quantity of the distribution, in the unit of its median. */
export function logNormal({ median, sigma }: LogNormal, random: Random): number {
  return median * Math.exp(sigma * normal(random));
}

/**
 * `count` quantities of the distribution, in random order: one of each of `count` parts of it that are as likely as each
 * other, so that few of them stand for it as well as many drawn one by one.
 */
export function logNormals({ median, sigma }: LogNormal, count: number, random: Random): readonly number[] {
  const strata = Array.from({ length: count }, (_, index) => (index + random()) / count);
  return shuffled(strata, random).map((share) => median * Math.exp(sigma * normalQuantile(share)));
}

/** Where `share`, 0 to 1, of the standard normal distribution is below, within 0.0005 (Abramowitz and Stegun 26.2.23). */
function normalQuantile(share: number): number {
  const tail = Math.max(Number.MIN_VALUE, Math.min(share, 1 - share));
  const t = Math.sqrt(-2 * Math.log(tail));
  const z =
    t -
    (2.515517 + 0.802853 * t + 0.010328 * t ** 2) /
      (1 + 1.432788 * t + 0.189269 * t ** 2 + 0.001308 * t ** 3);
  return share < 0.5 ? -z : z;
}

/** The same in random order. */
export function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ item }) => item);
}

/** The gap to the next event where one comes in each unit of time on average. */
export function exponential(random: Random): number {
  return -Math.log(1 - random());
}

/** A number between two, each as likely as any other; the higher one excluded. */
export function between(lowest: number, highest: number, random: Random): number {
  return lowest + (highest - lowest) * random();
}

/** A whole number from 0, `count` excluded. */
export function below(count: number, random: Random): number {
  return Math.floor(random() * count);
}

/** One of several, as often as its weight says; throws where there is nothing to choose from. */
export function weighted<T extends { readonly weight: number }>(choices: readonly T[], random: Random): T {
  let left = random() * choices.reduce((sum, { weight }) => sum + weight, 0);
  const chosen = choices.find(({ weight }) => (left -= weight) < 0) ?? choices.at(-1);
  if (chosen === undefined) throw new RangeError('choosing by weight: there is nothing to choose from');
  return chosen;
}
