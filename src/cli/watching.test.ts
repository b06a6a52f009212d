import process from 'node:process';
import { afterEach, expect, it, vi } from 'vitest';
import { loadSample } from '../../test/support/sample-config.ts';
import { watching } from './watching.ts';

const exitCode = process.exitCode;
afterEach(() => {
  process.exitCode = exitCode;
  vi.restoreAllMocks();
});

/** What is written on standard error. */
function complaints(): string[] {
  const written: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  return written;
}

// Nothing listens on port 1.
const config = await loadSample({ 'status.listen': '127.0.0.1:1' });

it('ends with what there was to see, also without a daemon, and says once that there is none', async () => {
  const written = complaints();
  let looks = 0;
  const seen = await watching({
    config,
    goesOn: 'it goes on',
    look: async (status) => {
      expect(status).toBeUndefined();
      looks += 1;
      return looks === 2;
    },
  });
  expect([seen, looks, process.exitCode]).toEqual(['seen', 2, exitCode]);
  expect(written).toEqual([
    expect.stringMatching(
      /^reading the status of the daemon at http:\/\/127\.0\.0\.1:1: .*is "runtide up" running/,
    ),
  ]);
});

it('ends at Ctrl-C, and says what goes on', async () => {
  const written = complaints();
  const before = process.listenerCount('SIGINT');
  const left = await watching({
    config,
    goesOn: 'it goes on',
    look: async () => {
      process.emit('SIGINT');
      return false;
    },
  });
  expect([left, process.exitCode]).toEqual(['left', 130]);
  expect(written.at(-1)).toBe('it goes on\n');
  expect(process.listenerCount('SIGINT')).toBe(before);
});
