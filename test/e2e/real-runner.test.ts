import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { stateOf } from '../../src/adapters/memory/ec2/instance-record.ts';
import type { Job } from '../../src/adapters/memory/gitlab/job.ts';
import { instanceIdOf } from '../../src/controller/system-id.ts';
import { CliRun } from '../support/cli-run.ts';
import { eventually } from '../support/eventually.ts';
import { processesRunning } from '../support/processes.ts';
import { REAL_RUNNER_TESTS, realRunner } from '../support/real-runner.ts';
import { RunnerAtGitLab } from '../support/runner-at-gitlab.ts';
import { openSandbox, succeeded, type WatchedSandbox } from '../support/watched-sandbox.ts';

const BINARY = realRunner();

/** What a real runner says when a QUIT has reached it. */
const DRAINING = 'Starting graceful shutdown, waiting for builds to finish';

describe('the gitlab-runner to try', () => {
  it('is none unless one is named, and must be executable', () => {
    expect(realRunner('')).toBeUndefined();
    expect(realRunner(process.execPath)).toBe(process.execPath);
    expect(() => realRunner('/nowhere/gitlab-runner')).toThrow(
      'RUNTIDE_GITLAB_RUNNER is /nowhere/gitlab-runner, which is no executable',
    );
  });
});

/** A job that says something, waits for the file `first`, says more, waits for `second`, and says its last. */
function gated(name: string, folder: string) {
  const until = (gate: string) => `until test -e '${join(folder, gate)}'; do sleep 0.1; done`;
  return {
    name,
    tags: ['linux'],
    script: ['echo said at once', until('first'), 'echo said later', until('second'), 'echo said at last'],
  };
}

const open = (folder: string, gate: string): Promise<void> => writeFile(join(folder, gate), '');

/** Waits until the job runs and its log, while it runs, has come as far as that text. */
function logOf(job: Job, text: string): Promise<string> {
  return eventually(`the log of ${job.name} says: ${text}`, () => {
    // What the shell echoes of its own script starts with a dollar sign.
    const log = job.trace.text();
    return job.status === 'running' && new RegExp(`^${text}`, 'm').test(log) && log;
  });
}

/** Sees a job's log arrive in parts while it runs, and leaves it before the second gate. */
async function streams(job: Job, folder: string): Promise<void> {
  expect(await logOf(job, 'said at once')).not.toMatch(/^said later/m);
  await open(folder, 'first');
  expect(await logOf(job, 'said later')).not.toMatch(/^said at last/m);
}

function only(jobs: readonly Job[]): Job {
  const [job, ...others] = jobs;
  if (job === undefined || others.length > 0) throw new Error(`${jobs.length} jobs, where one was expected`);
  return job;
}

/** The managers of all runners, as GitLab lists them. */
function managersOf({ gitlab }: WatchedSandbox) {
  return gitlab.runners().flatMap(({ id }) => gitlab.managers(id));
}

/** The instance whose runner runs the job. */
function instanceOf(job: Job): string {
  const id = instanceIdOf(job.manager?.systemId ?? '');
  if (id === undefined) throw new Error(`job ${job.name} is with no instance`);
  return id;
}

function versionOf(binary: string): string {
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  return /^Version: +(.*\S)/m.exec(stdout)?.[1] ?? 'unknown';
}

const TESTS = REAL_RUNNER_TESTS['test/e2e/real-runner.test.ts'];
if (BINARY === undefined) {
  process.stderr.write(
    `SKIPPED, as RUNTIDE_GITLAB_RUNNER names no gitlab-runner:\n${TESTS.map((name) => `  ${name}\n`).join('')}`,
  );
}

/** Registered only where the variable names a gitlab-runner. */
const TRIED = BINARY === undefined ? [] : [BINARY];

describe.each(TRIED)('the gitlab-runner of RUNTIDE_GITLAB_RUNNER', (binary) => {
  it('registers at a GitLab, verifies its token, streams the log of a job, drains at a QUIT and unregisters', async () => {
    await using real = await RunnerAtGitLab.create(binary);
    const { gitlab, folder, runner, double } = real;
    const submit = (...jobs: readonly { readonly name: string; readonly script: readonly string[] }[]) =>
      gitlab.jobsOfPipeline(
        gitlab.createPipeline(real.project, {
          stages: ['test'],
          jobs: jobs.map((job) => ({ ...job, stage: 'test' })),
        }).id,
      );
    const how = ['--non-interactive', '--url', double.url, '--token', runner.token, '--executor', 'shell'];
    expect(await real.run('register', ...how)).toBe(0);
    const systemId = (await readFile(join(folder, '.runner_system_id'), 'utf8')).trim();
    expect(gitlab.managers(runner.id)).toMatchObject([{ systemId }]);
    expect(await real.run('verify')).toBe(0);
    expect(real.said).toMatch(/Verifying runner\.\.\. is (?:valid|alive)/);

    const job = only(submit(gated('long', folder)));
    const running = real.start('run', '--working-directory', folder);
    await streams(job, folder);
    expect(gitlab.managers(runner.id)).toMatchObject([
      { systemId, info: { version: versionOf(binary), executor: 'shell' } },
    ]);
    const closed = once(running, 'close');
    running.kill('SIGQUIT');
    await eventually('it drains', () => real.said.includes(DRAINING));
    const next = only(submit({ name: 'next', script: ['echo works'] }));
    await open(folder, 'second');
    await closed;
    expect(running.exitCode).toBe(0);
    expect([job.status, next.status]).toEqual(['success', 'pending']);
    expect(job.trace.text()).toMatch(/^said at last/m);

    expect(await real.run('unregister', '--all-runners')).toBe(0);
    expect(gitlab.managers(runner.id)).toEqual([]);
    expect(await readFile(real.config, 'utf8')).not.toContain('[[runners]]');
  });

  it('serves an instance: it registers, takes jobs and streams their logs', async () => {
    await using sandbox = await openSandbox({ gitlabRunner: binary });
    const job = only(sandbox.submit(gated('streamed', sandbox.folder)));
    await streams(job, sandbox.folder);
    const manager = managersOf(sandbox).find(({ systemId }) => systemId === job.manager?.systemId);
    expect(manager?.info).toMatchObject({ version: versionOf(binary), executor: 'shell' });
    expect(sandbox.ec2.instance(instanceOf(job))).toBeDefined();
    await open(sandbox.folder, 'second');
    await succeeded([job, ...sandbox.submit({ name: 'other', tags: ['linux'], script: ['echo works'] })]);
    expect(job.trace.text()).toMatch(/^said at last/m);
  });

  it('leaves an instance that drains: its job finishes, it takes no other, and unregisters', async () => {
    await using sandbox = await openSandbox({ gitlabRunner: binary });
    const job = only(sandbox.submit(gated('long', sandbox.folder)));
    await streams(job, sandbox.folder);
    const id = instanceOf(job);
    const { status } = await fetch(`${sandbox.awsUrl}/sandbox/faults`, {
      method: 'POST',
      body: JSON.stringify({ fault: 'rebalance', instance: id }),
    });
    expect(status).toBe(200);
    const log = join(sandbox.folder, 'instances', id, 'var/log/runtide-runner.log');
    await eventually('its runner drains', async () => (await readFile(log, 'utf8')).includes(DRAINING));
    const next = only(sandbox.submit({ name: 'next', tags: ['linux'], script: ['echo works'] }));
    await succeeded([next]);
    expect([job.status, instanceOf(next) === id]).toEqual(['running', false]);
    await open(sandbox.folder, 'second');
    await succeeded([job]);
    await eventually('its manager is gone', () =>
      managersOf(sandbox).every(({ systemId }) => instanceIdOf(systemId) !== id),
    );
    await eventually('it has powered off', () => {
      const record = sandbox.ec2.instance(id);
      return record === undefined || stateOf(record) === 'terminated';
    });
    expect(sandbox.ec2.getConsoleOutput(id).text).not.toContain('unregistering failed');
  });

  it('serves a burst of jobs, while the daemon is killed three times', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runtide-path-'));
    try {
      // As a person has it who has installed one.
      const link = join(folder, 'gitlab-runner');
      await symlink(binary, link);
      const path = { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` };
      await using run = await CliRun.startWith(
        path,
        'sandbox',
        '--jobs',
        '40',
        '--exit-when-done',
        '--json',
        '--kill-daemon',
      );
      await eventually('it works', () => processesRunning(`${link} run `).length > 0);
      expect(await run.ended(200_000)).toEqual({ code: 0, signal: null });
      expect(JSON.parse(run.out)).toMatchObject({
        jobs: { submitted: 40, succeeded: 40, failed: 0 },
        instances: { running: 0 },
      });
      expect(run.processes()).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
