import { chmod, mkdir, rename } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ended, TestMachine } from './test-machine.ts';
import { FAKE_BOOTSTRAP } from './test-programs.ts';
import { ready } from './test-watch.ts';

const SYSTEMD = { settings: { RUNTIDE_SUPERVISOR: 'systemd' } } as const;

/** A machine whose image lacks the runner, with the bootstrap that user data has written. */
async function bareMachine(): Promise<TestMachine> {
  const machine = await TestMachine.create();
  await rename(machine.path('bin/gitlab-runner'), machine.path('gitlab-runner'));
  await mkdir(machine.path('usr/local/sbin'), { recursive: true });
  await machine.write('usr/local/sbin/runtide-bootstrap', FAKE_BOOTSTRAP);
  await chmod(machine.path('usr/local/sbin/runtide-bootstrap'), 0o755);
  await machine.write('etc/runtide/bootstrap.env', 'RUNTIDE_RUNNER_VERSION=18.3.0\n');
  return machine;
}

describe.concurrent('a machine before its runner', { timeout: 60_000 }, () => {
  it('is bootstrapped when it lacks the runner, between the hooks', async () => {
    await using machine = await bareMachine();
    await machine.hook('pre', '10-first', 'echo pre-10 >>"$RUNTIDE_ROOT/steps"');
    await machine.hook('pre', '20-second', 'echo pre-20 >>"$RUNTIDE_ROOT/steps"');
    await machine.hook('post', '10-last', 'echo post-10 >>"$RUNTIDE_ROOT/steps"; command -v gitlab-runner');
    await ready(machine);
    expect(machine.read('steps')).toBe('pre-10\npre-20\nbootstrap boot\npost-10\n');
  });

  it('takes the proxy from the bootstrap, for itself and for the runner', async () => {
    await using machine = await bareMachine();
    await ready(machine);
    expect(machine.read('seen')).toContain('"HTTPS_PROXY":"http://proxy.example:3128"');
  });

  it('gives hooks the proxy that a hook before them has written', async () => {
    await using machine = await TestMachine.create();
    await machine.hook(
      'pre',
      '10-network',
      'echo HTTPS_PROXY=http://p:1 >"$RUNTIDE_ROOT/etc/runtide/network.env"',
    );
    await machine.hook('pre', '50-pool', 'echo "$HTTPS_PROXY" >"$RUNTIDE_ROOT/steps"');
    await ready(machine);
    expect(machine.read('steps')).toBe('http://p:1\n');
  });

  it('leaves the reason to a bootstrap that fails', async () => {
    await using machine = await bareMachine();
    await machine.write('bootstrap-fails', '');
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toBe('runtide: boot failed: no way out; check it\n');
  });

  it('is not bootstrapped without settings for it', async () => {
    await using machine = await bareMachine();
    await machine.remove('etc/runtide/bootstrap.env');
    expect(await ended(machine.run())).toBe(1);
    expect(machine.has('steps')).toBe(false);
    expect(machine.console()).toContain('boot failed: gitlab-runner is not on PATH; ');
  });

  it('says which hook failed and why, and runs nothing after it', async () => {
    await using machine = await TestMachine.create();
    await machine.hook('post', '10-licence', 'echo no licence >&2; exit 3');
    await machine.hook('post', '20-next', 'echo >"$RUNTIDE_ROOT/steps"');
    expect(await ended(machine.run())).toBe(1);
    const hook = machine.path('etc/runtide/hooks.d/post/10-licence');
    expect(machine.console()).toContain(
      `runtide: boot failed: hook ${hook} exited with 3: no licence; correct it\n`,
    );
    expect(machine.has('steps')).toBe(false);
    expect(machine.has('etc/gitlab-runner/config.toml')).toBe(false);
  });

  it('gets an id of its own where the image left it empty, and keeps one that it has', async () => {
    await using machine = await TestMachine.create(SYSTEMD);
    await machine.write('etc/machine-id', '');
    await ready(machine);
    expect(machine.read('etc/machine-id')).toBe('made\n');

    await using other = await TestMachine.create(SYSTEMD);
    await other.write('etc/machine-id', 'its own\n');
    await ready(other);
    expect(other.read('etc/machine-id')).toBe('its own\n');
  });
});

describe.concurrent('a gitlab-runner.service of the image', { timeout: 60_000 }, () => {
  it('is stopped for good before there is a configuration for it: it would be a second runner', async () => {
    await using machine = await TestMachine.create(SYSTEMD);
    await machine.write('packaged', '');
    await machine.hook('post', '10-look', 'cp "$RUNTIDE_ROOT/systemctl-calls" "$RUNTIDE_ROOT/before"');
    await machine.install('cp', '#!/bin/sh\nexec /bin/cp "$@"\n');
    await ready(machine);
    expect(machine.read('before')).toContain('disable --now gitlab-runner.service\n');
  });

  it('that cannot be stopped fails the boot', async () => {
    await using machine = await TestMachine.create(SYSTEMD);
    await machine.install('systemctl', '#!/bin/sh\n[ "$1" = cat ]\n');
    expect(await ended(machine.run())).toBe(1);
    expect(machine.console()).toContain(
      'runtide: boot failed: gitlab-runner.service of the image cannot be stopped; disable it in the image\n',
    );
    expect(machine.has('etc/gitlab-runner/config.toml')).toBe(false);
  });

  it('is not looked for where there is none', async () => {
    await using machine = await TestMachine.create(SYSTEMD);
    await ready(machine);
    expect(machine.read('systemctl-calls')).not.toContain('disable');
  });
});

describe.concurrent('the firewall of a machine', { timeout: 60_000 }, () => {
  it('is tried as a user without rights, and an open one is said', async () => {
    await using machine = await TestMachine.create(SYSTEMD);
    await machine.install('nft', '#!/bin/sh\n');
    await machine.write('metadata-open', '');
    await ready(machine);
    expect(machine.console()).toContain(
      `runtide: users other than root reach the metadata at ${machine.metadata.url}; see agent/README.md\n`,
    );
    expect(machine.read('tried')).toBe(
      `-u nobody -- curl -s -o /dev/null --noproxy * --max-time 2 ${machine.metadata.url}/\n`,
    );
  });

  it('is not spoken of while it holds', async () => {
    await using machine = await TestMachine.create(SYSTEMD);
    await machine.install('iptables', '#!/bin/sh\n');
    await ready(machine);
    expect(machine.has('tried')).toBe(true);
    expect(machine.console()).not.toContain('users other than root');
  });

  it('is not tried where the machine can have none', async () => {
    await using machine = await TestMachine.create(SYSTEMD);
    await machine.write('metadata-open', '');
    await ready(machine);
    expect(machine.has('tried')).toBe(false);
  });
});
