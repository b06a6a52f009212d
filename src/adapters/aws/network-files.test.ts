import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { networkFiles, type NetworkSettings, proxyVariables } from './network-files.ts';

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----';
const OTHER = '-----BEGIN CERTIFICATE-----\nTUlJQw==\n-----END CERTIFICATE-----';
const HOOK = 'etc/runtide/hooks.d/pre/10-network';
const ITSELF = 'localhost,127.0.0.1,169.254.169.254,fd00:ec2::254';
const PROXIED = [
  'http_proxy=http://proxy:3128',
  'https_proxy=http://proxy:3128',
  `no_proxy=${ITSELF},.example.com`,
  'HTTP_PROXY=http://proxy:3128',
  'HTTPS_PROXY=http://proxy:3128',
  `NO_PROXY=${ITSELF},.example.com`,
];
const PROXY = { proxy: 'http://proxy:3128', direct: ['.example.com'] };

/** All that the hook may use of the machine that the tests run on: nothing of it may be changed. */
const TOOLS = ['cat', 'cp', 'grep', 'mkdir', 'mv', 'rm'];

function pathOf(tool: string): string {
  const path = ['/usr/bin', '/bin'].map((folder) => join(folder, tool)).find((one) => existsSync(one));
  if (path === undefined) throw new Error(`preparing a machine: ${tool} is not there`);
  return path;
}

/** A machine in a temporary folder whose tools note how they are called. */
class Machine implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'runtide network '));

  constructor(settings: Partial<NetworkSettings>, tools: readonly string[]) {
    mkdirSync(join(this.root, 'bin'));
    for (const tool of TOOLS) symlinkSync(pathOf(tool), join(this.root, 'bin', tool));
    for (const tool of tools) {
      this.write(`bin/${tool}`, `#!/bin/sh\necho "${tool} $*" >>"$RUNTIDE_ROOT/calls"\n`);
      chmodSync(join(this.root, 'bin', tool), 0o755);
    }
    for (const { path, text, mode } of networkFiles({ pool: 'linux', ...settings })) {
      this.write(path, text);
      chmodSync(join(this.root, path), Number.parseInt(mode, 8));
    }
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  lines(path: string): readonly string[] {
    return this.read(path).trimEnd().split('\n');
  }

  boot(): { status: number | null; stderr: string } {
    const env = { PATH: join(this.root, 'bin'), RUNTIDE_ROOT: this.root };
    const { status, stderr } = spawnSync(join(this.root, HOOK), { env, encoding: 'utf8' });
    return { status, stderr };
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

describe('networkFiles', () => {
  it('are none where nothing is said', () => {
    expect(networkFiles({ pool: 'linux' })).toEqual([]);
  });

  it('tell the agent, the runner and Docker of the proxy, and restart Docker once', () => {
    using machine = new Machine(PROXY, ['docker', 'systemctl']);
    expect(machine.boot()).toEqual({ status: 0, stderr: '' });
    expect(machine.lines('etc/runtide/network.env')).toEqual(PROXIED);
    expect(machine.lines('etc/systemd/system/docker.service.d/runtide.conf')).toEqual([
      '[Service]',
      'EnvironmentFile=-/etc/runtide/network.env',
    ]);
    expect(machine.boot()).toEqual({ status: 0, stderr: '' });
    expect(machine.lines('calls')).toEqual([
      'systemctl daemon-reload',
      'systemctl try-restart docker.service',
    ]);
  });

  it('leave what the image says of other things, and stand in place of the rest', () => {
    using machine = new Machine(PROXY, []);
    machine.write('etc/runtide/network.env', 'AWS_CA_BUNDLE=/x\nhttp_proxy=http://old\nNO_PROXY=old\n');
    expect(machine.boot()).toEqual({ status: 0, stderr: '' });
    expect(machine.lines('etc/runtide/network.env')).toEqual(['AWS_CA_BUNDLE=/x', ...PROXIED]);
  });

  it.each([
    ['update-ca-trust', 'etc/pki/ca-trust/source/anchors', '/etc/pki/tls/certs/ca-bundle.crt'],
    ['update-ca-certificates', 'usr/local/share/ca-certificates', '/etc/ssl/certs/ca-certificates.crt'],
  ])('make the machine trust certificates by %s', (tool, folder, bundle) => {
    using machine = new Machine({ certificates: `${CERTIFICATE}\n${OTHER}\n` }, [tool]);
    machine.write(bundle, '');
    expect(machine.boot()).toEqual({ status: 0, stderr: '' });
    expect(readdirSync(join(machine.root, folder)).toSorted()).toEqual([
      'runtide-pool-1.crt',
      'runtide-pool-2.crt',
    ]);
    expect(machine.read(`${folder}/runtide-pool-2.crt`)).toBe(`${OTHER}\n`);
    expect(machine.lines('etc/runtide/network.env')).toEqual([`AWS_CA_BUNDLE=${bundle}`]);
    expect(machine.lines('calls')).toEqual([tool]);
  });

  it('pass proxy and certificates on to a bootstrap that is still to come, once', () => {
    using machine = new Machine({ ...PROXY, certificates: CERTIFICATE }, ['update-ca-trust']);
    machine.write('etc/runtide/bootstrap.env', 'RUNTIDE_DOCKER=no\n');
    machine.boot();
    expect(machine.boot()).toEqual({ status: 0, stderr: '' });
    expect(machine.lines('etc/runtide/bootstrap.env')).toEqual([
      'RUNTIDE_DOCKER=no',
      'RUNTIDE_PROXY=http://proxy:3128',
      `RUNTIDE_NO_PROXY=${ITSELF},.example.com`,
    ]);
    expect(machine.read('etc/runtide/ca.d/runtide-pool-1.crt')).toBe(`${CERTIFICATE}\n`);
  });

  it('leave a bootstrap alone that was done in the image', () => {
    using machine = new Machine({ ...PROXY, certificates: CERTIFICATE }, ['update-ca-trust']);
    machine.write('etc/runtide/bootstrap.env', 'RUNTIDE_DOCKER=no\n');
    machine.write('etc/runtide/bootstrapped', 'mark\n');
    expect(machine.boot()).toEqual({ status: 0, stderr: '' });
    expect(machine.read('etc/runtide/bootstrap.env')).toBe('RUNTIDE_DOCKER=no\n');
    expect(machine.has('etc/runtide/ca.d')).toBe(false);
    expect(machine.lines('etc/runtide/network.env')).toEqual(PROXIED);
  });

  it('name the mirror, in place of another one but not of other settings', () => {
    const daemon = 'etc/docker/daemon.json';
    using machine = new Machine({ registryMirror: 'https://mirror.example.com' }, ['docker', 'systemctl']);
    machine.write(daemon, '{"registry-mirrors":["https://old"]}\n');
    expect(machine.boot()).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(machine.read(daemon))).toEqual({ 'registry-mirrors': ['https://mirror.example.com'] });
    expect(machine.lines('calls')).toContain('systemctl try-restart docker.service');
    machine.write(daemon, '{"log-driver":"journald"}\n');
    expect(machine.boot()).toEqual({
      status: 1,
      stderr: expect.stringContaining('daemon.json holds settings of somebody else'),
    });
    expect(machine.read(daemon)).toBe('{"log-driver":"journald"}\n');
  });

  it('fail where a certificate cannot be trusted, with the reason of the tool', () => {
    using machine = new Machine({ certificates: CERTIFICATE }, ['update-ca-trust']);
    machine.write('bin/update-ca-trust', '#!/bin/sh\necho "no space left" >&2\nexit 1\n');
    expect(machine.boot()).toEqual({ status: 1, stderr: 'no space left\n' });
  });

  it.each(["it's", '$(reboot)', 'two words', '"', 'a\nb'])('refuse the value %j', (registryMirror) => {
    expect(() => networkFiles({ pool: 'linux', registryMirror })).toThrow(
      /writing the registry mirror of pool linux: .*correct the value/,
    );
  });
});

describe('proxyVariables', () => {
  it('are what jobs are told', () => {
    expect(proxyVariables({ pool: 'linux' })).toEqual({});
    expect(
      Object.entries(proxyVariables({ pool: 'linux', ...PROXY })).map(([key, value]) => `${key}=${value}`),
    ).toEqual(PROXIED);
  });
});
