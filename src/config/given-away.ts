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

const CAPABILITY =
  /^(?:CAP_)?(?:ALL|BPF|DAC_READ_SEARCH|SYS_ADMIN|SYS_BOOT|SYS_MODULE|SYS_PTRACE|SYS_RAWIO)$/i;

function isHost(value: unknown): boolean {
  return value === 'host';
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

function listed(pattern: RegExp): (value: unknown) => boolean {
  return (value) =>
    Array.isArray(value) && value.some((item) => typeof item === 'string' && pattern.test(item));
}

/** Keys of `[runners.docker]` that lead out of a container, and with which values. */
const WAYS_OUT: Readonly<Record<string, (value: unknown) => boolean>> = {
  cap_add: listed(CAPABILITY),
  device_cgroup_rules: isGiven,
  devices: isGiven,
  ipcmode: isHost,
  pid_mode: isHost,
  security_opt: listed(/unconfined|disable/),
  services_devices: isGiven,
  services_privileged: (value) => value === true,
  services_security_opt: listed(/unconfined|disable/),
  userns_mode: isHost,
  volume_driver_ops: isGiven,
  volumes_from: isGiven,
};

/** The keys as they stand in the file: the runner finds them whatever their case. */
function waysOut({ manager }: Pick<PoolConfig, 'manager'>): readonly string[] {
  return Object.entries(manager?.configToml?.docker ?? {})
    .filter(([key, value]) => WAYS_OUT[key.toLowerCase()]?.(value) === true)
    .map(([key]) => `configToml.docker.${key}`);
}

/**
 * What a pool's own settings give to its jobs beyond their containers, in words; nothing for the shell executor,
 * which has no containers.
 */
export function givenAway({
  executor,
  docker,
  manager,
}: Pick<PoolConfig, 'executor' | 'docker' | 'manager'>): readonly string[] {
  if (executor === 'shell' || docker === undefined) return [];
  const volumes = (docker.volumes ?? []).filter((volume) => {
    const path = hostPath(volume);
    return path !== undefined && INSTANCE.some((one) => holds(path, one) || holds(one, path));
  });
  return [
    ...(docker.privileged ? ['privileged: true'] : []),
    ...volumes.map((volume) => `volume ${volume}`),
    ...(isHost(docker.networkMode) ? ['networkMode: host'] : []),
    ...waysOut(manager === undefined ? {} : { manager }),
  ];
}
