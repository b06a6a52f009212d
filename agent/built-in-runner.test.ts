import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemIdOf } from '../src/controller/system-id.ts';
import { Coordinator, job, step } from '../src/sandbox/runner/test-coordinator.ts';
import { ended, INSTANCE, type MachineOptions, TestMachine, TOKEN } from './test-machine.ts';
import { DRAIN_TAG, eventually, INTERRUPTION, says } from './test-watch.ts';

const RUNNER = fileURLToPath(new URL('../src/sandbox/runner/main.ts', import.meta.url));

async function machineOf(gitlab: Coordinator, options: MachineOptions = {}): Promise<TestMachine> {
  const machine = await TestMachine.create(options);
  await machine.install('gitlab-runner', `#!/bin/sh\nexec '@NODE@' '${RUNNER}' "$@"\n`);
  const config = machine.read('etc/runtide/config.toml.in').replace('https://gitlab.example', gitlab.url);
  await machine.write('etc/runtide/config.toml.in', config);
  return machine;
}

describe.concurrent('agent with the built-in runner', { timeout: 60_000 }, () => {
  it('lets the running job finish, unregisters and powers off', async () => {
    await using gitlab = await new Coordinator().start();
    await using machine = await machineOf(gitlab);
    const wait = `while [ ! -e ${machine.path('go')} ]; do sleep 0.05; done`;
    gitlab.queue.push(job({ steps: [step(wait, 'grep SigIgn /proc/self/status || true')] }));
    const agent = machine.run();
    await says(machine, 'ready\n');
    await eventually(() => expect(gitlab.updates()).toHaveLength(1));
    machine.metadata.set(DRAIN_TAG, 'expired');
    await eventually(() =>
      expect(machine.read('var/log/runtide-runner.log')).toContain('running jobs finish'),
    );
    await machine.write('go', '');
    expect(await ended(agent)).toBe(0);

    expect(gitlab.updates()[1]).toMatchObject({ state: 'success' });
    // A job that inherited an ignored INT or QUIT would behave in another way than elsewhere.
    expect(gitlab.trace).not.toMatch(/SigIgn:\s*[0-9a-f]*[2-7ef]\n/);
    const removed = gitlab.to('DELETE runners/managers').map(({ text }): unknown => JSON.parse(text));
    expect(removed).toEqual([{ token: TOKEN, system_id: systemIdOf(INSTANCE) }]);
    expect(machine.has('powered-off')).toBe(true);
    expect(machine.read('var/log/runtide-runner.log')).not.toContain(TOKEN);
  });

  it('unregisters every runner that it serves', async () => {
    await using gitlab = await new Coordinator().start();
    await using machine = await machineOf(gitlab, { settings: { RUNTIDE_TOKEN_PARAMETER: '/web,/app' } });
    const config = machine.read('etc/runtide/config.toml.in');
    const entry = config.slice(config.indexOf('[[runners]]'));
    await machine.write('etc/runtide/config.toml.in', config + entry.replace('name = "', 'name = "2 '));
    await mkdir(machine.path('parameters'));
    for (const name of ['web', 'app']) await machine.write(`parameters/${name}`, `glrt-token_of-${name}`);
    const agent = machine.run();
    await says(machine, 'ready\n');
    machine.metadata.set(DRAIN_TAG, 'idle');
    expect(await ended(agent)).toBe(0);
    const removed = gitlab.to('DELETE runners/managers').map(({ text }): unknown => JSON.parse(text));
    expect(removed).toEqual(
      ['web', 'app'].map((name) => ({ token: `glrt-token_of-${name}`, system_id: systemIdOf(INSTANCE) })),
    );
  });

  it('fails the running job before EC2 takes the instance', async () => {
    await using gitlab = await new Coordinator().start();
    await using machine = await machineOf(gitlab);
    gitlab.queue.push(job({ steps: [step('sleep 600')] }));
    const agent = machine.run();
    await says(machine, 'ready\n');
    await eventually(() => expect(gitlab.trace).toContain('$ sleep 600'));
    const time = `${new Date(Date.now() + 40_000).toISOString().slice(0, 19)}Z`;
    machine.metadata.set(INTERRUPTION, JSON.stringify({ action: 'terminate', time }));
    expect(await ended(agent)).toBe(0);
    expect(gitlab.updates().at(-1)).toMatchObject({ state: 'failed', failure_reason: 'runner_interrupted' });
    expect(machine.has('powered-off')).toBe(true);
  });
});

describe.concurrent('agent with the built-in runner for one job', { timeout: 60_000 }, () => {
  const single = { settings: { RUNTIDE_MAX_JOBS: '1' } };

  it('unregisters and powers off after it, and leaves the next to others', async () => {
    await using gitlab = await new Coordinator().start();
    await using machine = await machineOf(gitlab, single);
    gitlab.queue.push(job({ steps: [step('pwd')] }), job({ steps: [step('true')] }, 2));
    expect(await ended(machine.run())).toBe(0);

    expect(gitlab.updates()[1]).toMatchObject({ state: 'success' });
    expect(gitlab.trace).toContain(machine.path('var/lib/runtide/builds/'));
    expect(gitlab.queue).toHaveLength(1);
    const asked = gitlab.to('POST jobs/request').map(({ text }) => /"system_id":"([^"]*)"/.exec(text)?.[1]);
    expect(asked).toEqual([systemIdOf(INSTANCE)]);
    expect(gitlab.to('DELETE runners/managers')).toHaveLength(1);
    expect(machine.console()).toContain('runtide: draining: used up\nruntide: drained; powering off\n');
    expect(machine.has('powered-off')).toBe(true);
  });

  it('runs the job that its open request brings after the drain has begun', async () => {
    await using gitlab = await new Coordinator().start();
    await using machine = await machineOf(gitlab, single);
    gitlab.holdJobs();
    const agent = machine.run();
    await eventually(() => expect(gitlab.to('POST jobs/request')).toHaveLength(1));
    await says(machine, 'ready\n');
    machine.metadata.set(DRAIN_TAG, 'idle');
    await eventually(() =>
      expect(machine.read('var/log/runtide-runner.log')).toContain('running jobs finish'),
    );
    expect(machine.has('powered-off')).toBe(false);
    gitlab.handOver(job({ steps: [step('true')] }));
    expect(await ended(agent)).toBe(0);
    expect(gitlab.updates()[1]).toMatchObject({ state: 'success' });
    expect(gitlab.to('POST jobs/request')).toHaveLength(1);
    expect(machine.console()).toContain('runtide: draining: idle\nruntide: drained; powering off\n');
  });
});
