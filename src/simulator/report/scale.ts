/** Where values of a range lie on an axis, and where its ticks are. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** Steps between ticks that read well, as multiples of powers of ten. */
const STEPS = [1, 2, 2.5, 5, 10];

/** A straight scale from `low` to `high`, or a little further so that it ends at a tick, onto `from` to `to`. */
export function linearScale(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
  wanted = 5,
): Scale {
  const step = stepFor(high > low ? high - low : 1, wanted);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => rounded((first + index) * step));
  const least = first * step;
  const most = last * step;
  return { at: (value) => from + ((value - least) / (most - least)) * (to - from), ticks };
}

function stepFor(range: number, wanted: number): number {
  const rough = range / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * (STEPS.find((step) => step * power >= rough * (1 - 1e-9)) ?? 10);
}

/** Without the dust of adding fractions. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
