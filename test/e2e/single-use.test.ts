import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openSandbox, succeeded, type WatchedSandbox } from '../support/watched-sandbox.ts';

const JOBS = Array.from({ length: 4 }, (_, index) => ({
  name: `job ${index}`,
  script: ['test ! -e "$CI_BUILDS_DIR/mark"', 'touch "$CI_BUILDS_DIR/mark"'],
}));

/** Whether instances use a gitlab-runner of this machine that is older than 18.1. */
function hasOldRunner(): boolean {
  const { stdout } = spawnSync('gitlab-runner', ['--version'], { encoding: 'utf8' });
  return /^Version: *(?:\d|1[0-7]|18\.0)\./m.test(stdout ?? '');
}

/** The runner that instances use here, where it can count its jobs and where it cannot. */
const COUNTED = hasOldRunner() ? [] : ['a runner that counts'];
const UNCOUNTED = hasOldRunner() ? ['a gitlab-runner that is too old to be counted'] : [];

/** Makes every instance of the pool one for a single job. */
async function openSingleUse(): Promise<WatchedSandbox> {
  const sandbox = await openSandbox();
  await sandbox.reload(
    [['pools', 'linux', 'slots'], 1],
    [['pools', 'linux', 'maxJobs'], 1],
    [['pools', 'linux', 'surge'], 4],
  );
  return sandbox;
}

describe('a pool whose instances run one job', () => {
  it.for(COUNTED)('gives every job a fresh one, and all of them end by themselves, with %s', async () => {
    await using sandbox = await openSingleUse();
    const { ec2, gitlab } = sandbox;
    const jobs = sandbox.submit(...JOBS);
    await succeeded(jobs);
    expect(new Set(jobs.map(({ manager }) => manager?.systemId)).size).toBe(JOBS.length);

    await eventually('the fleet is at zero', () => sandbox.running() === 0 && sandbox.managers() === 0);
    const instances = ec2.instances();
    expect(instances).toHaveLength(JOBS.length);
    for (const { id } of instances) {
      const said = ec2.getConsoleOutput(id).text;
      expect(said).toMatch(/runtide: draining: used[ -]up/);
      expect(said).toMatch(/runtide: drained; powering off/);
    }
    expect(gitlab.jobCounts()).toEqual({ success: JOBS.length });
    expect((await sandbox.log()).filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });

  it.for(UNCOUNTED)('refuses %s, and says so', async () => {
    await using sandbox = await openSingleUse();
    const [job] = sandbox.submit(...JOBS.slice(0, 1));
    const consoles = (): string =>
      sandbox.ec2
        .instances()
        .map(({ id }) => sandbox.ec2.getConsoleOutput(id).text)
        .join('');
    await eventually('an instance says why', () =>
      consoles().includes('cannot count jobs; use 18.1 or newer'),
    );
    expect([job?.status, sandbox.managers()]).toEqual(['pending', 0]);
  });
});
