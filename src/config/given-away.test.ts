import { describe, expect, it } from 'vitest';
import { givenAway } from './given-away.ts';

function given(volumes: readonly string[], privileged = false): readonly string[] {
  return givenAway({ executor: 'docker', docker: { image: 'alpine:3', privileged, volumes: [...volumes] } });
}

function through(docker: Record<string, unknown>): readonly string[] {
  return givenAway({
    executor: 'docker',
    docker: { image: 'alpine:3', privileged: false },
    manager: { configToml: { docker } },
  });
}

describe('what a pool gives to its jobs', () => {
  it('is nothing where nothing is said', () => {
    expect(givenAway({ executor: 'docker', docker: { image: 'alpine:3', privileged: false } })).toEqual([]);
    expect(givenAway({ executor: 'shell' })).toEqual([]);
  });

  it('is the instance, to privileged jobs', () => {
    expect(given([], true)).toEqual(['privileged: true']);
  });

  it.for([
    '/var/run/docker.sock:/var/run/docker.sock',
    '/run/docker.sock:/docker.sock:ro',
    '/run:/host/run',
    '/var/run/:/run',
    '/:/host:ro',
    '/etc:/etc',
    '/etc/../etc/gitlab-runner/:/config',
    '/etc/gitlab-runner/config.toml:/config.toml:ro',
    '/var/lib:/var/lib',
    '/usr:/host/usr',
    '/dev/kvm:/dev/kvm',
  ])('is the instance by volume %s', (volume) => {
    expect(given([volume])).toEqual([`volume ${volume}`]);
  });

  it('is the network of the instance, and so the credentials of its role', () => {
    const docker = { image: 'alpine:3', privileged: false };
    expect(givenAway({ executor: 'docker', docker: { ...docker, networkMode: 'host' } })).toEqual([
      'networkMode: host',
    ]);
    expect(givenAway({ executor: 'docker', docker: { ...docker, networkMode: 'bridge' } })).toEqual([]);
  });

  it.for<[key: string, value: unknown]>([
    ['cap_add', ['NET_ADMIN', 'CAP_SYS_ADMIN']],
    ['Cap_Add', ['all']],
    ['devices', ['/dev/kvm']],
    ['pid_mode', 'host'],
    ['security_opt', ['seccomp=unconfined']],
    ['services_privileged', true],
    ['userns_mode', 'host'],
    ['volume_driver_ops', { type: 'none', o: 'bind', device: '/' }],
    ['volumes_from', ['other']],
  ])('is the instance by %j in config.toml', ([key, value]) => {
    expect(through({ [key]: value })).toEqual([`configToml.docker.${key}`]);
  });

  it.for<[key: string, value: unknown]>([
    ['cap_add', ['NET_ADMIN', 'SYS_NICE']],
    ['cap_drop', ['ALL']],
    ['devices', []],
    ['pid_mode', 'container:x'],
    ['security_opt', ['no-new-privileges']],
    ['services_privileged', false],
    ['hostname', 'host'],
  ])('is no more than it says by %j in config.toml', ([key, value]) => {
    expect(through({ [key]: value })).toEqual([]);
  });

  it.for([
    '/cache',
    '/run',
    'name:/etc/gitlab-runner',
    '/srv/cache:/cache',
    '/etc/ssl/certs:/certs:ro',
    '/runner:/x',
  ])('is no more than it says by volume %s', (volume) => {
    expect(given([volume])).toEqual([]);
  });
});
