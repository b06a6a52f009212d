import { type Conditions, LONG_POLLS, STANDARD, START_DELAYS } from '../../src/simulator/conditions.ts';

/** One combination of what results depend on, and the seeds that it is tried with. */
export interface Cell {
  /** Jobs a week. */
  readonly jobs: number;
  readonly startDelay: keyof typeof START_DELAYS;
  readonly slots: number;
  /** Each machine runs one job. */
  readonly singleUse: boolean;
  readonly seeds: readonly number[];
  /** Whether the settings of every baseline are swept, or only those that rows are named after. */
  readonly sweeps: boolean;
}

/** The cell in words, such as "20k jobs, 45 s, 1 slot, reuse". */
export function cellName({ jobs, startDelay, slots, singleUse }: Cell): string {
  const use = singleUse ? 'single-use' : 'reuse';
  return `${jobs / 1000}k jobs a week, ${SECONDS[startDelay]} s to start, ${slots} ${slots === 1 ? 'slot' : 'slots'}, ${use}`;
}

/** What the names of start delays stand for. */
export const SECONDS: Readonly<Record<Cell['startDelay'], number>> = { fast: 25, standard: 45, slow: 90 };

export function conditionsOf({ startDelay, slots, singleUse }: Cell, seed: number): Conditions {
  return {
    ...STANDARD,
    pollEvery: LONG_POLLS,
    seed,
    startDelay: START_DELAYS[startDelay],
    slots,
    ...(singleUse && { maxJobs: 1 }),
  };
}

/** `count` seeds from the first one on. */
function seedsFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

const BASE = { jobs: 20_000, startDelay: 'standard', slots: 1, singleUse: false } as const;

/** The cell that rows and figures are given for. */
export function baseCell(seed: number, seeds: number, sweeps: boolean): Cell {
  return { ...BASE, seeds: seedsFrom(seed, seeds), sweeps };
}

/**
 * The designed fraction of the grid sizes × start delays × slots × use: the base cell with everything swept, each
 * factor alone, and the corners where factors are likely to act together: small and slow, and slow with one job for
 * each machine. Single use has one slot; no runner offers more.
 */
export function fullGrid(seed: number): readonly Cell[] {
  const cell = (change: Partial<Cell>, seeds: number): Cell => ({
    ...baseCell(seed, seeds, false),
    ...change,
  });
  return [
    baseCell(seed, 5, true),
    cell({ startDelay: 'fast' }, 2),
    cell({ startDelay: 'slow' }, 2),
    cell({ slots: 4 }, 2),
    cell({ singleUse: true }, 2),
    cell({ singleUse: true, startDelay: 'slow' }, 1),
    cell({ jobs: 2000 }, 5),
    cell({ jobs: 2000, startDelay: 'slow' }, 2),
    cell({ jobs: 100_000 }, 1),
  ];
}

/** What `--quick` tries: the base cell with one seed, and a small one, to see how cost grows. */
export function quickGrid(seed: number): readonly Cell[] {
  return [baseCell(seed, 1, false), { ...baseCell(seed, 1, false), jobs: 2000 }];
}
