import type { Duration } from '../engine/time.ts';
import { instanceType } from '../offers/instance-types.ts';
import { addressText } from './key-kinds.ts';
import { tokensOf } from './pool-runners.ts';
import type { Config, PoolConfig } from './schema.ts';

/** Where the instances of a pool are, and what AWS is asked with. */
export interface PoolPlace {
  readonly region: string;
  /** The ARN of the role that is assumed; absent: Runtide's own credentials. */
  readonly role?: string;
  /** In place of the region's own endpoints. */
  readonly endpoints: {
    readonly ec2?: string;
    readonly autoScaling?: string;
    readonly ssm?: string;
    readonly sts?: string;
  };
}

/** The region, the role and the endpoints of a pool. */
export function placeOf({ aws }: Config, { instances }: PoolConfig): PoolPlace {
  const { region = aws.region, role } = instances;
  const { ec2, autoScaling, ssm, sts } = region === aws.region ? (aws.endpoints ?? {}) : {};
  return {
    region,
    ...(role !== undefined && { role }),
    endpoints: {
      ...(ec2 !== undefined && { ec2 }),
      ...(autoScaling !== undefined && { autoScaling }),
      ...(ssm !== undefined && { ssm }),
      ...(sts !== undefined && { sts }),
    },
  };
}

/** What the agent of an instance is told; `runners` are the ids of those that Runtide made, by shard. */
export function agentSettingsOf(config: Config, pool: PoolConfig, runners?: readonly number[]) {
  const { region, endpoints } = placeOf(config, pool);
  return {
    pool: pool.name,
    region,
    gitlabUrl: config.gitlab.url,
    tokens: tokensOf(config, pool, runners),
    ...(pool.maxJobs !== undefined && { maxJobs: pool.maxJobs }),
    // With several slots the free ones would count until the controller knows of the drain.
    ...(pool.rebalance === 'drain' && pool.slots === 1 && { rebalance: 'drain' as const }),
    ...(endpoints.ssm !== undefined && { ssmEndpoint: endpoints.ssm }),
  };
}

/** How the instances of a pool reach the world. */
export function networkSettingsOf({ name, proxy, caFile, docker, instances }: PoolConfig) {
  return {
    pool: name,
    ...(proxy !== undefined && { proxy: proxy.url }),
    ...(proxy?.direct !== undefined && { direct: proxy.direct }),
    ...(caFile !== undefined && { certificates: caFile }),
    ...(docker?.registryMirror !== undefined && { registryMirror: docker.registryMirror }),
    ...(instances.bootstrap !== undefined && { bootstrap: true }),
  };
}

function executorOf({ executor, docker }: PoolConfig) {
  if (executor === 'shell' || docker === undefined) return { kind: 'shell' } as const;
  // Docker itself is told of the mirror.
  const { registryMirror: _, ...ofJobs } = docker;
  return { kind: 'docker', ...ofJobs } as const;
}

function cacheOf(config: Config, pool: PoolConfig) {
  if (pool.cache === undefined) return undefined;
  const { bucket, region = placeOf(config, pool).region, prefix, endpoint, kmsKey } = pool.cache;
  const path = [...(prefix === undefined ? [] : [prefix]), config.installation, pool.name].join('/');
  return {
    bucket,
    region,
    path,
    ...(endpoint !== undefined && { endpoint }),
    ...(kmsKey !== undefined && { kmsKey }),
  };
}

type Manager = NonNullable<PoolConfig['manager']>;

function sessionServerOf({ listen, advertise, timeout }: NonNullable<Manager['sessionServer']>) {
  return {
    listen: addressText(listen),
    advertise: addressText(advertise ?? { host: '@INSTANCE_ADDRESS@', port: listen.port }),
    ...(timeout !== undefined && { timeout }),
  };
}

function managerOf({ listenAddress, log, sessionServer, ...rest }: Manager) {
  return {
    ...rest,
    ...(listenAddress !== undefined && { listenAddress: addressText(listenAddress) }),
    ...(log?.level !== undefined && { logLevel: log.level }),
    ...(log?.format !== undefined && { logFormat: log.format }),
    ...(sessionServer !== undefined && { sessionServer: sessionServerOf(sessionServer) }),
  };
}

/** What the runner of an instance is told; `runners` are the ids of those that Runtide made, by shard. */
export function runnerSettingsOf(config: Config, pool: PoolConfig, runners?: readonly number[]) {
  const cache = cacheOf(config, pool);
  const checkInterval: Duration = pool.checkInterval;
  return {
    pool: pool.name,
    gitlabUrl: config.gitlab.url,
    tokens: tokensOf(config, pool, runners),
    slots: pool.slots,
    checkInterval,
    executor: executorOf(pool),
    ...(pool.environment !== undefined && { environment: pool.environment }),
    ...(cache !== undefined && { cache }),
    ...(pool.manager !== undefined && { manager: managerOf(pool.manager) }),
  };
}

type Bootstrap = NonNullable<PoolConfig['instances']['bootstrap']>;

/** The processor that the runner is installed for. The rules let one checksum through where the types tell nothing. */
function architectureOf({ runner }: Bootstrap, { requirements, types }: PoolConfig['instances']) {
  const known = requirements?.architecture ?? types.flatMap((type) => instanceType(type)?.arch ?? [])[0];
  return known ?? (runner.sha256.arm64 === undefined ? 'amd64' : 'arm64');
}

function releaseOf({ version, sha256, url }: Bootstrap['runner'], architecture: 'amd64' | 'arm64') {
  return {
    version,
    sha256: sha256[architecture] ?? '',
    ...(url !== undefined && { url: url.replaceAll('{arch}', architecture) }),
  };
}

/** What instances install when they boot; undefined where the image has it all. */
export function bootstrapSettingsOf({ executor, proxy, instances }: PoolConfig) {
  const { bootstrap } = instances;
  if (bootstrap === undefined) return undefined;
  const { runner, ecrRegistries = [], images = [], packages = [], logGroup } = bootstrap;
  const architecture = architectureOf(bootstrap, instances);
  return {
    architecture,
    settings: {
      runner: releaseOf(runner, architecture),
      docker: executor === 'docker',
      metadataFor: 'root',
      ecrRegistries,
      images,
      packages,
      direct: proxy?.direct ?? [],
      ...(proxy !== undefined && { proxy: proxy.url }),
      ...(logGroup !== undefined && { logGroup }),
    },
  } as const;
}
