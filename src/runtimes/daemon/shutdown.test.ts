import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Says what it hears, and ends only when it is made to: its timer keeps it. SIGUSR2 lets its time go on. */
const PROGRAM = `
  let now = 0;
  performance.now = () => now;
  process.on('SIGUSR2', () => { now += 1001; say('later'); });
  const { listenForShutdown } = await import(process.argv[1]);
  const say = (line) => process.stdout.write(line + '\\n');
  const shutdown = listenForShutdown(say);
  shutdown.signal.addEventListener('abort', () => say('aborted'));
  shutdown.onHangup(() => say('reload'));
  setInterval(() => undefined, 60_000);
  say('ready');
`;

/** A process that listens; `hears` sends a signal and answers with the line that comes of it. */
function start() {
  const module = fileURLToPath(new URL('shutdown.ts', import.meta.url));
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM, module], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => (await lines.next()).value;
  const ended = once(child, 'exit');
  return {
    next,
    send: (signal: NodeJS.Signals) => child.kill(signal),
    hears: async (signal: NodeJS.Signals) => {
      child.kill(signal);
      return next();
    },
    end: async (signal: NodeJS.Signals) => {
      child.kill(signal);
      return ended;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

describe('shutdown', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s: the first time in order, the second time at once with %d', async (signal, code) => {
    await using running = start();
    expect(await running.next()).toBe('ready');
    expect(await running.hears(signal)).toBe(`${signal}: finishing what was begun; once more to end at once`);
    expect(await running.next()).toBe('aborted');
    expect(await running.hears('SIGUSR2')).toBe('later');
    expect(await running.end(signal)).toEqual([code, null]);
  });

  it('may be asked in one way and insisted on in the other', async () => {
    await using running = start();
    await running.next();
    await running.hears('SIGTERM');
    expect(await running.next()).toBe('aborted');
    expect(await running.hears('SIGUSR2')).toBe('later');
    expect(await running.end('SIGINT')).toEqual([130, null]);
  });

  it('takes what arrives twice for one wish', async () => {
    await using running = start();
    await running.next();
    expect(await running.hears('SIGINT')).toMatch(/^SIGINT/);
    expect(await running.next()).toBe('aborted');
    running.send('SIGINT');
    // Had the second one counted, nobody would be left to say this.
    expect(await running.hears('SIGHUP')).toBe('reload');
    expect(await running.hears('SIGUSR2')).toBe('later');
  });

  it('is not meant by SIGHUP, which reloads each time', async () => {
    await using running = start();
    await running.next();
    expect(await running.hears('SIGHUP')).toBe('reload');
    expect(await running.hears('SIGHUP')).toBe('reload');
    expect(await running.hears('SIGTERM')).toMatch(/^SIGTERM/);
  });
});
