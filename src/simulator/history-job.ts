import { after, type Duration, type Instant, instant, milliseconds, seconds } from '../engine/time.ts';
import type { HistoryMistake, HistoryRow } from './history-row.ts';

/** One job that ran. */
export interface HistoryJob {
  readonly line: number;
  /** GitLab's number of it, where the file tells. */
  readonly id: string | undefined;
  readonly pipeline: string;
  readonly project: string;
  readonly name: string;
  readonly stage: string;
  readonly tags: readonly string[];
  /** Absent: the file does not tell. */
  readonly needs: readonly string[] | undefined;
  readonly failed: boolean;
  readonly queuedAt: Instant;
  readonly endedAt: Instant;
  readonly duration: Duration;
}

/** A job that never ran, and why. */
export interface NeverRan {
  readonly neverRan: string;
}

/** The columns and the names that they may have: GitLab's API's first. */
const COLUMNS = {
  id: ['id', 'job_id', 'build_id'],
  pipeline: ['pipeline_id', 'pipeline.id', 'pipeline'],
  project: ['project', 'project_path', 'project_id', 'pipeline.project_id', 'project_name'],
  name: ['name', 'job_name', 'job', 'build_name'],
  stage: ['stage', 'build_stage'],
  status: ['status', 'build_status'],
  tags: ['tag_list', 'tags'],
  needs: ['needs'],
  created: ['created_at', 'created'],
  queued: ['queued_at', 'queued'],
  started: ['started_at', 'started'],
  finished: ['finished_at', 'finished'],
  duration: ['duration'],
  queuedDuration: ['queued_duration'],
} as const;

type Column = keyof typeof COLUMNS;

/** Jobs that have ended; only they have run as long as they do. */
const ENDED = new Set(['success', 'failed', 'canceled']);
const UNENDED = new Set([
  'created',
  'waiting_for_resource',
  'waiting_for_callback',
  'preparing',
  'pending',
  'running',
  'canceling',
  'skipped',
  'manual',
  'scheduled',
]);

/** What no row has, though every one must. */
export function columnsLackedBy(rows: readonly HistoryRow[]): readonly HistoryMistake[] {
  const lacks = (column: Column) =>
    COLUMNS[column].every((name) => rows.every(({ values }) => !values.has(name)));
  return rows.length === 0
    ? []
    : (['pipeline', 'name'] as const)
        .filter(lacks)
        .map((column) => ({ line: 1, column: COLUMNS[column][0], problem: 'no row has it' }));
}

/** Reads one row. Undefined where it cannot be understood; then `mistakes` has grown. */
export function historyJob(row: HistoryRow, mistakes: HistoryMistake[]): HistoryJob | NeverRan | undefined {
  const cells = new Cells(row, mistakes);
  const status = cells.text('status') ?? 'success';
  if (UNENDED.has(status)) return { neverRan: status };
  if (!ENDED.has(status)) return cells.mistaken('status', `“${status}” is no status of GitLab's`);
  const times = timesOf(cells, status);
  if (times !== undefined && 'neverRan' in times) return times;
  const [pipeline, name] = [cells.required('pipeline'), cells.required('name')];
  const rest = descriptionOf(cells);
  if (times === undefined || pipeline === undefined || name === undefined || cells.failed) return undefined;
  return { line: row.line, pipeline, name, failed: status === 'failed', ...rest, ...times };
}

function descriptionOf(cells: Cells): Pick<HistoryJob, 'id' | 'project' | 'stage' | 'tags' | 'needs'> {
  return {
    id: cells.text('id'),
    project: cells.text('project') ?? 'project',
    stage: cells.text('stage') ?? 'test',
    tags: cells.list('tags') ?? [],
    needs: cells.list('needs'),
  };
}

type Times = Pick<HistoryJob, 'queuedAt' | 'endedAt' | 'duration'>;

/** When the job was queued and ended, and how long it ran. */
function timesOf(cells: Cells, status: string): Times | NeverRan | undefined {
  const [started, finished] = [cells.time('started'), cells.time('finished')];
  const ran = cells.seconds('duration') ?? between(started, finished);
  const pickedUp = started ?? back(finished, ran);
  const queuedAt = queuedAtOf(cells, pickedUp);
  if (cells.failed) return undefined;
  if (status !== 'success' && started === undefined && (ran ?? 0) === 0)
    return { neverRan: `${status} before it ran` };
  if (ran === undefined)
    return cells.mistaken('duration', 'it is missing, and so is started_at or finished_at');
  if (ran < 0) return cells.mistaken('finished', 'it is before started_at');
  if (queuedAt === undefined)
    return cells.mistaken('queued', 'it is missing, and so are started_at, finished_at and created_at');
  return { queuedAt, endedAt: after(pickedUp ?? queuedAt, ran), duration: ran };
}

/** GitLab tells how long it waited. Its creation is that of its pipeline, and says little of later stages. */
function queuedAtOf(cells: Cells, pickedUp: Instant | undefined): Instant | undefined {
  const [queued, created] = [cells.time('queued'), cells.time('created')];
  return queued ?? back(pickedUp, cells.seconds('queuedDuration') ?? milliseconds(0)) ?? created;
}

function between(from: Instant | undefined, to: Instant | undefined): Duration | undefined {
  return from === undefined || to === undefined ? undefined : milliseconds(to - from);
}

function back(at: Instant | undefined, by: Duration | undefined): Instant | undefined {
  return at === undefined || by === undefined ? undefined : instant(at - by);
}

/** A date and time of ISO 8601, or as databases write it; without an offset it is UTC. */
const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(?:(Z|UTC)|([+-]\d\d):?(\d\d)?)?$/i;

/** What one row's columns say. */
class Cells {
  readonly #row: HistoryRow;
  readonly #mistakes: HistoryMistake[];
  /** Whether something of it cannot be understood. */
  failed = false;

  constructor(row: HistoryRow, mistakes: HistoryMistake[]) {
    this.#row = row;
    this.#mistakes = mistakes;
  }

  /** Notes a mistake; answers undefined. */
  mistaken(column: Column, problem: string): undefined {
    this.failed = true;
    this.#mistakes.push({
      line: this.#row.line,
      column: this.#find(column)?.name ?? COLUMNS[column][0],
      problem,
    });
  }

  text(column: Column): string | undefined {
    const value = this.#find(column)?.value;
    if (value === undefined || typeof value === 'string') return value;
    return typeof value === 'number' ? String(value) : this.mistaken(column, 'it is no text');
  }

  required(column: Column): string | undefined {
    return this.text(column) ?? (this.failed ? undefined : this.mistaken(column, 'it is missing'));
  }

  /** As a list, or as text with commas between. */
  list(column: Column): readonly string[] | undefined {
    const value = this.#find(column)?.value;
    if (!Array.isArray(value))
      return this.text(column)
        ?.split(',')
        .map((one) => one.trim())
        .filter((one) => one !== '');
    const texts = value.filter((one) => typeof one === 'string');
    return texts.length === value.length ? texts : this.mistaken(column, 'it is no list of texts');
  }

  seconds(column: Column): Duration | undefined {
    const text = this.text(column);
    if (text === undefined) return undefined;
    if (!/^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) || !Number.isFinite(Number(text)))
      return this.mistaken(column, `“${text}” is no number of seconds`);
    return milliseconds(Math.round(seconds(Number(text))));
  }

  time(column: Column): Instant | undefined {
    const text = this.text(column);
    if (text === undefined) return undefined;
    const [, day = '', time = '', , hours, minutes = '00'] = TIME.exec(text) ?? [];
    const at = Date.parse(`${day}T${time}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`);
    return Number.isNaN(at)
      ? this.mistaken(column, `“${text}” is no date and time, such as 2026-01-12T15:27:31Z`)
      : instant(at);
  }

  #find(column: Column): { readonly name: string; readonly value: unknown } | undefined {
    const name = COLUMNS[column].find((one) => this.#row.values.has(one));
    return name === undefined ? undefined : { name, value: this.#row.values.get(name) };
  }
}
