import type { DatabaseSync } from 'node:sqlite';

import { damaged, storeFailure } from './errors.ts';

/** "RTID" in SQLite's application id: tells our files from those of other programs. */
const APPLICATION_ID = 0x52544944;

/** Applied in order, each once; `user_version` counts those applied. Never change one that was released. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE fence (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    highest INTEGER NOT NULL
  ) STRICT;
  INSERT INTO fence (id, highest) VALUES (1, 0);
  CREATE TABLE lease (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    owner TEXT NOT NULL,
    fence INTEGER NOT NULL,
    expires_at REAL NOT NULL
  ) STRICT;
  CREATE TABLE history (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    document TEXT NOT NULL
  ) STRICT;
  CREATE TABLE intents (
    sequence INTEGER PRIMARY KEY,
    launch_id TEXT NOT NULL UNIQUE,
    fence INTEGER NOT NULL,
    opened_at REAL NOT NULL,
    request TEXT NOT NULL,
    result TEXT
  ) STRICT;
  CREATE INDEX intents_by_age ON intents (opened_at);
  CREATE TABLE decisions (
    sequence INTEGER PRIMARY KEY,
    document TEXT NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE instructions (
    key TEXT PRIMARY KEY,
    document TEXT NOT NULL
  ) STRICT;
  `,
];

/** Brings the file to the newest schema; run it inside a write transaction. */
export function migrate(connection: DatabaseSync, doing: string): void {
  const version = schemaVersion(connection, doing);
  if (version === MIGRATIONS.length) return;
  for (const migration of MIGRATIONS.slice(version)) connection.exec(migration);
  connection.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}`);
}

/** Makes sure that the file has the newest schema, without writing. */
export function requireNewestSchema(connection: DatabaseSync, doing: string): void {
  const version = schemaVersion(connection, doing);
  if (version === MIGRATIONS.length) return;
  const why = version === 0 ? 'it holds no state yet' : `it has the old schema ${version}`;
  throw storeFailure('refused', doing, why, 'start the daemon once, which brings it up to date');
}

/** How many migrations the file has seen; refuses files of other programs and of newer versions. */
export function schemaVersion(connection: DatabaseSync, doing: string): number {
  const { version, application, tables } = headerOf(connection, doing);
  if (application !== APPLICATION_ID && (tables > 0 || version > 0)) {
    throw storeFailure('refused', doing, 'it is the database of another program', 'name another file');
  }
  if (version > MIGRATIONS.length) {
    const why = `it has schema ${version}, and this Runtide knows schemas up to ${MIGRATIONS.length}`;
    throw storeFailure('refused', doing, why, 'upgrade Runtide, or name another file');
  }
  return version;
}

/** Read by one statement, so that nobody's migration can fall between its parts. */
const HEADER = `
  SELECT user_version AS version, application_id AS application,
    (SELECT count(*) FROM sqlite_schema) AS tables
  FROM pragma_user_version, pragma_application_id`;

function headerOf(connection: DatabaseSync, doing: string) {
  const { version, application, tables } = connection.prepare(HEADER).get() ?? {};
  if (typeof version === 'number' && typeof application === 'number' && typeof tables === 'number') {
    return { version, application, tables };
  }
  throw damaged(doing, 'its header cannot be read');
}
