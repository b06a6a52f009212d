import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { BOOTSTRAP, programPath, RUNNER, sha256, TestImage, type TestSystem } from './test-bootstrap.ts';

const FULL = {
  RUNTIDE_REGISTRY_MIRROR: 'https://mirror.example',
  RUNTIDE_ECR_REGISTRIES:
    '111122223333.dkr.ecr.eu-central-1.amazonaws.com,444455556666.dkr.ecr.us-east-1.amazonaws.com',
  RUNTIDE_IMAGES: `alpine:3,registry.example/a/b@sha256:${'0'.repeat(64)}`,
  RUNTIDE_PACKAGES: 'jq,zip',
} as const;

const SYSTEMS: readonly TestSystem[] = ['al2023', 'ubuntu'];

/** What a failed run said on the console, which must be one line. */
function failure(image: TestImage, command: string): string {
  expect(image.run(command)).toBe(1);
  return image.read('console.log');
}

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
      'dnf -y -q install git nftables docker amazon-ecr-credential-helper jq zip',
      'dnf -y -q install awscli-2',
    ]);
  });

  it('takes the packages of Ubuntu, and the AWS CLI as a snap where there is no package', () => {
    using image = new TestImage('ubuntu');
    image.configure({ ...FULL, RUNTIDE_PROXY: 'http://proxy.example:3128' });
    image.run('image');
    const calls = image.calls();
    const lock = 'apt-get -q -y -o DPkg::Lock::Timeout=300';
    expect(calls).toContain(
      `${lock} --no-install-recommends install git nftables docker.io amazon-ecr-credential-helper jq zip`,
    );
    expect(calls.filter((call) => call === `${lock} update`)).toHaveLength(1);
    expect(calls.filter((call) => call.startsWith('snap '))).toEqual([
      'snap wait system seed.loaded',
      'snap set system proxy.http=http://proxy.example:3128 proxy.https=http://proxy.example:3128',
      'snap install aws-cli --classic',
    ]);
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
});

describe('the firewall', { timeout: 60_000 }, () => {
  it('is a unit without which the runner does not start', () => {
    using image = new TestImage();
    image.run('image');
    const unit = image.read('etc/systemd/system/runtide-firewall.service');
    expect(unit).toMatch(/^Before=.*runtide-runner\.service$/m);
    expect(image.read('etc/systemd/system/runtide-runner.service.d/firewall.conf')).toContain(
      'Requires=runtide-firewall.service\n',
    );
    expect(image.calls()).toContain('systemctl enable runtide-firewall.service');
  });

  it('keeps the metadata for root in nftables, over IPv4 and IPv6, and from containers', () => {
    using image = new TestImage();
    image.add('nft');
    expect(image.run('firewall')).toBe(0);
    const rules = image.read('rules');
    expect(rules).toMatch(/^table inet runtide\ndelete table inet runtide\n/);
    expect(rules).toContain('ip daddr 169.254.169.254 meta skuid != 0 reject');
    expect(rules).toContain('ip6 daddr fd00:ec2::254 meta skuid != 0 reject');
    expect(rules.split('hook forward')[1]).toMatch(/169\.254\.169\.254 reject[^]*fd00:ec2::254 reject/);
  });

  it('does the same with iptables where there is no nft', () => {
    using image = new TestImage();
    image.write('proc/net/if_inet6', '');
    image.add('iptables');
    image.write('bin/ip6tables', image.read('iptables'), 0o755);
    expect(image.run('firewall')).toBe(0);
    expect(image.calls().filter((call) => !call.includes('-C'))).toEqual([
      'iptables -w -I OUTPUT -d 169.254.169.254 -m owner ! --uid-owner 0 -j REJECT',
      'iptables -w -t mangle -I FORWARD -d 169.254.169.254 -j DROP',
      'ip6tables -w -I OUTPUT -d fd00:ec2::254 -m owner ! --uid-owner 0 -j REJECT',
      'ip6tables -w -t mangle -I FORWARD -d fd00:ec2::254 -j DROP',
    ]);
  });

  it('says so when it cannot', () => {
    using image = new TestImage();
    image.add('nft');
    image.write('nft-fails', 'Operation not permitted');
    expect(failure(image, 'firewall')).toBe(
      'runtide: firewall failed: the rules that keep the metadata for root are refused; check nft or iptables\n',
    );
  });

  it('is left out and taken away where all may read the metadata', () => {
    using image = new TestImage();
    image.run('image');
    image.configure({ RUNTIDE_METADATA_FOR: 'all' });
    expect(image.run('image')).toBe(0);
    expect(image.has('etc/systemd/system/runtide-firewall.service')).toBe(false);
    expect(image.has('etc/systemd/system/runtide-runner.service.d/firewall.conf')).toBe(false);
    expect(image.calls()).toContain('systemctl disable runtide-firewall.service');
  });
});

describe('the network of a machine', { timeout: 60_000 }, () => {
  it('has a proxy, but not to the metadata', () => {
    using image = new TestImage();
    image.configure({ ...FULL, RUNTIDE_PROXY: 'http://proxy.example:3128', RUNTIDE_NO_PROXY: '.internal' });
    image.run('image');
    const direct = 'localhost,127.0.0.1,169.254.169.254,fd00:ec2::254,.internal';
    const lines = image.read('etc/runtide/network.env').trim().split('\n');
    expect(lines.toSorted()).toEqual([
      'HTTPS_PROXY=http://proxy.example:3128',
      'HTTP_PROXY=http://proxy.example:3128',
      `NO_PROXY=${direct}`,
      'http_proxy=http://proxy.example:3128',
      'https_proxy=http://proxy.example:3128',
      `no_proxy=${direct}`,
    ]);
    expect(image.read('docker-env')).toContain('HTTPS_PROXY=http://proxy.example:3128\n');
    expect(image.read('etc/systemd/system/docker.service.d/runtide.conf')).toContain(
      'EnvironmentFile=-/etc/runtide/network.env\n',
    );
  });

  it.for([
    ['al2023', 'etc/pki/ca-trust/source/anchors', 'etc/pki/tls/certs/ca-bundle.crt', 'update-ca-trust'],
    [
      'ubuntu',
      'usr/local/share/ca-certificates',
      'etc/ssl/certs/ca-certificates.crt',
      'update-ca-certificates',
    ],
  ] as const)('trusts a private CA on %s before anything is fetched', ([system, folder, bundle, program]) => {
    using image = new TestImage(system);
    image.write('etc/runtide/ca.d/company.crt', 'PEM\n');
    image.write(bundle, '');
    expect(image.run('image')).toBe(0);
    expect(image.read(`${folder}/company.crt`)).toBe('PEM\n');
    expect(image.calls()[0]).toBe(`${program} `);
    expect(image.read('etc/runtide/network.env')).toBe(`AWS_CA_BUNDLE=/${bundle}\n`);
  });
});

describe('logs', { timeout: 60_000 }, () => {
  it.for([
    ['image', '-a fetch-config -m ec2 -c'],
    ['boot', '-a fetch-config -m ec2 -s -c'],
  ] as const)('go to CloudWatch when a group is named (%s)', ([command, start]) => {
    using image = new TestImage();
    const control = 'opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl';
    image.write(control, image.read('amazon-cloudwatch-agent'), 0o755);
    image.configure({ RUNTIDE_LOG_GROUP: '/runtide/linux' });
    expect(image.run(command)).toBe(0);
    const groups: unknown = JSON.parse(image.read('etc/runtide/cloudwatch.json'));
    const file = (name: string, stream: string) => ({
      file_path: `/var/log/${name}`,
      log_group_name: '/runtide/linux',
      log_stream_name: `{instance_id}/${stream}`,
    });
    expect(groups).toEqual({
      logs: {
        logs_collected: {
          files: {
            collect_list: [
              file('runtide.log', 'runner'),
              file('runtide-bootstrap.log', 'bootstrap'),
              file('cloud-init-output.log', 'boot'),
            ],
          },
        },
      },
    });
    expect(image.calls()).toContain(
      `amazon-cloudwatch-agent-ctl ${start} file:${image.path('etc/runtide/cloudwatch.json')}`,
    );
    expect(image.calls()).toContain('systemctl enable --now runtide-log.service');
  });

  it('stay on the machine otherwise', () => {
    using image = new TestImage();
    image.run('image');
    expect(image.has('etc/runtide/cloudwatch.json')).toBe(false);
  });
});

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
