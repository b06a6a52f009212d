import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemIdOf } from '../src/controller/system-id.ts';
import { ended, INSTANCE, processFile, TestMachine, TOKEN } from './test-machine.ts';
import { DRAIN_TAG, eventually, INTERRUPTION, ready, says } from './test-watch.ts';

function filesUnder(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
}

describe.concurrent('boot', { timeout: 60_000 }, () => {
  it('starts the runner as the manager of this instance', async () => {
    await using machine = await TestMachine.create();
    await ready(machine);

    expect(machine.console()).toBe(
      `runtide: booting ${INSTANCE} in pool linux for https://gitlab.example\nruntide: ready\n`,
    );
    expect(machine.read('etc/gitlab-runner/.runner_system_id')).toBe(systemIdOf(INSTANCE));
    expect(machine.read('etc/gitlab-runner/config.toml')).toContain(`name = "${INSTANCE}"`);
    expect(machine.read('etc/gitlab-runner/config.toml')).toContain(`token = "${TOKEN}"`);
    expect(statSync(machine.path('etc/gitlab-runner/config.toml')).mode & 0o777).toBe(0o600);
    expect(machine.read('aws-calls')).toBe(
      'ssm get-parameter --region eu-central-1 --name /runtide/linux/token --with-decryption ' +
        '--query Parameter.Value --output text --cli-connect-timeout 5 --cli-read-timeout 10\n' +
        'endpoint=http://127.0.0.1:1/ssm\n',
    );
    expect(machine.read('agent.err')).toBe('');
  });

  it.for(['i-fffffffffffffffff', 'i-00000000000000000', 'i-0a1b2c3d4e5f60718', 'i-1a2b3c4d'])(
    'names the manager of %s as the controller does',
    async (instance) => {
      await using machine = await TestMachine.create();
      machine.metadata.set('instance-id', instance);
      await ready(machine);
      expect(machine.read('etc/gitlab-runner/.runner_system_id')).toBe(systemIdOf(instance));
    },
  );

  it('lets the token be seen in the configuration alone', async () => {
    await using machine = await TestMachine.create();
    const agent = machine.run();
    await says(machine, 'ready\n');
    machine.metadata.set(DRAIN_TAG, 'idle');
    const shown = [
      await processFile(Number(agent.pid), 'environ'),
      await processFile(Number(agent.pid), 'cmdline'),
    ];
    await ended(agent);

    expect(shown.join('\n')).not.toContain(TOKEN);
    expect(machine.read('seen')).toContain('"unregister"');
    const holders = filesUnder(machine.root).filter((path) => readFileSync(path, 'utf8').includes(TOKEN));
    expect(holders).toEqual([machine.path('parameter')]);
  });

  it('says why there is no token, and stays off', async () => {
    await using machine = await TestMachine.create();
    await machine.remove('parameter');
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain(
      'runtide: boot failed: SSM parameter /runtide/linux/token in eu-central-1: An error occurred ' +
        '(ParameterNotFound) when calling the GetParameter operation: none; ' +
        "check the parameter and the instance role's right to read it\n",
    );
    expect(machine.has('powered-off')).toBe(false);
  });

  it('tries again until the parameter can be read', async () => {
    await using machine = await TestMachine.create({ settings: { RUNTIDE_BOOT_PATIENCE: '60' } });
    await machine.remove('parameter');
    machine.run();
    await eventually(() => expect(machine.read('aws-calls').split('ssm get').length).toBeGreaterThan(2));
    await machine.write('parameter', TOKEN);
    await says(machine, 'ready\n');
  });

  it.for([
    ['None\n', 'holds no runner token'],
    ['glrt-x" \nurl = "http://elsewhere', 'holds no runner token'],
  ])('refuses %j as a token', async ([text = '', reason = '']) => {
    await using machine = await TestMachine.create();
    await machine.write('parameter', text);
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain(`boot failed: SSM parameter /runtide/linux/token ${reason}`);
    expect(machine.has('etc/gitlab-runner/config.toml')).toBe(false);
  });

  it.for(['gitlab-runner', 'aws'])('says that %s is missing', async (program) => {
    await using machine = await TestMachine.create();
    await machine.remove(`bin/${program}`);
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain(
      `runtide: boot failed: ${program} is not on PATH; use an image that has it\n`,
    );
  });

  it('quotes a runner that exits at once, without the token', async () => {
    await using machine = await TestMachine.create();
    await machine.write('runner-fails', '');
    await machine.write('real-seconds', '');
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain(
      'boot failed: the runner exited at once: FATAL: token [token] is bad; check',
    );
  });

  it.for([
    [DRAIN_TAG, 'idle', 'idle'],
    [
      INTERRUPTION,
      '{"action":"terminate","time":"2026-01-05T08:00:00Z"}',
      'interrupted: EC2 takes the instance at 2026-01-05T08:00:00Z',
    ],
  ] as const)('starts no runner where %s is there already: it would take a job with it', async (end) => {
    const [path, body, because] = end;
    await using machine = await TestMachine.create();
    machine.metadata.set(path, body);
    expect(await ended(machine.run())).toBe(0);
    expect(machine.console()).toContain(`runtide: draining: ${because}\nruntide: drained; powering off\n`);
    expect(machine.console()).not.toContain('ready');
    expect(machine.has('runner-pids')).toBe(false);
    expect(machine.read('powered-off')).toBe('off\n');
  });

  it('finds programs that were installed as snaps', async () => {
    await using machine = await TestMachine.create();
    await mkdir(machine.path('snap/bin'), { recursive: true });
    await rename(machine.path('bin/aws'), machine.path('snap/bin/aws'));
    await ready(machine);
    expect(machine.read('aws-calls')).toContain('ssm get-parameter');
  });

  it('says that the metadata does not answer', async () => {
    await using machine = await TestMachine.create();
    machine.metadata.failAll({ status: 500, body: '' });
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toMatch(
      /boot failed: the metadata at http:\S+ gives no instance id \(HTTP 500\); /,
    );
  });

  it.for([
    [{ RUNTIDE_REGION: '' }, 'a setting is missing'],
    [{ RUNTIDE_SUPERVISOR: 'runit' }, "RUNTIDE_SUPERVISOR is 'runit'"],
    [{ RUNTIDE_WATCH_INTERVAL: '0' }, 'a time setting is no number'],
    [{ RUNTIDE_BOOT_PATIENCE: '$(id)' }, 'a time setting is no number'],
  ] as const)('refuses the settings %j', async ([settings, reason]) => {
    await using machine = await TestMachine.create({ settings });
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain(`boot failed: ${reason}`);
  });
});
