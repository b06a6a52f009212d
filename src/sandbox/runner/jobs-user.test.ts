import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findJobsUser, identityOf, workAsJobsUser } from './jobs-user.ts';
import { Coordinator, ended, eventually, job, Runner, step } from './test-coordinator.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobs-user-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('the user of jobs', () => {
  it('is found by name', () => {
    expect(findJobsUser('root')).toEqual({ name: 'root', uid: 0, gid: 0 });
  });

  it('may be a number that this machine has no name for', () => {
    expect(findJobsUser('1073741824')).toEqual({ name: '1073741824', uid: 2 ** 30, gid: 2 ** 30 });
    expect(identityOf(findJobsUser('4711'))).toEqual({ uid: 4711, gid: 4711 });
    expect(identityOf(undefined)).toEqual({});
  });

  it('must be there', () => {
    expect(() => findJobsUser('no-such-user')).toThrow(
      'looking for the user no-such-user: there is none; name another with --user',
    );
  });
});

describe('work on files of jobs', () => {
  it('gets its words and its input as they are', async () => {
    await workAsJobsUser({ folder, script: 'cat >"$1"', words: ['a b; $c'], input: 'x\n$y' });
    expect(readFileSync(join(folder, 'a b; $c'), 'utf8')).toBe('x\n$y');
  });

  it('throws the last words of what failed', async () => {
    const work = workAsJobsUser({ folder, script: 'echo first >&2; echo last >&2; exit 3', words: [] });
    await expect(work).rejects.toThrow(/^last$/);
  });

  it('is done as their user, who cannot be led to files of root', async () => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'of the runner', { mode: 0o600 });
    symlinkSync(secret, join(folder, 'script'));
    const user = process.getuid?.() === 0 ? findJobsUser('4711') : undefined;
    const outcome = workAsJobsUser({
      folder: '/',
      script: 'cat >"$1"',
      words: [join(folder, 'script')],
      input: 'x',
      user,
    }).then(
      () => 'written',
      (error: unknown) => String(error),
    );
    // Without root there is but one user, who may write to files of its own.
    expect(await outcome).toMatch(user === undefined ? /^written$/ : /Permission denied$/);
    expect(readFileSync(secret, 'utf8')).toBe(user === undefined ? 'x' : 'of the runner');
    expect(statSync(secret).mode & 0o777).toBe(0o600);
  });
});

const IS_ROOT = process.getuid?.() === 0;

describe('built-in runner with a user for jobs', { timeout: 40_000 }, () => {
  it('runs them as that user, in its home, and nothing where it may not', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    const home = runner.path('home');
    mkdirSync(home);
    chmodSync(runner.folder, 0o711);
    if (IS_ROOT) chownSync(home, 4711, 4711);
    const variables = [{ key: 'CERTIFICATE', value: 'PEM', file: true }];
    const script = ['echo "I am $(id -u):$(id -g), $USER in $HOME"', 'stat -c "%u %a" "$CERTIFICATE" "$0"'];
    gitlab.queue.push(job({ variables, steps: [step(...script)] }));
    const words = ['run', '--config', runner.config, '--working-directory', home, '--user', '4711'];
    const child = runner.start(...words);
    await eventually(() => expect(gitlab.updates().length).toBeGreaterThan(IS_ROOT ? 1 : 0));
    expect(await ended(child, 'SIGQUIT')).toBe(0);
    expect(gitlab.updates().at(-1)).toMatchObject({ state: IS_ROOT ? 'success' : 'failed' });
    expect(gitlab.trace).toContain(IS_ROOT ? `I am 4711:4711, 4711 in ${home}\n` : 'system failure');
    expect(gitlab.trace.match(/^4711 600$/gm) ?? []).toHaveLength(IS_ROOT ? 2 : 0);
  });

  it('is not hindered by folders that a job has closed to itself', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    const close = 'mkdir -p "$CI_PROJECT_DIR.tmp/a/b" && chmod 0 "$CI_PROJECT_DIR.tmp/a"';
    gitlab.queue.push(job({ steps: [step(close)] }), job({ steps: [step('echo works')] }, 2));
    const child = runner.run();
    await eventually(() => expect(gitlab.updates(2)).toHaveLength(2));
    expect(await ended(child, 'SIGQUIT')).toBe(0);
    expect(gitlab.updates(1).at(-1)).toMatchObject({ state: 'success' });
    expect(gitlab.updates(2).at(-1)).toMatchObject({ state: 'success' });
  });
});
