import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { LeaseAnswer } from '../../controller/ports.ts';
import { emptyHistory } from '../../engine/history.ts';
import { instant, seconds } from '../../engine/time.ts';
import { SqliteLease } from './lease.ts';
import { isGone, thisProcess } from './owner.ts';
import { openStore } from './store.ts';

/** What a rival process runs: it obeys one command a line and answers with one line of JSON. */
const RIVAL = `
  import { writeSync } from 'node:fs';
  import { createInterface } from 'node:readline';
  const { openStore } = await import(${JSON.stringify(new URL('store.ts', import.meta.url).href)});
  const { SqliteLease } = await import(${JSON.stringify(new URL('lease.ts', import.meta.url).href)});
  const { thisProcess } = await import(${JSON.stringify(new URL('owner.ts', import.meta.url).href)});
  const say = (answer) => writeSync(1, JSON.stringify(answer) + '\\n');
  let store, lease;
  const commands = {
    open: ([file]) => {
      store = openStore(file);
      lease = new SqliteLease(store.database, { owner: thisProcess() });
    },
    acquire: ([now, duration]) => lease.acquire(now, duration),
    instruct: ([instruction]) => store.instruct(instruction),
    retract: ([instruction]) => store.retract(instruction),
    save: ([history, fence]) => store.saveHistory(history, fence),
    halt: () => store.database.write('halting', () => {
      store.database.prepare('UPDATE history SET document = ?').run('half a history');
      say({ done: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }),
  };
  say({ done: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, ...values] = JSON.parse(line);
    try {
      say({ done: true, answer: await commands[name](values) });
    } catch (error) {
      say({ done: false, why: error.message });
    }
  }
`;

/** One rival process. */
class Rival {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    this.#child = spawn(process.execPath, ['--input-type=module', '-e', RIVAL], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (this.#child.stdout === null) throw new Error('the rival has no output');
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Sends a command without waiting. */
  tell(...command: unknown[]): void {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** The next answer. */
  async hear(): Promise<{ readonly done: boolean; readonly answer?: LeaseAnswer; readonly why?: string }> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('the rival has ended');
    return JSON.parse(line.value);
  }

  async ask(...command: unknown[]): ReturnType<Rival['hear']> {
    this.tell(...command);
    return this.hear();
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }
}

const term = seconds(30);
const start = Date.UTC(2026, 0, 15, 12);

let directory = '';
let file = '';
let rivals: Rival[] = [];

async function rivalsReady(count: number): Promise<void> {
  rivals = Array.from({ length: count }, () => new Rival());
  await Promise.all(rivals.map((rival) => rival.hear()));
}

async function tellAll(...command: unknown[]): Promise<Awaited<ReturnType<Rival['hear']>>[]> {
  for (const rival of rivals) rival.tell(...command);
  return Promise.all(rivals.map((rival) => rival.hear()));
}

describe('processes with one state file', () => {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'runtide-processes-'));
    file = join(directory, 'state.db');
  });
  afterEach(async () => {
    await Promise.all(rivals.map((rival) => rival.kill()));
    rmSync(directory, { recursive: true });
  });

  it('can all be the first to open it', async () => {
    await rivalsReady(3);
    for (let round = 0; round < 15; round += 1) {
      const answers = await tellAll('open', join(directory, `fresh-${round}.db`));
      expect(answers).toStrictEqual([{ done: true }, { done: true }, { done: true }]);
    }
  }, 30_000);

  it('race for the lease, and exactly one holds it', async () => {
    await rivalsReady(2);
    await tellAll('open', file);
    let highest = 0;
    for (let round = 0; round < 20; round += 1) {
      const answers = await tellAll('acquire', start + round * term, term);
      const held = answers.flatMap(({ answer }) => (answer?.held === true ? [answer.fence] : []));
      expect(held).toHaveLength(1);
      expect(held[0]).toBeGreaterThan(highest);
      highest = Math.max(...held);
    }
  }, 30_000);

  it('take over from a process that was killed at once, and not before', async () => {
    await rivalsReady(1);
    await tellAll('open', file);
    const [first] = await tellAll('acquire', start, term);
    using store = openStore(file);
    const self = thisProcess();
    const lease = new SqliteLease(store.database, { owner: self, isGone: (owner) => isGone(owner, self) });
    const denied = await lease.acquire(instant(start + 1), term);
    expect(denied).toMatchObject({ held: false, holder: expect.stringMatching(/^process \d+ on /) });
    await rivals[0]?.kill();
    const granted = await lease.acquire(instant(start + 2), term);
    expect(granted).toMatchObject({ held: true });
    expect(first?.answer).toMatchObject({ held: true });
    const fences = [first?.answer, granted].map((answer) => (answer?.held === true ? answer.fence : 0));
    expect(fences[1]).toBeGreaterThan(fences[0] ?? Infinity);
  }, 30_000);

  it('lose nothing that was written, and see nothing half-written, when one is killed', async () => {
    await rivalsReady(1);
    await tellAll('open', file);
    const history = emptyHistory(instant(start));
    expect(await tellAll('save', history, 4)).toStrictEqual([{ done: true }]);
    expect(await tellAll('halt')).toStrictEqual([{ done: true }]);
    await rivals[0]?.kill();
    using store = openStore(file);
    expect(await store.history()).toStrictEqual(history);
    await expect(store.saveHistory(history, 3)).rejects.toMatchObject({ details: { kind: 'fenced' } });
  }, 30_000);

  it('tell the one that decides what it is asked for, and let it keep what was changed meanwhile', async () => {
    await rivalsReady(2);
    await tellAll('open', file);
    using store = openStore(file);
    await store.saveHistory(emptyHistory(instant(start)), 6);
    const cycle = { kind: 'cycle', pool: 'linux', startedAt: instant(start), batch: 1 } as const;
    expect(await tellAll('instruct', cycle)).toStrictEqual([{ done: true }, { done: true }]);
    const [read] = await store.instructions();
    expect(read).toStrictEqual(cycle);
    await rivals[0]?.ask('instruct', { ...cycle, paused: true });
    await store.retract(cycle);
    expect(await store.instructions()).toStrictEqual([{ ...cycle, paused: true }]);
    await rivals[1]?.ask('retract', { ...cycle, paused: true });
    expect(await store.instructions()).toStrictEqual([]);
    await store.saveHistory(emptyHistory(instant(start + 1)), 6);
  }, 30_000);

  it('fence one another out', async () => {
    await rivalsReady(1);
    await tellAll('open', file);
    using store = openStore(file);
    await store.saveHistory(emptyHistory(instant(start)), 6);
    const [late] = await tellAll('save', emptyHistory(instant(start + 1)), 5);
    expect(late).toMatchObject({
      done: false,
      why: expect.stringContaining('fence 5 is outdated: 6 was seen'),
    });
    expect(await store.history()).toStrictEqual(emptyHistory(instant(start)));
  }, 30_000);
});
