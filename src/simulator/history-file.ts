import { earlier, instant, milliseconds, minutes } from '../engine/time.ts';
import { csvRows } from './history-csv.ts';
import { columnsLackedBy, type HistoryJob, historyJob } from './history-job.ts';
import { jsonRows } from './history-json.ts';
import { pipelinesOf } from './history-pipelines.ts';
import type { HistoryMistake, HistoryRow } from './history-row.ts';
import type { Workload } from './workload.ts';

/** So many mistakes are told at once. */
const MOST_TOLD = 20;
const MINUTE = minutes(1);

/** What a file of jobs that really ran has become. */
export interface History {
  readonly workload: Workload;
  readonly jobs: number;
  readonly projects: number;
  /** What is not in the workload, by why, most first. */
  readonly leftOut: readonly LeftOut[];
}

/** How often something was left out. */
export interface LeftOut {
  readonly why: string;
  readonly count: number;
}

/** A file that cannot be understood as a whole. */
export class HistoryError extends Error {
  /** All of them, in the order of the file. */
  readonly mistakes: readonly HistoryMistake[];

  constructor(name: string, mistakes: readonly HistoryMistake[]) {
    const told = mistakes.slice(0, MOST_TOLD).map(inWords);
    const more = mistakes.length > MOST_TOLD ? [`and ${mistakes.length - MOST_TOLD} more`] : [];
    const count = `${mistakes.length} mistake${mistakes.length === 1 ? '' : 's'}`;
    super(
      [`reading the history in ${name}: ${count}; mend them, or take the rows out`, ...told, ...more].join(
        '\n  ',
      ),
    );
    this.mistakes = mistakes;
  }
}

function inWords({ line, column, problem }: HistoryMistake): string {
  return `line ${line}${column === undefined ? '' : `, column ${column}`}: ${problem}`;
}

/**
 * The workload of jobs that really ran: comma-separated values with a line of column names, a JSON array of objects, or
 * one JSON object a line. `name` is what the file is called. What never ran is left out, and counted. Throws
 * `HistoryError` where a row cannot be understood, or nothing ran.
 */
export function readHistory(name: string, text: string): History {
  const body = text.replace(/^\u{FEFF}/u, '');
  const { rows, mistakes: unread } = /^\s*[[{]/.test(body) ? jsonRows(body) : csvRows(body);
  const lacking = columnsLackedBy(rows);
  if (lacking.length > 0) throw new HistoryError(name, [...unread, ...lacking]);
  const mistakes = [...unread];
  const leftOut = new Counts();
  const jobs = onceEach(
    rows.flatMap((row) => ranJobs(row, mistakes, leftOut)),
    leftOut,
  );
  if (mistakes.length === 0 && jobs.length === 0) mistakes.push({ line: 1, problem: nothingRan(leftOut) });
  if (mistakes.length > 0) {
    throw new HistoryError(
      name,
      mistakes.toSorted((one, other) => one.line - other.line),
    );
  }
  return {
    workload: workloadOf(name, withKnownNeeds(jobs, leftOut)),
    jobs: jobs.length,
    projects: new Set(jobs.map(({ project }) => project)).size,
    leftOut: leftOut.all(),
  };
}

function ranJobs(row: HistoryRow, mistakes: HistoryMistake[], leftOut: Counts): readonly HistoryJob[] {
  const job = historyJob(row, mistakes);
  if (job === undefined) return [];
  if (!('neverRan' in job)) return [job];
  leftOut.add(job.neverRan);
  return [];
}

/** A job that the file has twice, because it was appended to, is as the last row says. */
function onceEach(jobs: readonly HistoryJob[], leftOut: Counts): readonly HistoryJob[] {
  const byId = new Map(jobs.map((job) => [job.id ?? job, job]));
  leftOut.add('told twice', jobs.length - byId.size);
  return [...byId.values()];
}

/** Needs of jobs that never ran, or that the file does not have, cannot be waited for. */
function withKnownNeeds(jobs: readonly HistoryJob[], leftOut: Counts): readonly HistoryJob[] {
  const names = new Set(jobs.map((job) => JSON.stringify([job.project, job.pipeline, job.name])));
  return jobs.map((job) => {
    const { needs, project, pipeline } = job;
    if (needs === undefined) return job;
    const known = needs.filter((one) => names.has(JSON.stringify([project, pipeline, one])));
    leftOut.add('needs of jobs that are not there', needs.length - known.length);
    return { ...job, needs: known };
  });
}

function workloadOf(name: string, jobs: readonly HistoryJob[]): Workload {
  const start = jobs.reduce(
    (first, { queuedAt }) => earlier(first, queuedAt),
    jobs[0]?.queuedAt ?? instant(0),
  );
  const pipelines = pipelinesOf(jobs, start);
  const last = pipelines.at(-1)?.at ?? 0;
  return { name, start, length: milliseconds((Math.floor(last / MINUTE) + 1) * MINUTE), pipelines };
}

function nothingRan(leftOut: Counts): string {
  const why = leftOut.all().map(({ why: reason, count }) => `${count} ${reason}`);
  return why.length === 0 ? 'it has no jobs' : `none of its jobs has run: ${why.join(', ')}`;
}

class Counts {
  readonly #counts = new Map<string, number>();

  add(why: string, count = 1): void {
    if (count > 0) this.#counts.set(why, (this.#counts.get(why) ?? 0) + count);
  }

  all(): readonly LeftOut[] {
    return [...this.#counts]
      .map(([why, count]) => ({ why, count }))
      .toSorted((one, other) => other.count - one.count);
  }
}
