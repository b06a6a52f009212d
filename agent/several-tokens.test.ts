import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { renderAgentEnv, type RunnerTokens } from '../src/adapters/aws/agent-env.ts';
import { renderRunnerConfig } from '../src/adapters/aws/runner-config.ts';
import { runnerIndexOf } from '../src/controller/runner-choice.ts';
import { seconds } from '../src/engine/time.ts';
import { ended, INSTANCE, TestMachine } from './test-machine.ts';
import { DRAIN_TAG, eventually, ready, says } from './test-watch.ts';

const OTHERS = ['i-0123456789abcdef1', 'i-0123456789abcdef2'];

const configShape = z.looseObject({
  concurrent: z.number(),
  runners: z.array(z.looseObject({ name: z.string(), token: z.string() })),
});

/** A machine whose files are those of a pool, and the parameters that there are. */
async function machineFor(
  tokens: RunnerTokens,
  parameters: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestMachine> {
  const pool = { pool: 'linux', gitlabUrl: 'https://gitlab.example', tokens };
  const lines = renderAgentEnv({ ...pool, region: 'eu-central-1' })
    .trim()
    .split('\n');
  const said = lines.map((line) => [line.split('=', 1).join(), line.slice(line.indexOf('=') + 1)]);
  const machine = await TestMachine.create({
    settings: { ...Object.fromEntries(said), ...settings },
  });
  await machine.write(
    'etc/runtide/config.toml.in',
    renderRunnerConfig({ ...pool, slots: 2, checkInterval: seconds(3), executor: { kind: 'shell' } }),
  );
  await mkdir(machine.path('parameters'));
  for (const [name, token] of Object.entries(parameters)) await put(machine, name, token);
  return machine;
}

async function put(machine: TestMachine, name: string, token: string): Promise<void> {
  await mkdir(dirname(machine.path(`parameters${name}`)), { recursive: true });
  await machine.write(`parameters${name}`, `${token}\n`);
}

function configOf(machine: TestMachine) {
  return configShape.parse(parse(machine.read('etc/gitlab-runner/config.toml')));
}

/** The parameters that were asked for, in their order. */
function asked(machine: TestMachine): readonly string[] {
  return [...machine.read('aws-calls').matchAll(/--name (\S+)/g)].map(([, name = '']) => name);
}

describe.concurrent('an agent with the tokens of several runners', { timeout: 60_000 }, () => {
  const all = { parameters: ['/t/web', '/t/app', '/t/docs'], use: 'all' } as const;
  const three = { '/t/web': 'glrt-web_1', '/t/app': 'glrt-app_2', '/t/docs': 'glrt-docs_3' };

  it('serves them all, and unregisters them all', async () => {
    await using machine = await machineFor(all, three);
    const agent = machine.run();
    await says(machine, 'ready\n');
    expect(configOf(machine)).toMatchObject({
      concurrent: 2,
      runners: [
        { name: `linux 1 ${INSTANCE}`, token: 'glrt-web_1' },
        { name: `linux 2 ${INSTANCE}`, token: 'glrt-app_2' },
        { name: `linux 3 ${INSTANCE}`, token: 'glrt-docs_3' },
      ],
    });
    expect(asked(machine)).toEqual(all.parameters);
    machine.metadata.set(DRAIN_TAG, 'idle');
    expect(await ended(agent)).toBe(0);
    expect(machine.read('unregistered')).toContain('--all-runners');
    expect(machine.read('etc/gitlab-runner/config.toml')).not.toContain('[[runners]]');
    expect(machine.read('agent.err')).toBe('');
  });

  it('says which one it lacks, and shows none of the others', async () => {
    await using machine = await machineFor(all, { '/t/web': 'glrt-web_1' });
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain('boot failed: SSM parameter /t/app in eu-central-1: ');
    expect(machine.console()).not.toContain('glrt-');
    expect(machine.has('etc/gitlab-runner/config.toml')).toBe(false);
  });

  it('shows none of them in what the runner says', async () => {
    await using machine = await machineFor(all, three);
    const words = Object.values(three).join(' and ');
    await machine.install('gitlab-runner', `#!/bin/sh\necho 'FATAL: ${words} are bad'\nexit 1\n`);
    await machine.write('real-seconds', '');
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain('FATAL: [token] and [token] and [token] are bad');
  });
});

describe.concurrent('an agent that uses one of several runners', { timeout: 60_000 }, () => {
  const parameters = ['/t/0', '/t/1', '/t/2'];

  it.for([INSTANCE, ...OTHERS])('takes the one that the controller expects of %s', async (instance) => {
    const tokens = Object.fromEntries(parameters.map((name, index) => [name, `glrt-number_${index}`]));
    await using machine = await machineFor({ parameters, use: 'one' }, tokens);
    machine.metadata.set('instance-id', instance);
    await ready(machine);
    const index = runnerIndexOf(instance, parameters.length);
    expect(configOf(machine).runners).toMatchObject([
      { name: `linux ${instance}`, token: `glrt-number_${index}` },
    ]);
    expect(asked(machine)).toEqual([`/t/${index}`]);
  });
});

describe.concurrent('an agent with a runner of its own', { timeout: 60_000 }, () => {
  const own = { parameters: ['/runtide/linux/instances'], use: 'own' } as const;
  const name = `/runtide/linux/instances/${INSTANCE}`;

  it('waits for its token, which is written only once the instance is seen', async () => {
    await using machine = await machineFor(own, {}, { RUNTIDE_BOOT_PATIENCE: '60' });
    machine.run();
    await eventually(() => expect(asked(machine).length).toBeGreaterThan(1));
    expect(machine.has('runner-pids')).toBe(false);
    await put(machine, name, 'glrt-own_1');
    await says(machine, 'ready\n');
    expect(new Set(asked(machine))).toEqual(new Set([name]));
    expect(configOf(machine).runners).toMatchObject([{ token: 'glrt-own_1' }]);
  });

  it('gives up when it does not come, and says what it waited for', async () => {
    await using machine = await machineFor(own, {
      '/runtide/linux/instances/i-0fedcba9876543210': 'glrt-other_1',
    });
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain(`boot failed: SSM parameter ${name} in eu-central-1: `);
  });
});

describe.concurrent('an agent that is told of tokens', { timeout: 60_000 }, () => {
  it('refuses a use that it does not know', async () => {
    await using machine = await TestMachine.create({ settings: { RUNTIDE_TOKEN_USE: 'some' } });
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain("boot failed: RUNTIDE_TOKEN_USE is 'some'; set all, one or own");
  });

  it('fills in the address of its instance where the configuration wants it', async () => {
    await using machine = await TestMachine.create();
    const config = machine.read('etc/runtide/config.toml.in');
    await machine.write(
      'etc/runtide/config.toml.in',
      `[session_server]\nadvertise_address = "@INSTANCE_ADDRESS@:8093"\n${config}`,
    );
    machine.metadata.set('local-ipv4', '10.0.0.7');
    await ready(machine);
    expect(machine.read('etc/gitlab-runner/config.toml')).toContain('advertise_address = "10.0.0.7:8093"');
    expect(machine.metadata.asked('local-ipv4')).toBe(1);
  });

  it('does not start with a configuration that it cannot fill in', async () => {
    await using machine = await TestMachine.create();
    await machine.write('etc/runtide/config.toml.in', 'advertise_address = "@INSTANCE_ADDRESS@:8093"\n');
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain('config.toml cannot be made of');
    expect(machine.has('runner-pids')).toBe(false);
  });
});
