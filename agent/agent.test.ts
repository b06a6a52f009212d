import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readAgentFiles } from '../src/adapters/aws/agent-files.ts';
import { compactText } from '../src/adapters/aws/shell-text.ts';
import { systemIdOf } from '../src/controller/system-id.ts';
import { AGENT, ended, INSTANCE, programPath, TestMachine } from './test-machine.ts';
import { DRAIN_TAG, eventually, GROUP_TAG, looksAgain, says, TARGET_STATE, WAITING } from './test-watch.ts';

async function started(machine: TestMachine): Promise<ReturnType<TestMachine['run']>> {
  const agent = machine.run();
  await says(machine, 'ready\n');
  return agent;
}

describe.concurrent('supervisor', { timeout: 60_000 }, () => {
  const systemd = { settings: { RUNTIDE_SUPERVISOR: 'systemd' } };

  it('is told to start the agent', async () => {
    await using machine = await TestMachine.create(systemd);
    expect(await ended(machine.run('install'))).toBe(0);
    expect(machine.read('systemctl-calls')).toBe('daemon-reload\nenable --now runtide-agent.service\n');
  });

  it('keeps the runner while the agent restarts in the middle of a drain', async () => {
    await using machine = await TestMachine.create(systemd);
    const first = machine.run();
    await says(machine, 'ready\n');
    machine.metadata.set(DRAIN_TAG, 'drifted');
    await eventually(() =>
      expect(machine.read('systemctl-calls')).toContain(
        'kill --kill-who=main -s QUIT runtide-runner.service\n',
      ),
    );
    expect(await ended(first, 'SIGTERM')).toBe(0);
    expect(machine.read('systemctl-calls')).not.toContain('TERM');

    machine.metadata.failAll({ status: 500, body: '' });
    const second = machine.run();
    await eventually(() => expect(machine.console().match(/draining: drifted/g)?.length).toBe(2));
    await machine.write('unit-state', 'inactive');
    await says(machine, 'drained; asking whether Auto Scaling');
    expect(machine.has('powered-off')).toBe(false);
    machine.metadata.failAll();
    expect(await ended(second)).toBe(0);
    expect(machine.has('powered-off')).toBe(true);
    expect(machine.console().match(/booting/g)).toHaveLength(1);
  });

  it('keeps the runner while the agent restarts in a watch', async () => {
    await using machine = await TestMachine.create(systemd);
    await ended(await started(machine), 'SIGKILL');
    await machine.remove('parameter');
    machine.run();
    await looksAgain(machine, DRAIN_TAG);
    expect(machine.console().match(/booting/g)).toHaveLength(1);
    expect(machine.read('systemctl-calls').match(/^start /gm)).toHaveLength(1);
  });

  it('without one, the runner ends with the agent', async () => {
    await using machine = await TestMachine.create();
    await machine.write('job', '');
    const agent = machine.run('install');
    await says(machine, 'ready\n');
    expect(await ended(agent, 'SIGTERM')).toBe(0);
    expect(machine.signals()).toEqual(['TERM']);
    expect(machine.has('powered-off')).toBe(false);
  });
});

/** Those of the programs that this machine has; one that is missing is said aloud, and fails under CI. */
function present(...names: string[]): string[] {
  return names.filter((name) => {
    if (programPath(name) !== undefined) return true;
    if (process.env['CI'] === 'true')
      throw new Error(`testing the agent: ${name} is not on PATH; install it`);
    process.stderr.write(`SKIPPED: ${name} is not on PATH\n`);
    return false;
  });
}

const SHELL_WORDS: Readonly<Record<string, readonly string[]>> = {
  bash: ['--posix'],
  busybox: ['sh'],
  dash: [],
};

function file(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

describe.concurrent('agent files', { timeout: 60_000 }, () => {
  it('are small enough for user data, with the bootstrap and what is said of a pool', async () => {
    const files = Object.values(await readAgentFiles());
    const bootstrap = compactText(await readFile(file('bootstrap'), 'utf8'));
    const packed = gzipSync([...files, bootstrap].join(''), { level: 9 }).length;
    // Much of what EC2 takes stays for settings, hooks, certificates and the configuration of the runner.
    expect(packed).toBeLessThan(16_384 - 6 * 1024);
  });

  it.for(present('shellcheck'))('have no finding of %s', (shellcheck) => {
    expect(execFileSync(shellcheck, ['--shell=sh', AGENT], { encoding: 'utf8' })).toBe('');
  });

  it.for(present('systemd-analyze'))('are units that %s accepts', (systemdAnalyze) => {
    const units = [file('runtide-agent.service'), file('runtide-runner.service')];
    expect(execFileSync(systemdAnalyze, ['verify', ...units], { encoding: 'utf8' })).toBe('');
  });

  it.for(present(...Object.keys(SHELL_WORDS)))('boot and drain under %s', async (shell) => {
    await using machine = await TestMachine.create({
      shell: [programPath(shell) ?? shell, ...(SHELL_WORDS[shell] ?? [])],
    });
    const agent = await started(machine);
    machine.metadata.set(DRAIN_TAG, 'idle');
    expect(await ended(agent)).toBe(0);
    expect(machine.read('etc/gitlab-runner/.runner_system_id')).toBe(systemIdOf(INSTANCE));
    expect(machine.read('powered-off')).toBe('off\n');
    expect(machine.read('agent.err')).toBe('');

    await using counted = await TestMachine.create({
      shell: [programPath(shell) ?? shell, ...(SHELL_WORDS[shell] ?? [])],
      settings: { RUNTIDE_MAX_JOBS: '1' },
    });
    await counted.write('exit', '0');
    expect(await ended(counted.run())).toBe(0);
    expect(counted.console()).toContain('runtide: draining: used up\nruntide: drained; powering off\n');
    expect(counted.read('agent.err')).toBe('');

    await using member = await TestMachine.create({
      shell: [programPath(shell) ?? shell, ...(SHELL_WORDS[shell] ?? [])],
    });
    member.metadata.set(GROUP_TAG, 'runtide-acme-linux');
    await started(member);
    member.metadata.set(TARGET_STATE, 'Terminated');
    await says(member, WAITING);
    await eventually(() => expect(member.read('etc/runtide/drained')).toBe(INSTANCE));
    expect(member.read('agent.err')).toBe('');
  });
});
