import { posix } from 'node:path';
import type { PoolConfig } from './schema.ts';

/** What of an instance gives it away to whoever may read or write it: the pool's token, the agent, Docker, devices. */
const INSTANCE = [
  '/dev',
  '/etc/gitlab-runner',
  '/etc/runtide',
  '/etc/systemd',
  '/proc',
  '/root',
  '/run/containerd/containerd.sock',
  '/run/docker.sock',
  '/run/runtide',
  '/sys',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/var/lib/cloud',
  '/var/lib/docker',
];

function holds(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** The path on the instance that a volume brings into job containers; undefined where Docker makes one. */
function hostPath(volume: string): string | undefined {
  const [from = '', to] = volume.split(':');
  if (to === undefined || !from.startsWith('/')) return undefined;
  const path = posix.normalize(from).replace(/(?<=.)\/$/, '');
  // A link to the same folder, on every system with systemd.
  return holds('/var/run', path) ? path.slice('/var'.length) : path;
}

/**
 * What a pool's own settings give to its jobs beyond their containers, in words; nothing for the shell executor,
 * which has no containers.
 */
export function givenAway({ executor, docker }: Pick<PoolConfig, 'executor' | 'docker'>): readonly string[] {
  if (executor === 'shell' || docker === undefined) return [];
  const volumes = (docker.volumes ?? []).filter((volume) => {
    const path = hostPath(volume);
    return path !== undefined && INSTANCE.some((one) => holds(path, one) || holds(one, path));
  });
  return [...(docker.privileged ? ['privileged: true'] : []), ...volumes.map((volume) => `volume ${volume}`)];
}
