import { chmodSync, closeSync, linkSync, openSync, rmSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

import { storeFailure } from './errors.ts';

/**
 * Makes sure that the file exists. A new one appears whole, for its owner alone: `fill` completes it under
 * another name. Where another process is faster, its file stays.
 */
export function ensureStateFile(path: string, doing: string, fill: (draft: string) => void): void {
  const directory = dirname(path);
  if (find(directory)?.isDirectory() !== true) {
    const why = `there is no directory ${directory}`;
    throw storeFailure('not-found', doing, why, 'create it, or name another file');
  }
  const found = find(path);
  if (found === undefined) create(path, fill);
  else refuseDirectory(found, doing);
}

/** Refuses a file that does not exist. */
export function requireStateFile(path: string, doing: string): void {
  const found = find(path);
  if (found === undefined) {
    const next = 'check the path, or start the daemon, which creates it';
    throw storeFailure('not-found', doing, 'there is no such file', next);
  }
  refuseDirectory(found, doing);
}

/**
 * Takes the file and its logs from everybody but the owner. It goes by path: closing any handle of a file
 * drops all locks that this process holds on it, SQLite's as well.
 */
export function keepPrivate(path: string): void {
  for (const part of [path, `${path}-wal`, `${path}-shm`]) {
    const found = find(part);
    if (found !== undefined && (found.mode & 0o077) !== 0) chmodSync(part, 0o600);
  }
}

function refuseDirectory(found: Stats, doing: string): void {
  if (found.isDirectory()) throw storeFailure('refused', doing, 'it is a directory', 'name a file in it');
}

function create(path: string, fill: (draft: string) => void): void {
  const draft = `${path}-${crypto.randomUUID()}`;
  try {
    closeSync(openSync(draft, 'wx', 0o600));
    fill(draft);
    linkSync(draft, path);
  } catch (error) {
    const wasSlower = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!wasSlower) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function find(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
