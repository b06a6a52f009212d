import type { Duration } from '../../engine/time.ts';

/** A container that runs beside every job. */
export interface DockerService {
  /** Its image. */
  readonly name: string;
  /** The host names by which jobs reach it, with spaces or commas between them; absent: those of its image. */
  readonly alias?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export type PullPolicy = 'always' | 'if-not-present' | 'never';

/** How jobs run in containers. What is absent is as GitLab Runner has it. */
export interface DockerSettings {
  readonly image: string;
  readonly privileged: boolean;
  /** Volumes of every job container, such as `/cache`. */
  readonly volumes?: readonly string[];
  readonly pullPolicy?: PullPolicy;
  /** Those that jobs may ask for. */
  readonly allowedPullPolicies?: readonly PullPolicy[];
  /** `all`, or which GPUs job containers see. */
  readonly gpus?: string;
  readonly services?: readonly DockerService[];
  /** Patterns of the images that jobs may name; absent: all. */
  readonly allowedImages?: readonly string[];
  readonly allowedServices?: readonly string[];
  /** How long a job waits for its services; 0: not at all. Whole seconds. */
  readonly waitForServicesTimeout?: Duration;
  /** Of a job container, as Docker writes it: `4g`. */
  readonly memory?: string;
  /** Processors of a job container, not only whole ones. */
  readonly cpus?: number;
  /** Shared memory of a job container, in bytes. */
  readonly shmSize?: number;
  readonly networkMode?: string;
  readonly dns?: readonly string[];
  /** Further lines of `/etc/hosts`, as `host:address`. */
  readonly extraHosts?: readonly string[];
  readonly helperImage?: string;
  readonly tlsVerify?: boolean;
  /** No volumes for caches that lie on the instance. */
  readonly disableCache?: boolean;
}

type Table = Record<string, unknown>;

/** Only what is said: an absent key is GitLab Runner's to fill. */
export function said(table: Table): Table {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));
}

/** Variables as the runner takes them, each `NAME=value`. */
export function variableList(variables: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}

function serviceTable({ environment, ...service }: DockerService): Table {
  return said({ ...service, environment: environment && variableList(environment) });
}

/** 0 means the usual time to the runner, and less means none. */
function secondsToWait(timeout: Duration | undefined): number | undefined {
  return timeout === 0 ? -1 : timeout && Math.round(timeout / 1000);
}

/** The table `[runners.docker]`; a key of `more` that Runtide decides does not count. */
export function dockerTable(docker: DockerSettings, more: Readonly<Table> = {}): Table {
  return {
    ...more,
    ...said({
      image: docker.image,
      privileged: docker.privileged,
      volumes: docker.volumes,
      pull_policy: docker.pullPolicy,
      allowed_pull_policies: docker.allowedPullPolicies,
      gpus: docker.gpus,
      services: docker.services?.map(serviceTable),
      allowed_images: docker.allowedImages,
      allowed_services: docker.allowedServices,
      wait_for_services_timeout: secondsToWait(docker.waitForServicesTimeout),
      memory: docker.memory,
      cpus: docker.cpus?.toString(),
      shm_size: docker.shmSize,
      network_mode: docker.networkMode,
      dns: docker.dns,
      extra_hosts: docker.extraHosts,
      helper_image: docker.helperImage,
      tls_verify: docker.tlsVerify,
      disable_cache: docker.disableCache,
    }),
  };
}
