import type { Duration } from '../engine/time.ts';
import type { Config, PoolConfig } from './schema.ts';

/** Where the instances of a pool are, and what AWS is asked with. */
export interface PoolPlace {
  readonly region: string;
  /** The ARN of the role that is assumed; absent: Runtide's own credentials. */
  readonly role?: string;
  /** In place of the region's own endpoints. */
  readonly endpoints: { readonly ec2?: string; readonly ssm?: string; readonly sts?: string };
}

/** The region, the role and the endpoints of a pool. */
export function placeOf({ aws }: Config, { instances }: PoolConfig): PoolPlace {
  const { region = aws.region, role } = instances;
  const { ec2, ssm, sts } = region === aws.region ? (aws.endpoints ?? {}) : {};
  return {
    region,
    ...(role !== undefined && { role }),
    endpoints: {
      ...(ec2 !== undefined && { ec2 }),
      ...(ssm !== undefined && { ssm }),
      ...(sts !== undefined && { sts }),
    },
  };
}

/** What the agent of an instance is told. */
export function agentSettingsOf(config: Config, pool: PoolConfig) {
  const { region, endpoints } = placeOf(config, pool);
  return {
    pool: pool.name,
    region,
    gitlabUrl: config.gitlab.url,
    tokenParameter: pool.runner.tokenParameter,
    ...(endpoints.ssm !== undefined && { ssmEndpoint: endpoints.ssm }),
  };
}

/** How the instances of a pool reach the world. */
export function networkSettingsOf({ name, proxy, caFile, docker }: PoolConfig) {
  return {
    pool: name,
    ...(proxy !== undefined && { proxy: proxy.url }),
    ...(proxy?.direct !== undefined && { direct: proxy.direct }),
    ...(caFile !== undefined && { certificates: caFile }),
    ...(docker?.registryMirror !== undefined && { registryMirror: docker.registryMirror }),
  };
}

function executorOf({ executor, docker }: PoolConfig) {
  if (executor === 'shell' || docker === undefined) return { kind: 'shell' } as const;
  const { image, privileged, volumes, pullPolicy, gpus } = docker;
  return {
    kind: 'docker',
    image,
    privileged,
    ...(volumes !== undefined && { volumes }),
    ...(pullPolicy !== undefined && { pullPolicy }),
    ...(gpus !== undefined && { gpus }),
  } as const;
}

function cacheOf(config: Config, pool: PoolConfig) {
  if (pool.cache === undefined) return undefined;
  const { bucket, region = placeOf(config, pool).region, prefix } = pool.cache;
  const path = [...(prefix === undefined ? [] : [prefix]), config.installation, pool.name].join('/');
  return { bucket, region, path };
}

/** What the runner of an instance is told. */
export function runnerSettingsOf(config: Config, pool: PoolConfig) {
  const cache = cacheOf(config, pool);
  const checkInterval: Duration = pool.checkInterval;
  return {
    pool: pool.name,
    gitlabUrl: config.gitlab.url,
    slots: pool.slots,
    checkInterval,
    executor: executorOf(pool),
    ...(pool.environment !== undefined && { environment: pool.environment }),
    ...(cache !== undefined && { cache }),
  };
}
