import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { milliseconds } from '../../engine/time.ts';
import { openDatabase } from './database.ts';

let directory = '';
let file = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'runtide-database-'));
  file = join(directory, 'state.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

/** A file that another program, or another version, made. */
function prepare(sql: string): void {
  using connection = new DatabaseSync(file);
  connection.exec(sql);
}

function failure(kind: string, message: RegExp): object {
  return { message: expect.stringMatching(message), details: { kind, system: 'store' } };
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('opening the state file', () => {
  it('creates it for its owner alone, logs included', () => {
    using database = openDatabase(file);
    database.write('raising the fence', () => database.prepare('UPDATE fence SET highest = 1').run());
    expect([modeOf(file), modeOf(`${file}-wal`), modeOf(`${file}-shm`)]).toStrictEqual(['600', '600', '600']);
  });

  it('leaves nothing else in the directory', () => {
    openDatabase(file).close();
    expect(readdirSync(directory)).toStrictEqual(['state.db']);
  });

  it('takes it from everybody else when it was open to them', () => {
    writeFileSync(file, '', { mode: 0o644 });
    openDatabase(file).close();
    expect(modeOf(file)).toBe('600');
  });

  it('writes ahead and waits for the disk', () => {
    using database = openDatabase(file);
    expect(database.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
    expect(database.prepare('PRAGMA synchronous').get()).toMatchObject({ synchronous: 2 });
  });

  it('finds again what it wrote', () => {
    using first = openDatabase(file);
    first.write('raising the fence', () => first.prepare('UPDATE fence SET highest = 7').run());
    first.close();
    using second = openDatabase(file);
    expect(second.prepare('SELECT highest FROM fence').get()).toMatchObject({ highest: 7 });
  });

  it('says when the directory does not exist', () => {
    const missing = join(directory, 'no', 'state.db');
    const error = failure('not-found', /^opening the state file .*: there is no directory .*; create it/);
    expect(thrownBy(() => openDatabase(missing))).toMatchObject(error);
  });

  it('says when it is a directory', () => {
    const error = failure('refused', /it is a directory; name a file in it/);
    expect(thrownBy(() => openDatabase(directory))).toMatchObject(error);
    expect(thrownBy(() => openDatabase(directory, { readOnly: true }))).toMatchObject(error);
  });

  it('says when it is no database, and leaves it as it was', () => {
    const text = 'pools:\n  - name: linux\n'.repeat(100);
    writeFileSync(file, text, { mode: 0o644 });
    const error = failure('invalid-answer', /file is not a database; name another file/);
    expect(thrownBy(() => openDatabase(file))).toMatchObject(error);
    expect(thrownBy(() => openDatabase(file, { readOnly: true }))).toMatchObject(error);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(modeOf(file)).toBe('644');
  });

  it('says when it belongs to another program, and leaves it as it was', () => {
    prepare('CREATE TABLE theirs (id INTEGER)');
    const before = readFileSync(file);
    const error = failure('refused', /it is the database of another program/);
    expect(thrownBy(() => openDatabase(file))).toMatchObject(error);
    expect(readFileSync(file)).toStrictEqual(before);
  });

  it('says when a newer Runtide wrote it', () => {
    openDatabase(file).close();
    prepare('PRAGMA user_version = 99');
    const error = failure('refused', /it has schema 99, and this Runtide knows .*; upgrade Runtide/);
    expect(thrownBy(() => openDatabase(file))).toMatchObject(error);
    expect(thrownBy(() => openDatabase(file, { readOnly: true }))).toMatchObject(error);
  });

  it('can be opened again after a refusal', () => {
    openDatabase(file).close();
    prepare('PRAGMA user_version = 99');
    expect(thrownBy(() => openDatabase(file))).toMatchObject(failure('refused', /schema 99/));
    prepare('PRAGMA user_version = 2');
    using database = openDatabase(file);
    expect(database.prepare('SELECT highest FROM fence').get()).toMatchObject({ highest: 0 });
  });
});

describe('opening the state file to look', () => {
  it('says when it does not exist, and creates nothing', () => {
    const error = failure('not-found', /there is no such file; check the path, or start the daemon/);
    expect(thrownBy(() => openDatabase(file, { readOnly: true }))).toMatchObject(error);
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('says when it holds nothing yet', () => {
    writeFileSync(file, '');
    const error = failure('refused', /it holds no state yet; start the daemon once/);
    expect(thrownBy(() => openDatabase(file, { readOnly: true }))).toMatchObject(error);
  });

  it('sees what a writer writes meanwhile, and refuses to write', () => {
    using writer = openDatabase(file);
    using reader = openDatabase(file, { readOnly: true });
    const raise = 'UPDATE fence SET highest = 3';
    writer.write('raising the fence', () => writer.prepare(raise).run());
    expect(reader.prepare('SELECT highest FROM fence').get()).toMatchObject({ highest: 3 });
    const attempt = () => reader.write('raising the fence', () => reader.prepare(raise).run());
    expect(thrownBy(attempt)).toMatchObject(failure('refused', /raising the fence in .*: attempt to write/));
  });
});

describe('opening the state file beside the daemon', () => {
  it('says when it does not exist or is of an older version, and creates and changes nothing', () => {
    const missing = failure('not-found', /there is no such file; check the path, or start the daemon/);
    expect(thrownBy(() => openDatabase(file, { existing: true }))).toMatchObject(missing);
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
    openDatabase(file).close();
    prepare('PRAGMA user_version = 1');
    const old = failure('refused', /it has the old schema 1; start the daemon once/);
    expect(thrownBy(() => openDatabase(file, { existing: true }))).toMatchObject(old);
  });

  it('writes as the daemon does, and waits for the disk', () => {
    using daemon = openDatabase(file);
    using beside = openDatabase(file, { existing: true });
    beside.write('raising the fence', () => beside.prepare('UPDATE fence SET highest = 3').run());
    expect(daemon.prepare('SELECT highest FROM fence').get()).toMatchObject({ highest: 3 });
    expect(beside.prepare('PRAGMA synchronous').get()).toMatchObject({ synchronous: 2 });
  });
});

describe('a transaction', () => {
  it('leaves nothing behind when it fails', () => {
    using database = openDatabase(file);
    const attempt = () =>
      database.write('raising the fence', () => {
        database.prepare('UPDATE fence SET highest = 5').run();
        throw new Error('interrupted');
      });
    expect(thrownBy(attempt)).toMatchObject(failure('unavailable', /raising the fence in .*: interrupted/));
    expect(database.prepare('SELECT highest FROM fence').get()).toMatchObject({ highest: 0 });
  });

  it('says when another program keeps the file locked', () => {
    using database = openDatabase(file, { busyTimeout: milliseconds(1) });
    using other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    const attempt = () => database.write('raising the fence', () => undefined);
    expect(thrownBy(attempt)).toMatchObject(failure('unavailable', /database is locked; try again/));
    other.exec('ROLLBACK');
    expect(database.write('raising the fence', () => 'done')).toBe('done');
  });

  it('fails as a port does after the database was closed, which may happen twice', () => {
    const database = openDatabase(file);
    database.close();
    database.close();
    const attempt = () => database.write('raising the fence', () => undefined);
    expect(thrownBy(attempt)).toMatchObject(failure('unavailable', /database is not open/));
  });
});
