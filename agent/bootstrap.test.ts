import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import {
  BOOTSTRAP,
  failure,
  FULL,
  programPath,
  RUNNER,
  sha256,
  TestImage,
  type TestSystem,
} from './test-bootstrap.ts';

const DNF = 'dnf -y -q --setopt=timeout=20 --setopt=retries=3 install';
const APT =
  'apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20';

const SYSTEMS: readonly TestSystem[] = ['al2023', 'ubuntu'];

describe('the bootstrap', { timeout: 60_000 }, () => {
  it.for(SYSTEMS)('gives a bare %s what an instance needs', (system) => {
    using image = new TestImage(system);
    image.configure(FULL);
    expect({ code: image.run('image'), said: image.read('console.log') }).toEqual({ code: 0, said: '' });

    expect(image.read('usr/local/bin/gitlab-runner')).toBe(RUNNER);
    expect(statSync(image.path('usr/local/bin/gitlab-runner')).mode & 0o777).toBe(0o755);
    expect(image.read('etc/docker/daemon.json')).toBe('{"registry-mirrors":["https://mirror.example"]}\n');
    expect(JSON.parse(image.read('root/.docker/config.json'))).toEqual({
      credHelpers: {
        '111122223333.dkr.ecr.eu-central-1.amazonaws.com': 'ecr-login',
        '444455556666.dkr.ecr.us-east-1.amazonaws.com': 'ecr-login',
      },
    });
    expect(image.read('docker-env')).toContain(`HOME=${image.path('root')}\n`);
    const calls = image.calls();
    expect(calls.filter((call) => call.startsWith('docker '))).toEqual([
      'docker pull -q alpine:3',
      `docker pull -q registry.example/a/b@sha256:${'0'.repeat(64)}`,
    ]);
    expect(calls).toContain(
      'useradd --system --shell /bin/bash --home-dir /var/lib/runtide --create-home --skel /dev/null runtide-jobs',
    );
    expect(calls).toContain('systemctl restart docker.service');
    expect(image.read('usr/local/sbin/runtide-bootstrap')).toBe(
      execFileSync('cat', [BOOTSTRAP], { encoding: 'utf8' }),
    );
    expect(image.read('etc/systemd/journald.conf.d/runtide.conf')).toContain('Storage=persistent\n');
  });

  it('takes the packages of Amazon Linux', () => {
    using image = new TestImage('al2023');
    image.configure(FULL);
    image.run('image');
    const installs = image.calls().filter((call) => call.startsWith('dnf -y'));
    expect(installs).toEqual([
      `${DNF} git nftables docker amazon-ecr-credential-helper jq zip`,
      `${DNF} awscli-2`,
    ]);
  });

  it('takes the packages of Ubuntu, and the AWS CLI as a snap where there is no package', () => {
    using image = new TestImage('ubuntu');
    image.configure({ ...FULL, RUNTIDE_PROXY: 'http://proxy.example:3128' });
    image.run('image');
    const calls = image.calls();
    expect(calls).toContain(
      `${APT} --no-install-recommends install git nftables docker.io amazon-ecr-credential-helper jq zip`,
    );
    expect(calls.filter((call) => call === `${APT} update`)).toHaveLength(1);
    expect(calls.filter((call) => call.startsWith('snap '))).toEqual([
      'snap wait system seed.loaded',
      'snap set system proxy.http=http://proxy.example:3128 proxy.https=http://proxy.example:3128',
      'snap install aws-cli --classic',
    ]);
  });

  it('asks for the index again where no mirror has answered, which apt-get does not call a failure', () => {
    using image = new TestImage('ubuntu');
    image.write('mirrors-away', '');
    expect(image.run('boot')).toBe(0);
    const updates = image.calls().filter((call) => call === `${APT} update`);
    expect(updates).toHaveLength(2);
    expect(image.read('console.log')).toBe(
      'runtide: boot failed: installing packages: E: Unable to locate package git; trying again\n',
    );
  });

  it('leaves Docker out when it is told to', () => {
    using image = new TestImage();
    image.configure({ RUNTIDE_DOCKER: 'no' });
    expect(image.run('image')).toBe(0);
    expect(image.calls().filter((call) => call.includes('docker'))).toEqual([]);
  });

  it('can be run again, and then fetches nothing that is there', () => {
    using image = new TestImage();
    image.configure(FULL);
    expect(image.run('image')).toBe(0);
    image.forgetCalls();
    expect(image.run('image')).toBe(0);
    expect(image.calls().filter((call) => /^(curl|useradd)/.test(call))).toEqual([]);
  });

  it('keeps its own output from the console, and for root', () => {
    using image = new TestImage();
    image.run('image');
    expect(image.read('var/log/runtide-bootstrap.log')).toContain('== installing gitlab-runner\n');
    expect(statSync(image.path('var/log/runtide-bootstrap.log')).mode & 0o777).toBe(0o600);
  });
});

describe('gitlab-runner', { timeout: 60_000 }, () => {
  it('is refused under another checksum, and nothing of it stays', () => {
    using image = new TestImage();
    image.write('usr/local/bin/gitlab-runner', 'the one before', 0o755);
    image.write('download', `${RUNNER}#\n`);
    expect(failure(image, 'boot')).toBe(
      'runtide: boot failed: installing gitlab-runner: the SHA-256 of ' +
        `https://releases.example/v18.3.0/gitlab-runner-linux-amd64 is ${sha256(`${RUNNER}#\n`)}, ` +
        `not ${sha256(RUNNER)}; check RUNTIDE_RUNNER_URL and RUNTIDE_RUNNER_SHA256\n`,
    );
    expect(image.read('usr/local/bin/gitlab-runner')).toBe('the one before');
    expect(execFileSync('ls', ['-A', image.path('usr/local/bin')], { encoding: 'utf8' })).toBe(
      'gitlab-runner\n',
    );
  });

  it('is refused when it is another version or does not run here', () => {
    using image = new TestImage();
    image.configure({ RUNTIDE_RUNNER_VERSION: '18.3' });
    expect(failure(image, 'boot')).toContain("RUNTIDE_RUNNER_VERSION is '18.3', no version such as 18.3.0");
    image.configure({ RUNTIDE_RUNNER_VERSION: '18.4.0' });
    expect(failure(image, 'boot')).toContain('is not gitlab-runner 18.4.0; check RUNTIDE_RUNNER_URL');
    expect(image.has('usr/local/bin/gitlab-runner')).toBe(false);
  });

  it('is asked for several times before the fetch counts as failed', () => {
    using image = new TestImage();
    image.write('curl-fails', 'curl: (6) Could not resolve host\n');
    expect(failure(image, 'boot')).toContain(
      'boot failed: installing gitlab-runner: https://releases.example/v18.3.0/gitlab-runner-linux-amd64 cannot be fetched;',
    );
    expect(image.calls().filter((call) => call.startsWith('curl '))).toHaveLength(5);
  });

  it('that cannot be fetched is said at every try, because the last may come after the boot deadline', () => {
    using image = new TestImage();
    image.write('curl-fails', 'curl: (6) Could not resolve host\n');
    const lines = failure(image, 'boot').trim().split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe(
      'runtide: boot failed: installing gitlab-runner: curl: (6) Could not resolve host; trying again',
    );
  });
});

/** Those of the programs that this machine has; one that is missing is said aloud, and fails under CI. */
function present(...names: string[]): string[] {
  return names.filter((name) => {
    if (programPath(name) !== undefined) return true;
    if (process.env['CI'] === 'true')
      throw new Error(`testing the bootstrap: ${name} is not on PATH; install it`);
    process.stderr.write(`SKIPPED: ${name} is not on PATH\n`);
    return false;
  });
}

describe('the bootstrap as a script', { timeout: 60_000 }, () => {
  it.for(present('shellcheck'))('has no finding of %s', (shellcheck) => {
    expect(execFileSync(shellcheck, ['--shell=sh', BOOTSTRAP], { encoding: 'utf8' })).toBe('');
  });

  it.for(present('bash', 'busybox', 'dash'))('runs under %s', (shell) => {
    const words = { bash: ['--posix'], busybox: ['sh'] }[shell] ?? [];
    using image = new TestImage('ubuntu', [programPath(shell) ?? shell, ...words]);
    image.configure({ ...FULL, RUNTIDE_PROXY: 'http://proxy.example:3128' });
    expect(image.run('image')).toBe(0);
    expect(image.read('stderr')).toBe('');
    expect(image.read('etc/machine-id')).toBe('');
    image.forgetCalls();
    expect(image.run('boot')).toBe(0);
    expect(image.read('calls')).toBe('');
  });

  it.for(present('systemd-analyze'))('writes units that %s accepts', (systemdAnalyze) => {
    using image = new TestImage();
    const control = 'opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl';
    image.write(control, image.read('amazon-cloudwatch-agent'), 0o755);
    image.configure({ RUNTIDE_LOG_GROUP: '/runtide/linux' });
    image.run('image');
    const units = ['runtide-firewall.service', 'runtide-log.service'].map((name) =>
      image.path(`etc/systemd/system/${name}`),
    );
    expect(execFileSync(systemdAnalyze, ['verify', ...units], { encoding: 'utf8' })).toBe('');
  });
});
