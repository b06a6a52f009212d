import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { Buffer } from 'node:buffer';
import process from 'node:process';
import { z } from 'zod';

const request = z.strictObject({
  url: z.string(),
  projects: z.array(z.string()),
  groups: z.array(z.string()),
  instance: z.boolean(),
  days: z.number().optional(),
  since: z.string().optional(),
  until: z.string().optional(),
  /** Whether names are written as others; with a salt of the caller's: what tells it from other salts. */
  anonymize: z.union([z.boolean(), z.string()]),
});
/** What was asked for, by which a file is known again. */
export type HistoryRequest = z.output<typeof request>;

const progress = z.strictObject({
  id: z.int(),
  path: z.string(),
  jobs: z.int(),
  done: z.boolean(),
  /** The query of the page that comes next; absent: the first one. */
  next: z.array(z.tuple([z.string(), z.string()])).optional(),
  /** Only jobs with a lower number are still to be written. */
  below: z.int().optional(),
  /** When the job that was written last was created. */
  reached: z.number().optional(),
});
/** How far a project is read. */
export type ProjectProgress = z.output<typeof progress>;

const state = z.strictObject({
  version: z.literal(1),
  request,
  /** Milliseconds since the Unix epoch. */
  since: z.number(),
  until: z.number(),
  /** What names are changed with; gone when all is read. */
  salt: z.string().optional(),
  /** How much of the file is whole. */
  bytes: z.int(),
  projects: z.array(progress),
  /** What the whole file holds; absent: not all is read. */
  finished: z.strictObject({ jobs: z.int(), projects: z.int() }).optional(),
});
/** All that a pull needs to go on where it was ended. */
export type PullState = z.output<typeof state>;

/** What a pull writes, and what it remembers. */
export interface HistoryStore extends AsyncDisposable {
  /** As it was left; undefined: nothing was begun. */
  readonly left: PullState | undefined;
  /** Adds lines to the file, and then remembers how far it is: after a crash between, the lines are cut off again. */
  write(lines: string, after: PullState): Promise<PullState>;
}

/** The file beside the history that remembers how far it is. */
export function statePath(file: string): string {
  return `${file}.state`;
}

/** Opens a history to write. Throws where the file is none that was begun so, or is not whole. */
export async function openHistory(file: string, asked: HistoryRequest): Promise<HistoryStore> {
  const left = await readState(file);
  const size = await sizeOf(file);
  if (left === undefined && (size ?? 0) > 0)
    throw new Error(`writing the history to ${file}: it is there already; name another file with --output`);
  if (left !== undefined) check(file, left, size ?? 0, asked);
  const handle = await open(file, 'a');
  await handle.truncate(left?.bytes ?? 0);
  return {
    left,
    write: (lines, after) => append(file, handle, lines, after),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function append(file: string, handle: FileHandle, lines: string, after: PullState): Promise<PullState> {
  await handle.appendFile(lines);
  await handle.datasync();
  const now = { ...after, bytes: after.bytes + Buffer.byteLength(lines) };
  await remember(statePath(file), now);
  return now;
}

/** At once, so that a crash leaves the old state or the new one. */
async function remember(path: string, now: PullState): Promise<void> {
  const beside = `${path}.${process.pid}`;
  try {
    await writeFile(beside, JSON.stringify(now), { mode: 0o600, flush: true });
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

async function readState(file: string): Promise<PullState | undefined> {
  const path = statePath(file);
  const text = await readFile(path, 'utf8').catch(ifMissing);
  if (text === undefined) return undefined;
  try {
    return state.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`reading ${path}: it is no state of a pull; delete it and ${file}, and pull again`, {
      cause,
    });
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(ifMissing))?.size;
}

function ifMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

function check(file: string, left: PullState, size: number, asked: HistoryRequest): void {
  const begun = JSON.stringify(left.request);
  if (begun !== JSON.stringify(request.parse(asked)))
    throw new Error(
      `going on with ${file}: it was begun with ${begun}; ask for the same, or name another file with --output`,
    );
  if (size < left.bytes)
    throw new Error(
      `going on with ${file}: it is shorter than it was left; delete it and ${statePath(file)}, and pull again`,
    );
}
