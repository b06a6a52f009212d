import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { LaunchIntent } from '../../controller/ports.ts';
import { emptyHistory, type History } from '../../engine/history.ts';
import { instant, milliseconds } from '../../engine/time.ts';
import { openStore } from './store.ts';

const noon = instant(Date.UTC(2026, 0, 15, 12));
const intent: LaunchIntent = {
  request: {
    launchId: 'launch-1',
    pool: 'linux',
    count: 1,
    offerings: [{ instanceType: 'm7i.large', market: 'spot' }],
    slots: 1,
    generation: 'g1',
    template: { id: 'lt-1', version: '1' },
  },
  fence: 1,
  openedAt: noon,
};

let directory = '';
let file = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'runtide-sqlite-'));
  file = join(directory, 'state.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

function damage(sql: string, ...values: (string | number)[]): void {
  using connection = new DatabaseSync(file);
  connection.prepare(sql).run(...values);
}

const damaged = { name: 'PortError', details: { kind: 'invalid-answer', system: 'store' } };

describe('a damaged state file', () => {
  const histories: Record<string, string> = {
    'no JSON': '{"at": 17',
    'no object': 'null',
    'a list': '[]',
    'a missing field': '{"at":1,"instances":{},"pools":{},"unserved":[]}',
    'an instant that is text': '{"at":"noon","instances":{},"pools":{},"unserved":[],"shortfalls":[]}',
    'an instance that is a number': '{"at":1,"instances":{"i-1":7},"pools":{},"unserved":[],"shortfalls":[]}',
    'an optional field of another type':
      '{"at":1,"instances":{"i-1":{"pool":"p","bootedFor":1,"readyAt":null}},"pools":{},"unserved":[],"shortfalls":[]}',
  };
  it.each(Object.entries(histories))('is told by a history that is %s', async (_, document) => {
    using store = openStore(file);
    await store.saveHistory(emptyHistory(noon), 1);
    damage('UPDATE history SET document = ?', document);
    await expect(store.history()).rejects.toMatchObject(damaged);
    await expect(store.history()).rejects.toThrow(
      /^reading the history in .*state\.db: the history is damaged: .*; restore the file from a backup/,
    );
    await store.saveHistory(emptyHistory(noon), 1);
    expect(await store.history()).toStrictEqual(emptyHistory(noon));
  });

  it.each(['request', 'result'])('is told by the %s of a launch', async (column) => {
    using store = openStore(file);
    await store.openIntent(intent);
    damage(`UPDATE intents SET ${column} = ?`, '{"launched":7}');
    await expect(store.intents(instant(0))).rejects.toMatchObject(damaged);
  });

  it('is told by a decision', async () => {
    using store = openStore(file);
    await store.addDecisions([{ at: noon, pool: 'linux', summary: 'x', steps: [], actions: [] }], 1);
    damage('UPDATE decisions SET document = ?', '{"at":1}');
    await expect(store.decisions(1)).rejects.toMatchObject(damaged);
  });

  it.each(['{"kind":"cycle","pool":"linux"}', '{"kind":"dance"}', 'null'])(
    'is told by the instruction %s',
    async (document) => {
      using store = openStore(file);
      await store.instruct({ kind: 'drain', instance: 'i-1', at: noon, how: 'shrink' });
      damage('UPDATE instructions SET document = ?', document);
      await expect(store.instructions()).rejects.toMatchObject(damaged);
      await expect(store.instructions()).rejects.toThrow(
        /^reading instructions in .*state\.db: the instruction is damaged: .*; restore the file from a backup/,
      );
    },
  );

  it('is told by a fence that is missing', async () => {
    using store = openStore(file);
    damage('DELETE FROM fence');
    await expect(store.saveHistory(emptyHistory(noon), 1)).rejects.toMatchObject(damaged);
  });

  it('is told by a table that is missing', () => {
    openStore(file).close();
    damage('DROP TABLE decisions');
    expect(() => openStore(file)).toThrow(/no such table: decisions; restore the file from a backup/);
  });
});

/** What the first version of the schema was, as files have it that were made with it. */
const FIRST_SCHEMA = `
  CREATE TABLE fence (id INTEGER PRIMARY KEY CHECK (id = 1), highest INTEGER NOT NULL) STRICT;
  INSERT INTO fence (id, highest) VALUES (1, 7);
  CREATE TABLE lease (
    id INTEGER PRIMARY KEY CHECK (id = 1), owner TEXT NOT NULL, fence INTEGER NOT NULL, expires_at REAL NOT NULL
  ) STRICT;
  CREATE TABLE history (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL) STRICT;
  CREATE TABLE intents (
    sequence INTEGER PRIMARY KEY, launch_id TEXT NOT NULL UNIQUE, fence INTEGER NOT NULL, opened_at REAL NOT NULL,
    request TEXT NOT NULL, result TEXT
  ) STRICT;
  CREATE INDEX intents_by_age ON intents (opened_at);
  CREATE TABLE decisions (sequence INTEGER PRIMARY KEY, document TEXT NOT NULL) STRICT;
  PRAGMA application_id = 1381255492;
  PRAGMA user_version = 1`;

describe('a state file of the first schema', () => {
  it('keeps everything when it is brought up to date, and has room for instructions', async () => {
    const decision = { at: noon, pool: 'linux', summary: 'x', steps: [], actions: [] };
    {
      using connection = new DatabaseSync(file);
      connection.exec(FIRST_SCHEMA);
    }
    damage('INSERT INTO history (id, document) VALUES (1, ?)', JSON.stringify(emptyHistory(noon)));
    damage(
      'INSERT INTO intents (launch_id, fence, opened_at, request) VALUES (?, ?, ?, ?)',
      intent.request.launchId,
      intent.fence,
      noon,
      JSON.stringify(intent.request),
    );
    damage('INSERT INTO decisions (document) VALUES (?)', JSON.stringify(decision));
    expect(() => openStore(file, { readOnly: true })).toThrow(
      /it has the old schema 1; start the daemon once, which brings it up to date$/,
    );
    using store = openStore(file);
    expect(await store.history()).toStrictEqual(emptyHistory(noon));
    expect(await store.intents(instant(0))).toStrictEqual([intent]);
    expect(await store.decisions(9)).toStrictEqual([decision]);
    await expect(store.addDecisions([], 6)).rejects.toMatchObject({ details: { kind: 'fenced' } });
    expect(await store.instructions()).toStrictEqual([]);
    await store.instruct({ kind: 'cycle', pool: 'linux', startedAt: noon, batch: 1 });
    using again = openStore(file);
    expect(await again.instructions()).toHaveLength(1);
  });
});

describe('the store in SQLite', () => {
  it('keeps a field that it does not know yet', async () => {
    using store = openStore(file);
    const newer = { ...emptyHistory(noon), learnedLater: { kept: true } };
    await store.saveHistory(newer, 1);
    expect(await store.history()).toStrictEqual(newer);
  });

  it('writes a history only when it changed', async () => {
    using store = openStore(file);
    using watcher = new DatabaseSync(file, { readOnly: true });
    const version = () => watcher.prepare('PRAGMA data_version').get();
    await store.saveHistory(emptyHistory(noon), 1);
    const written = version();
    await store.saveHistory(emptyHistory(noon), 1);
    expect(version()).toStrictEqual(written);
    await store.saveHistory(emptyHistory(instant(noon + 1)), 1);
    expect(version()).not.toStrictEqual(written);
  });

  it('lets others look but not write', async () => {
    using daemon = openStore(file);
    await daemon.saveHistory(emptyHistory(noon), 1);
    using looker = openStore(file, { readOnly: true });
    expect(await looker.history()).toStrictEqual(emptyHistory(noon));
    await expect(looker.saveHistory(emptyHistory(noon), 2)).rejects.toMatchObject({
      details: { kind: 'refused' },
    });
  });

  it('can be looked at after the daemon has stopped', async () => {
    const daemon = openStore(file);
    await daemon.openIntent(intent);
    daemon.close();
    using looker = openStore(file, { readOnly: true });
    expect(await looker.intents(noon)).toStrictEqual([intent]);
  });

  it('reads a history of 10,000 instances', async () => {
    using store = openStore(file);
    const instances = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [
        `i-${index.toString(16).padStart(17, '0')}`,
        { pool: 'linux', readyAt: noon, idleSince: noon, bootedFor: milliseconds(index) },
      ]),
    );
    const history: History = { ...emptyHistory(noon), instances };
    await store.saveHistory(history, 1);
    expect(await store.history()).toStrictEqual(history);
  });
});
