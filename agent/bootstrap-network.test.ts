import { describe, expect, it } from 'vitest';
import { failure, FULL, TestImage } from './test-bootstrap.ts';

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

function logFile(name: string, stream: string) {
  return {
    file_path: `/var/log/${name}`,
    log_group_name: '/runtide/linux',
    log_stream_name: `{instance_id}/${stream}`,
  };
}

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
    expect(groups).toEqual({
      logs: {
        logs_collected: {
          files: {
            collect_list: [
              logFile('runtide.log', 'runner'),
              logFile('runtide-bootstrap.log', 'bootstrap'),
              logFile('cloud-init-output.log', 'boot'),
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
