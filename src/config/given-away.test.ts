import { describe, expect, it } from 'vitest';
import { givenAway } from './given-away.ts';

function given(volumes: readonly string[], privileged = false): readonly string[] {
  return givenAway({ executor: 'docker', docker: { image: 'alpine:3', privileged, volumes: [...volumes] } });
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
