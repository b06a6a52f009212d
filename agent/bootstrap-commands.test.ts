import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compactText } from '../src/adapters/aws/shell-text.ts';
import { BOOTSTRAP, failure, FULL, TestImage } from './test-bootstrap.ts';

describe('an image', { timeout: 60_000 }, () => {
  it('has nothing that one machine is known by', () => {
    using image = new TestImage();
    for (const file of [
      'etc/gitlab-runner/.runner_system_id',
      'etc/gitlab-runner/config.toml',
      'etc/ssh/ssh_host_ed25519_key',
      'etc/ssh/ssh_host_ed25519_key.pub',
      'etc/runtide/agent.env',
      'var/lib/dbus/machine-id',
      'var/lib/systemd/random-seed',
    ]) {
      image.write(file, 'of the first machine');
    }
    image.write('etc/runtide/hooks.d/pre/10-first', '#!/bin/sh\necho pre >>"$RUNTIDE_ROOT/hooks"\n', 0o755);
    image.write('etc/runtide/hooks.d/post/10-last', '#!/bin/sh\necho post >>"$RUNTIDE_ROOT/hooks"\n', 0o755);
    expect(image.run('image')).toBe(0);
    expect(image.filesWith('of the first machine')).toEqual([]);
    expect(image.has('etc/machine-id')).toBe(true);
    expect(image.read('etc/machine-id')).toBe('');
    expect(image.calls()).toContain('cloud-init clean --logs');
    expect(image.read('hooks')).toBe('pre\npost\n');
    expect(image.has('etc/runtide/hooks.d')).toBe(false);
  });
});

describe('a boot', { timeout: 60_000 }, () => {
  it('does nothing in an image that was made with the same settings', () => {
    using image = new TestImage();
    image.configure(FULL);
    image.run('image');
    image.forgetCalls();
    image.write('etc/machine-id', 'new\n');
    expect(image.run('boot')).toBe(0);
    expect(image.read('calls')).toBe('');
    expect(image.read('etc/machine-id')).toBe('new\n');
  });

  it('does nothing there either when user data has brought the bootstrap without its layout', () => {
    using image = new TestImage();
    image.configure(FULL);
    image.run('image');
    image.forgetCalls();
    image.write('short', compactText(readFileSync(BOOTSTRAP, 'utf8')));
    expect(image.run('boot', image.path('short'))).toBe(0);
    expect(image.read('calls')).toBe('');
    image.write('short', `${image.read('short')}echo\n`);
    expect(image.run('boot', image.path('short'))).toBe(0);
    expect(image.read('calls')).toContain('systemctl');
  });

  it('applies settings that have changed since', () => {
    using image = new TestImage();
    image.run('image');
    image.configure({ RUNTIDE_IMAGES: 'alpine:3' });
    image.forgetCalls();
    expect(image.run('boot')).toBe(0);
    expect(image.calls()).toContain('docker pull -q alpine:3');
  });

  it('is not taken for done after a failure', () => {
    using image = new TestImage();
    image.write('useradd-fails', 'useradd: cannot lock /etc/passwd\n');
    expect(failure(image, 'boot')).toBe(
      'runtide: boot failed: making the user runtide-jobs: useradd: cannot lock /etc/passwd; check the image\n',
    );
    execFileSync('rm', [image.path('useradd-fails')]);
    expect(image.run('boot')).toBe(0);
    expect(image.calls()).toContain('systemctl restart runtide-firewall.service');
  });

  it('leaves the machine its name, and its hooks to the agent', () => {
    using image = new TestImage();
    image.write('etc/runtide/hooks.d/pre/10-first', '#!/bin/sh\necho >"$RUNTIDE_ROOT/hooks"\n', 0o755);
    expect(image.run('boot')).toBe(0);
    expect(image.read('etc/machine-id')).toBe('baked\n');
    expect(image.has('hooks')).toBe(false);
    expect(image.has('etc/runtide/hooks.d/pre/10-first')).toBe(true);
  });
});

describe('what the bootstrap refuses', { timeout: 60_000 }, () => {
  it.for([
    [{ RUNTIDE_RUNNER_SHA256: 'abc' }, 'RUNTIDE_RUNNER_SHA256 is no SHA-256'],
    [{ RUNTIDE_RUNNER_URL: 'file:///etc/passwd' }, "RUNTIDE_RUNNER_URL is 'file:///etc/passwd', no address"],
    [{ RUNTIDE_DOCKER: 'maybe' }, "RUNTIDE_DOCKER is 'maybe', not yes or no"],
    [{ RUNTIDE_DOCKER: 'no', RUNTIDE_IMAGES: 'alpine' }, 'need RUNTIDE_DOCKER=yes'],
    [{ RUNTIDE_METADATA_FOR: 'jobs' }, "RUNTIDE_METADATA_FOR is 'jobs', not root or all"],
    [{ RUNTIDE_PROXY: 'http://user:secret@proxy' }, 'RUNTIDE_PROXY holds a user'],
    [{ RUNTIDE_IMAGES: 'alpine;reboot' }, 'RUNTIDE_IMAGES has characters other than'],
    [{ RUNTIDE_IMAGE: 'alpine' }, 'has the unknown key RUNTIDE_IMAGE'],
  ] as const)('%j', ([settings, reason]) => {
    using image = new TestImage();
    image.configure(settings);
    const said = failure(image, 'boot');
    expect(said).toContain(`runtide: boot failed: `);
    expect(said).toContain(reason);
    expect(said).not.toContain('secret');
    expect(image.read('calls')).toBe('');
  });

  it('settings of another hand', () => {
    using image = new TestImage();
    image.configure(FULL);
    image.write('etc/docker/daemon.json', '{"data-root":"/data"}\n');
    expect(failure(image, 'image')).toContain(
      `image failed: configuring Docker: ${image.path('etc/docker/daemon.json')} holds settings of somebody else;`,
    );
    expect(image.read('etc/docker/daemon.json')).toBe('{"data-root":"/data"}\n');
  });

  it('to run without settings, and with a hook that fails', () => {
    using image = new TestImage();
    execFileSync('rm', [image.path('etc/runtide/bootstrap.env')]);
    expect(failure(image, 'boot')).toContain('etc/runtide/bootstrap.env cannot be read; write it\n');
    image.configure({});
    image.write('etc/runtide/hooks.d/post/10-last', '#!/bin/sh\necho no licence >&2\nexit 3\n', 0o755);
    expect(failure(image, 'image')).toContain(
      `image failed: hook ${image.path('etc/runtide/hooks.d/post/10-last')}: no licence; correct it\n`,
    );
    expect(image.has('etc/runtide/bootstrapped')).toBe(false);
  });

  it('another command', () => {
    using image = new TestImage();
    expect(image.run('install')).toBe(2);
  });
});
