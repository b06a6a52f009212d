import type { Summary } from '../result.ts';
import { countText, dollarsText, durationText, shareText } from './wording.ts';

/** One figure of a comparison, in the terminal and in the report alike. */
export interface Column {
  readonly head: string;
  /** What the figure means, for legends. */
  readonly about: string;
  readonly cell: (summary: Summary) => string;
  /** Which of two is the better: the lower or the higher figure; absent: neither. */
  readonly best?: { readonly of: (summary: Summary) => number; readonly is: 'lowest' | 'highest' };
}

/** The figures, in the order in which they are shown. */
export const COLUMNS: readonly Column[] = [
  {
    head: 'cost',
    about: 'billed machine time over the time of scripts, per slot; 1 would be machines that are never idle',
    cell: ({ cost }) => cost.toFixed(2),
    best: { of: ({ cost }) => cost, is: 'lowest' },
  },
  { head: 'dollars', about: 'what the machines cost', cell: ({ dollars }) => dollarsText(dollars) },
  wait(
    'mean',
    ({ mean }) => mean,
    'how long jobs waited on average, from queued to the start of their script',
  ),
  wait('p50', ({ p50 }) => p50, 'half of the jobs waited no longer'),
  wait('p95', ({ p95 }) => p95, '95 % of the jobs waited no longer'),
  wait('p99', ({ p99 }) => p99, '99 % of the jobs waited no longer'),
  {
    head: '≤ 1 s',
    about: 'jobs whose script began within one second',
    cell: ({ withinOneSecond }) => shareText(withinOneSecond),
    best: { of: ({ withinOneSecond }) => withinOneSecond, is: 'highest' },
  },
  { head: 'machines', about: 'machines bought', cell: ({ launched }) => countText(launched) },
  { head: 'peak', about: 'the most machines at the same time', cell: ({ peak }) => countText(peak) },
  {
    head: 'calls',
    about: 'calls that buy machines',
    cell: ({ launchCallsPerJob, jobs }) => countText(launchCallsPerJob * jobs),
  },
  {
    head: 'throttled',
    about: 'calls that EC2 refused for their rate',
    cell: ({ throttled }) => countText(throttled),
  },
];

function wait(head: string, of: (summary: Summary) => Summary['mean'], about: string): Column {
  return { head, about, cell: (summary) => durationText(of(summary)), best: { of, is: 'lowest' } };
}

/** What else must be known of a result, because its figures alone would flatter it. */
export function caveats({ unfinished, cutOff }: Summary): readonly string[] {
  return [
    ...(unfinished > 0 ? [`${jobsText(unfinished)} never ran, and are in no figure`] : []),
    ...(cutOff > 0 ? [`${jobsText(cutOff)} cut off with their machine`] : []),
  ];
}

function jobsText(count: number): string {
  return `${countText(count)} ${count === 1 ? 'job' : 'jobs'}`;
}
