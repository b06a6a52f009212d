import type { Figure } from './bench.ts';

/** How long `run` took, in milliseconds. */
export async function timed(run: () => unknown): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** The smallest of the values that `share` of them do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** The median, the 95th percentile and the worst of durations in milliseconds. */
export function spread(name: string, durations: readonly number[]): readonly Figure[] {
  return [
    { name: `${name} p50`, value: percentile(durations, 0.5), unit: 'ms' },
    { name: `${name} p95`, value: percentile(durations, 0.95), unit: 'ms' },
    { name: `${name} max`, value: percentile(durations, 1), unit: 'ms' },
  ];
}
