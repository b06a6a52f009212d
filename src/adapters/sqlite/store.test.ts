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
