/** The smallest of the values, in ascending order, that `share` of them do not exceed; not a number without values. */
export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)] ?? Number.NaN;
}
