import type { Summary } from '../../src/simulator/result.ts';
import { type CostPoint, meanOf, paretoFront } from '../../src/simulator/statistics.ts';
import type { Cell } from './cell.ts';
import type { Setting } from './setting.ts';

/** What one setting did in one cell, by seed; undefined where it ran no job. */
export interface SettingOutcome {
  readonly setting: Setting;
  readonly bySeed: readonly (Summary | undefined)[];
}

/** What nobody can do better, for one seed. */
export interface SeedBound {
  /** Of the clairvoyant. */
  readonly cost: number;
  /** Milliseconds of scripts. */
  readonly useful: number;
}

/** What all settings did in one cell. */
export interface CellOutcome {
  readonly cell: Cell;
  /** By seed. */
  readonly bounds: readonly SeedBound[];
  readonly settings: readonly SettingOutcome[];
}

/** Which figure of a summary stands for waiting. */
export type WaitOf = (summary: Summary) => number;

/** Seconds. */
export const MEAN: WaitOf = ({ mean }) => mean / 1000;
/** Seconds. */
export const P95: WaitOf = ({ p95 }) => p95 / 1000;
/** The share of jobs that do not start within one second. */
export const LATE: WaitOf = ({ withinOneSecond }) => 1 - withinOneSecond;

/** The average of a setting over the seeds at these places; undefined where it did not run every job in one of them. */
export function pointOf(
  { bySeed }: SettingOutcome,
  wait: WaitOf,
  places: readonly number[],
): CostPoint | undefined {
  const summaries = places.flatMap((place) => bySeed[place] ?? []);
  if (summaries.length < places.length || summaries.some(({ unfinished }) => unfinished > 0))
    return undefined;
  return { cost: meanOf(summaries.map(({ cost }) => cost)), wait: meanOf(summaries.map(wait)) };
}

/** The front of those settings that belong together, over the seeds at these places. */
export function frontOf(
  { settings }: CellOutcome,
  family: string,
  wait: WaitOf,
  places: readonly number[],
): readonly CostPoint[] {
  const points = settings
    .filter(({ setting }) => setting.family === family)
    .flatMap((outcome) => pointOf(outcome, wait, places) ?? []);
  return paretoFront(points);
}

/** All places of the seeds of a cell. */
export function placesOf({ cell }: CellOutcome): readonly number[] {
  return cell.seeds.map((_, place) => place);
}
