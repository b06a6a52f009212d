import { PortError, type PortErrorKind } from '../../controller/errors.ts';

interface Verdict {
  readonly kind: PortErrorKind;
  readonly next?: string;
}

const DAMAGED: Verdict = {
  kind: 'invalid-answer',
  next: 'restore the file from a backup, or move it away to start without memory of earlier passes',
};
const FORBIDDEN: Verdict = {
  kind: 'unauthorized',
  next: 'let the user that runs Runtide own the file and its directory',
};
const FULL: Verdict = { kind: 'unavailable', next: 'free space on its disk' };
const BUSY: Verdict = { kind: 'unavailable', next: 'try again; end other programs that keep the file open' };
const READ_ONLY: Verdict = { kind: 'refused', next: 'make the file and its disk writable' };
const MISSING: Verdict = { kind: 'not-found', next: 'create the directory, or name another file' };

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const BY_RESULT_CODE: Readonly<Record<number, Verdict>> = {
  // A table or column is missing although the file is ours.
  1: DAMAGED,
  3: FORBIDDEN,
  5: BUSY,
  6: BUSY,
  8: READ_ONLY,
  10: { kind: 'unavailable', next: 'check its disk' },
  11: DAMAGED,
  13: FULL,
  14: FORBIDDEN,
  23: FORBIDDEN,
  26: { kind: 'invalid-answer', next: 'name another file: this one is no SQLite database' },
};

const BY_SYSTEM_CODE: Readonly<Record<string, Verdict>> = {
  ENOENT: MISSING,
  ENOTDIR: MISSING,
  EISDIR: { kind: 'refused', next: 'name a file, not a directory' },
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS: READ_ONLY,
  ENOSPC: FULL,
  EDQUOT: FULL,
};

function verdictOf(error: unknown): Verdict {
  if (!(error instanceof Error)) return { kind: 'unavailable' };
  if ('errcode' in error && typeof error.errcode === 'number') {
    // The low byte of an extended code is the primary one.
    return BY_RESULT_CODE[error.errcode & 0xff] ?? { kind: 'unavailable' };
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return BY_SYSTEM_CODE[code] ?? { kind: 'unavailable' };
}

/** What SQLite or the file system threw, as a port's failure; a port's failure stays what it is. */
export function asStoreError(error: unknown, doing: string): PortError {
  if (error instanceof PortError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new PortError({ ...verdictOf(error), system: 'store', doing, why, cause: error });
}

/** A failure that this side decides; `doing` names the file. */
export function storeFailure(kind: PortErrorKind, doing: string, why: string, next?: string): PortError {
  return new PortError({ kind, system: 'store', doing, why, ...(next !== undefined && { next }) });
}

/** A document or row that does not have the shape it was written with. */
export function damaged(doing: string, why: string, cause?: unknown): PortError {
  return new PortError({ ...DAMAGED, system: 'store', doing, why, cause });
}
