import { spawn } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { programPath, TestMachine } from './test-machine.ts';
import { ready } from './test-watch.ts';

/** Another user needs root, and a way to it. */
const MISSING =
  process.getuid?.() === 0
    ? ['su', 'bash'].filter((name) => programPath(name) === undefined)
    : ['the rights of root'];

/** The words that start the agent's shell with a user for its jobs. */
const AS_USER = ['/bin/sh', '-c', 'export RUNTIDE_JOBS_USER=nobody; exec /bin/sh "$@"', 'sh'];

async function runningMachine(settings: Readonly<Record<string, string>>): Promise<TestMachine> {
  const machine = await TestMachine.create({ shell: AS_USER, settings });
  await machine.install('chown', '#!/bin/sh\n');
  await symlink(programPath('chmod') ?? 'chmod', machine.path('bin/chmod'));
  await symlink(programPath('su') ?? 'su', machine.path('bin/su'));
  await ready(machine);
  return machine;
}

/** By which its runner finds what starts a job; the programs of the test's own machine stand for those of the image. */
function pathOf(machine: TestMachine): string {
  const [shells = ''] = (/"PATH":"([^"]*)"/.exec(machine.read('seen'))?.[1] ?? '').split(':');
  return `${shells}:/usr/bin:/bin`;
}

/** What a job says whose process group, as the runner sees it, is sent TERM: answers when its last process has ended. */
async function endedJob(path: string, [program = '', ...words]: readonly string[]): Promise<string> {
  const job = spawn(program, words, {
    env: { PATH: path },
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  job.stdin.end('id -un; echo "$PATH"; sleep 60 & echo started; wait\n');
  let said = '';
  for await (const bytes of job.stdout) {
    said += String(bytes);
    if (String(bytes).includes('started')) process.kill(-(job.pid ?? Number.NaN), 'SIGTERM');
  }
  return said;
}

/** What is said of a pool, and what its runner starts for a job. */
const WAYS = [
  [{}, ['su', '-s', '/bin/bash', 'nobody', '-c', 'bash']],
  [{ RUNTIDE_MAX_JOBS: '3' }, ['bash', '-s']],
] as const;

describe.concurrent('a job that the runner ends', { timeout: 30_000 }, () => {
  it.for(MISSING.length === 0 ? WAYS : [])(
    'leaves no process of its user, with the settings %j',
    async ([settings, command]) => {
      await using machine = await runningMachine(settings);
      const said = await endedJob(pathOf(machine), command);
      expect(said).toMatch(/^nobody\n.*\nstarted\n$/);
      expect(said).not.toContain(machine.root);
    },
  );

  // What cannot be tried is said aloud. A program that is missing fails under CI, which can install it.
  it.for(MISSING)('cannot be tried without %s', (missing) => {
    process.stderr.write(`SKIPPED: ending a job of another user: without ${missing}\n`);
    expect(process.env['CI'] === 'true' && process.getuid?.() === 0).toBe(false);
  });
});
