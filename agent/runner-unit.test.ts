import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ended, TestMachine } from './test-machine.ts';
import { eventually } from './test-watch.ts';

const UNIT = readFileSync(fileURLToPath(new URL('runtide-runner.service', import.meta.url)), 'utf8');

/** A machine under systemd where `chown` ends with the given code. */
async function machineOf(chown: number): Promise<TestMachine> {
  const machine = await TestMachine.create({ settings: { RUNTIDE_SUPERVISOR: 'systemd' } });
  await machine.install('chown', `#!/bin/sh\necho "$*" >>"$RUNTIDE_ROOT/chowned"\nexit ${String(chown)}\n`);
  return machine;
}

/** What the unit's command has become, in its own words. */
async function becomes(machine: TestMachine): Promise<string> {
  machine.run('runner');
  await eventually(() => expect(machine.has('seen')).toBe(true));
  return machine.read('seen');
}

const asJobs = '#!/bin/sh\n[ "$*" = "-un runtide-jobs" ] && echo runtide-jobs\n';

describe.concurrent('the unit of the runner', { timeout: 60_000 }, () => {
  it('becomes a runner whose jobs have the user that is made for them', async () => {
    await using machine = await machineOf(0);
    await machine.install('id', asJobs);
    const work = machine.path('var/lib/runtide');
    const config = machine.path('etc/gitlab-runner/config.toml');
    expect(await becomes(machine)).toContain(
      `"run","--config","${config}","--working-directory","${work}","--user","runtide-jobs"]`,
    );
    expect(machine.read('chowned')).toBe(`runtide-jobs ${work}\n`);
  });

  it('runs them as root where there is no such user', async () => {
    await using machine = await machineOf(0);
    expect(await becomes(machine)).not.toContain('--user');
    expect(machine.has('chowned')).toBe(false);
  });

  it('does not become a runner whose jobs could not write', async () => {
    await using machine = await machineOf(1);
    await machine.install('id', asJobs);
    expect(await ended(machine.run('runner'))).toBe(1);
    expect(machine.has('seen')).toBe(false);
  });

  it('starts the agent, which becomes the runner', () => {
    expect(UNIT).toMatch(/^ExecStart=\/bin\/sh \/usr\/local\/bin\/runtide-agent runner$/m);
  });

  it('starts it after Docker and stops it before, because its jobs need Docker to their end', () => {
    expect(UNIT).toMatch(/^After=.*\bdocker\.service\b/m);
  });

  it('stops it by QUIT, and waits for its jobs without a limit', () => {
    expect(UNIT).toMatch(/^KillSignal=SIGQUIT$/m);
    expect(UNIT).toMatch(/^TimeoutStopSec=infinity$/m);
  });
});
