import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HistoryRequest, openHistory, type PullState, statePath } from './history-store.ts';

const REQUEST: HistoryRequest = {
  url: 'https://gitlab.example',
  projects: ['acme/web'],
  groups: [],
  instance: false,
  anonymize: false,
};
const BEGUN: PullState = { version: 1, request: REQUEST, since: 0, until: 1, bytes: 0, projects: [] };

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runtide-history-'));
  file = join(folder, 'history.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function write(...lines: readonly string[]): Promise<void> {
  await using store = await openHistory(file, REQUEST);
  let state = store.left ?? BEGUN;
  for (const line of lines) state = await store.write(`${line}\n`, state);
}

describe('the file of a history', () => {
  it('has what was written and remembered, and nothing else', async () => {
    await write('one', 'zwölf');
    writeFileSync(file, 'two\nthr', { flag: 'a' });
    await write('three');
    expect(readFileSync(file, 'utf8')).toBe('one\nzwölf\nthree\n');
    await using store = await openHistory(file, REQUEST);
    expect(store.left).toEqual({ ...BEGUN, bytes: 17 });
  });

  it('is not written over', async () => {
    writeFileSync(file, 'mine');
    await expect(openHistory(file, REQUEST)).rejects.toThrow(
      /it is there already; name another file with --output/,
    );
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('is gone on with only as it was begun, and only whole', async () => {
    await write('one');
    await expect(openHistory(file, { ...REQUEST, days: 3 })).rejects.toThrow(
      /it was begun with \{.*\}; ask for the same, or name another file/,
    );
    truncateSync(file, 2);
    await expect(openHistory(file, REQUEST)).rejects.toThrow(/it is shorter than it was left; delete it and/);
    writeFileSync(statePath(file), '{');
    await expect(openHistory(file, REQUEST)).rejects.toThrow(/it is no state of a pull/);
  });
});
