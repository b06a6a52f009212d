import { describe, expect, it } from 'vitest';
import { ended, TestMachine } from './test-machine.ts';
import { DRAIN_TAG, eventually, INTERRUPTION, looksAgain, says } from './test-watch.ts';

describe.concurrent('drain', { timeout: 60_000 }, () => {
  it('stops, unregisters and powers off an idle instance', async () => {
    await using machine = await TestMachine.create();
    const agent = machine.run();
    await says(machine, 'ready\n');
    machine.metadata.set(DRAIN_TAG, 'idle since 12:00');
    expect(await ended(agent)).toBe(0);

    expect(machine.console()).toContain(
      'runtide: ready\nruntide: draining: idle since 12:00\nruntide: drained; powering off\n',
    );
    expect(machine.read('unregistered')).toBe(
      `unregister --config ${machine.path('etc/gitlab-runner/config.toml')} --all-runners\n`,
    );
    expect(machine.read('etc/gitlab-runner/config.toml')).not.toContain('[[runners]]');
    expect(machine.read('powered-off')).toBe('off\n');
    expect(machine.signals()).not.toContain('TERM');
  });

  it('waits for the running job', async () => {
    await using machine = await TestMachine.create();
    await machine.write('job', '');
    const agent = machine.run();
    await says(machine, 'ready\n');
    machine.metadata.set(DRAIN_TAG, 'expired');
    await says(machine, 'draining: expired\n');
    await looksAgain(machine, INTERRUPTION);
    expect(machine.has('powered-off')).toBe(false);
    expect(machine.signals()).toContain('QUIT');
    expect(machine.signals()).not.toContain('TERM');

    await machine.remove('job');
    expect(await ended(agent)).toBe(0);
    expect(machine.has('powered-off')).toBe(true);
  });

  it('powers off also when GitLab does not let the manager go', async () => {
    await using machine = await TestMachine.create();
    await machine.write('unregister-fails', '');
    const agent = machine.run();
    await says(machine, 'ready\n');
    machine.metadata.set(DRAIN_TAG, 'asked');
    expect(await ended(agent)).toBe(0);
    expect(machine.read('unregistered').trim().split('\n')).toHaveLength(3);
    expect(machine.console()).toContain(
      'runtide: unregistering failed: ERROR: Failed to unregister runners (exit code 0)\nruntide: drained;',
    );
    expect(machine.has('powered-off')).toBe(true);
  });

  it('drains when the runner has exited twice by itself', async () => {
    await using machine = await TestMachine.create();
    const agent = machine.run();
    const pids = (): number[] => machine.read('runner-pids').trim().split('\n').map(Number);
    await says(machine, 'ready\n');
    process.kill(Number(pids()[0]), 'SIGKILL');
    await says(machine, 'the runner exited by itself: no word; starting it again\n');
    await eventually(() => expect(pids().length).toBe(2));
    process.kill(Number(pids()[1]), 'SIGKILL');
    expect(await ended(agent)).toBe(0);
    expect(machine.console()).toContain('runtide: draining: the runner exited twice: no word\n');
    expect(machine.has('powered-off')).toBe(true);
  });

  it('calls no poweroff of the machine around a root of its own', async () => {
    await using machine = await TestMachine.create();
    await machine.remove('bin/poweroff');
    machine.metadata.set(DRAIN_TAG, 'asked');
    machine.run();
    await says(machine, 'powering off failed; terminate the instance\n');
    expect(machine.has('powered-off')).toBe(false);
  });
});
