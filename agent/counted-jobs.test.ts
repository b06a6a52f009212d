import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ended, INSTANCE, type MachineOptions, TestMachine } from './test-machine.ts';
import { DRAIN_TAG, eventually, INTERRUPTION, looksAgain, ready, says } from './test-watch.ts';

const COUNTED = { RUNTIDE_MAX_JOBS: '3' };

/** A machine whose runner ends after three jobs. */
function countedMachine(options: MachineOptions = {}): Promise<TestMachine> {
  return TestMachine.create({ ...options, settings: { ...COUNTED, ...options.settings } });
}

/** The words of every start of the runner. */
function starts(machine: TestMachine): string[] {
  const calls = machine.read('seen').trim().split('\n');
  const words = calls.map((line) => /"argv":\["[^"]*","[^"]*",(.*?)\]/.exec(line)?.[1] ?? '');
  return words.filter((line) => line.startsWith('"run'));
}

function oneStart(machine: TestMachine, ...more: readonly string[]): string[] {
  const config = machine.path('etc/gitlab-runner/config.toml');
  const words = ['run-single', '--config', config, '--runner', INSTANCE, '--max-builds', '3', ...more];
  return [JSON.stringify(words).slice(1, -1)];
}

describe.concurrent('a runner whose jobs are counted', { timeout: 60_000 }, () => {
  it('counts them itself, under the registration of the configuration', async () => {
    await using machine = await countedMachine();
    await ready(machine);
    expect(starts(machine)).toEqual(oneStart(machine));
    expect(machine.read('agent.err')).toBe('');
  });

  it('ends when it has had them: unregistered and powered off, not started again', async () => {
    await using machine = await countedMachine();
    const agent = machine.run();
    await says(machine, 'ready\n');
    await machine.write('exit', '0');
    expect(await ended(agent)).toBe(0);
    expect(machine.console()).toContain(
      'runtide: ready\nruntide: draining: used up\nruntide: drained; powering off\n',
    );
    expect(machine.read('etc/gitlab-runner/config.toml')).not.toContain('[[runners]]');
    expect(machine.read('powered-off')).toBe('off\n');
    expect(starts(machine)).toEqual(oneStart(machine));
    expect(machine.has('signals')).toBe(false);
  });

  it('may have had them before the agent has looked twice', async () => {
    await using machine = await countedMachine();
    await machine.write('exit', '0');
    expect(await ended(machine.run())).toBe(0);
    expect(machine.console()).toContain('runtide: ready\nruntide: draining: used up\n');
  });

  it('is not started again when it ends before its time: it would be granted all of them again', async () => {
    await using machine = await countedMachine();
    const agent = machine.run();
    await says(machine, 'ready\n');
    process.kill(Number(machine.read('runner-pids')), 'SIGKILL');
    expect(await ended(agent)).toBe(0);
    expect(machine.console()).toContain(
      'runtide: draining: the runner exited before its time: no word\nruntide: drained; powering off\n',
    );
    expect(starts(machine)).toHaveLength(1);
  });

  it('is not started by another boot of the same instance', async () => {
    await using machine = await countedMachine();
    const first = machine.run();
    await says(machine, 'ready\n');
    await ended(first, 'SIGTERM');
    expect(await ended(machine.run())).toBe(0);
    expect(machine.console()).toContain(
      'runtide: draining: started again, and its runner has had its jobs\nruntide: drained; powering off\n',
    );
    expect(starts(machine)).toHaveLength(1);
    expect(machine.has('unregistered')).toBe(true);
  });

  it('is started by an instance whose image was made of another', async () => {
    await using machine = await countedMachine();
    await machine.write('etc/runtide/granted', 'i-0fedcba9876543210');
    await ready(machine);
    expect(starts(machine)).toHaveLength(1);
  });

  it('is drained by QUIT, and takes the time that its open request needs', async () => {
    await using machine = await countedMachine();
    await machine.write('job', '');
    const agent = machine.run();
    await says(machine, 'ready\n');
    machine.metadata.set(DRAIN_TAG, 'drifted');
    await says(machine, 'draining: drifted\n');
    await looksAgain(machine, INTERRUPTION);
    expect(machine.has('powered-off')).toBe(false);
    await machine.remove('job');
    expect(await ended(agent)).toBe(0);
    expect(machine.signals()).not.toContain('TERM');
    expect(machine.has('powered-off')).toBe(true);
  });

  it('says why it exits at once', async () => {
    await using machine = await countedMachine();
    await machine.write('runner-fails', '');
    await machine.write('real-seconds', '');
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain(
      'boot failed: the runner exited at once: FATAL: token [token] is bad;',
    );
    expect(machine.has('etc/runtide/granted')).toBe(false);
  });

  it.for(['0', '-1', 'all', '1.5'])('is refused for %j jobs', async (count) => {
    await using machine = await TestMachine.create({ settings: { RUNTIDE_MAX_JOBS: count } });
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain(`boot failed: RUNTIDE_MAX_JOBS is '${count}'; set a whole number`);
  });
});

describe.concurrent('a version of gitlab-runner', { timeout: 60_000 }, () => {
  it.for(['17.9.3', '18.0.4', '9.5.1'])('%s takes another system id, and is refused', async (version) => {
    await using machine = await countedMachine();
    await machine.write('runner-version', version);
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain(
      `boot failed: gitlab-runner ${version} cannot count jobs; use 18.1 or newer, or no maxJobs\n`,
    );
    expect(machine.has('runner-pids')).toBe(false);
  });

  it('that is not known is refused as well', async () => {
    await using machine = await countedMachine();
    await machine.write('runner-version', 'development version');
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toMatch(/boot failed: gitlab-runner version cannot count jobs;/);
  });

  it.for(['18.1.0', '18.11.2', '19.0.0~beta.12.gabcdef', '20.0.0'])('%s counts', async (version) => {
    await using machine = await countedMachine();
    await machine.write('runner-version', version);
    await ready(machine);
    expect(starts(machine)).toEqual(oneStart(machine));
  });

  it('17.9.3 is as good as others where nothing is counted', async () => {
    await using machine = await TestMachine.create();
    await machine.write('runner-version', '17.9.3');
    await ready(machine);
    expect(starts(machine)[0]).toMatch(/^"run","--config"/);
  });
});

describe.concurrent('counted jobs under systemd', { timeout: 60_000 }, () => {
  it.for([
    ['success', 'used up'],
    ['exit-code', 'the runner exited before its time: last words of the unit'],
    ['signal', 'the runner exited before its time: last words of the unit'],
  ])('that ended with %s drain: %s', async ([result = '', because = '']) => {
    await using machine = await countedMachine({ settings: { RUNTIDE_SUPERVISOR: 'systemd' } });
    const agent = machine.run();
    await says(machine, 'ready\n');
    await machine.write('unit-result', result);
    await machine.write('unit-state', result === 'success' ? 'inactive' : 'failed');
    expect(await ended(agent)).toBe(0);
    expect(machine.console()).toContain(`runtide: draining: ${because}\nruntide: drained; powering off\n`);
    expect(machine.read('systemctl-calls').match(/^start /gm)).toHaveLength(1);
  });
});

/** The words that start the agent's shell with a user for its jobs. */
const AS_USER = ['/bin/sh', '-c', 'export RUNTIDE_JOBS_USER=runtide-jobs; exec /bin/sh "$@"', 'sh'];

async function machineWithUser(): Promise<TestMachine> {
  const machine = await countedMachine({ shell: AS_USER });
  await machine.install('chown', '#!/bin/sh\necho "chown $*" >>"$RUNTIDE_ROOT/chowned"\n');
  await machine.install('chmod', '#!/bin/sh\nexec /bin/chmod "$@"\n');
  return machine;
}

describe.concurrent('the user of counted jobs', { timeout: 60_000 }, () => {
  it('is named to a run-single that knows one', async () => {
    await using machine = await machineWithUser();
    await machine.write('more-help', '   --user value  Whom jobs run as\n');
    await ready(machine);
    expect(starts(machine)).toEqual(oneStart(machine, '--user', 'runtide-jobs'));
    expect(machine.read('chowned')).toBe(`chown runtide-jobs ${machine.path('var/lib/runtide')}\n`);
  });

  it('is taken on by the shell of their scripts where run-single knows none', async () => {
    await using machine = await machineWithUser();
    await ready(machine);
    expect(starts(machine)).toEqual(oneStart(machine));
    const path = /"PATH":"([^"]*)"/.exec(machine.read('seen'))?.[1] ?? '';
    const rest = ['bin', 'usr/local/bin', 'snap/bin'].map((folder) => machine.path(folder)).join(':');
    expect(path).toBe(`${machine.path('usr/local/lib/runtide/shells')}:${rest}`);

    await machine.install('su', '#!/bin/sh\nprintf "%s\\n" "$PATH" "$@"\n');
    const said = execFileSync('bash', ['-l'], { env: { PATH: path }, encoding: 'utf8' });
    expect(said.split('\n')).toEqual([rest, '-s', '/bin/bash', 'runtide-jobs', '-c', 'bash -l', '']);
  });

  it('is needed: a runner whose jobs would be its own user is not started', async () => {
    await using machine = await machineWithUser();
    await machine.install('chmod', '#!/bin/sh\nexit 1\n');
    await machine.write('real-seconds', '');
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain('boot failed: the runner exited at once');
    await eventually(() => expect(starts(machine)).toEqual([]));
  });
});
