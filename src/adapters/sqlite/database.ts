import { resolve } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

import { type Duration, seconds } from '../../engine/time.ts';
import { asStoreError, storeFailure } from './errors.ts';
import { migrate, requireNewestSchema, schemaVersion } from './schema.ts';
import { ensureStateFile, keepPrivate, requireStateFile } from './state-file.ts';

/** How a database is opened. */
export interface DatabaseOptions {
  /** Opens an existing file and refuses every write. Default: false. */
  readonly readOnly?: boolean;
  /** Opens an existing file of the newest schema, beside the daemon that made it. Default: false. */
  readonly existing?: boolean;
  /** How long a write waits for another process's write; the thread waits with it. Default: 5 s. */
  readonly busyTimeout?: Duration;
}

/** One connection to the state file. Store and lease may share it; close it last. */
export class Database implements Disposable {
  readonly #connection: DatabaseSync;
  readonly #file: string;

  /** Use `openDatabase`: a connection must have been prepared. */
  constructor(connection: DatabaseSync, file: string) {
    this.#connection = connection;
    this.#file = file;
  }

  /** Compiles a statement, to be run inside `read` or `write`. */
  prepare(sql: string): StatementSync {
    return this.read('preparing a query', () => this.#connection.prepare(sql));
  }

  /**
   * Runs `change` in one transaction: all of it is on disk when this returns, none of it when it throws.
   * `change` is told what is being done in which file, for its errors.
   */
  write<T>(what: string, change: (doing: string) => T): T {
    return this.read(what, (doing) => inTransaction(this.#connection, () => change(doing)));
  }

  /** Runs a single query; what SQLite throws becomes a `PortError`. */
  read<T>(what: string, query: (doing: string) => T): T {
    const doing = `${what} in ${this.#file}`;
    try {
      return query(doing);
    } catch (error) {
      throw asStoreError(error, doing);
    }
  }

  /** Closes the connection; closing twice is no error. */
  close(): void {
    if (this.#connection.isOpen) this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Opens the state file: creates it (mode 0600) and brings its schema up to date, or with `readOnly` or `existing`
 * takes it as it is. Throws `PortError`: `not-found` when the directory, or the file that must exist, does not;
 * `invalid-answer` when it is no database or damaged; `refused` when it is of a newer Runtide or another
 * program; `unauthorized` when the user may not.
 */
export function openDatabase(file: string, options: DatabaseOptions = {}): Database {
  const path = resolve(file);
  const doing = `opening the state file ${path}`;
  try {
    const open = options.readOnly === true ? look : options.existing === true ? join : own;
    return new Database(open(path, options, doing), path);
  } catch (error) {
    throw asStoreError(error, doing);
  }
}

function own(path: string, options: DatabaseOptions, doing: string): DatabaseSync {
  const open = (file: string) => connect(file, options, (connection) => setUp(connection, file, doing));
  // SQLite does not wait its turn to switch a file to the write-ahead log, so a new one appears switched.
  ensureStateFile(path, doing, (draft) => open(draft).close());
  return open(path);
}

function setUp(connection: DatabaseSync, file: string, doing: string): void {
  // Before anything is changed: the file may be somebody else's.
  schemaVersion(connection, doing);
  keepPrivate(file);
  useWriteAheadLog(connection, doing);
  inTransaction(connection, () => migrate(connection, doing));
}

function look(path: string, options: DatabaseOptions, doing: string): DatabaseSync {
  requireStateFile(path, doing);
  return connect(path, options, (connection) => requireNewestSchema(connection, doing));
}

function join(path: string, options: DatabaseOptions, doing: string): DatabaseSync {
  requireStateFile(path, doing);
  return connect(path, options, (connection) => {
    requireNewestSchema(connection, doing);
    connection.exec('PRAGMA synchronous = FULL');
  });
}

function connect(
  path: string,
  options: DatabaseOptions,
  prepare: (fresh: DatabaseSync) => void,
): DatabaseSync {
  const connection = new DatabaseSync(path, {
    readOnly: options.readOnly ?? false,
    timeout: options.busyTimeout ?? seconds(5),
  });
  try {
    prepare(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function useWriteAheadLog(connection: DatabaseSync, doing: string): void {
  const mode = connection.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
  if (mode !== 'wal') {
    const why = 'its file system cannot hold a write-ahead log';
    throw storeFailure('refused', doing, why, 'name a file on a local disk');
  }
  connection.exec('PRAGMA synchronous = FULL');
}

function inTransaction<T>(connection: DatabaseSync, change: () => T): T {
  connection.exec('BEGIN IMMEDIATE');
  try {
    const answer = change();
    connection.exec('COMMIT');
    return answer;
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}
