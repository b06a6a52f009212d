import { stringify } from 'smol-toml';
import type { Duration } from '../../engine/time.ts';

/** What runs the jobs of a pool. */
export type Executor =
  | { readonly kind: 'shell' }
  | {
      readonly kind: 'docker';
      readonly image: string;
      readonly privileged: boolean;
      /** Volumes of every job container, such as `/cache`. */
      readonly volumes?: readonly string[];
      readonly pullPolicy?: 'always' | 'if-not-present' | 'never';
      /** `all`, or which GPUs job containers see. */
      readonly gpus?: string;
    };

/** A cache that the instances of a pool share, in S3, by the role of the instance. */
export interface SharedCache {
  readonly bucket: string;
  /** The region of the bucket. */
  readonly region: string;
  /** What the names of the pool's objects begin with. */
  readonly path: string;
  /** Address of a host that speaks S3; absent: the region's own. */
  readonly endpoint?: string;
  /** Id, alias or ARN of the key that encrypts the objects; absent: as the bucket says. */
  readonly kmsKey?: string;
}

/** What the runner process of an instance is told. */
export interface RunnerSettings {
  readonly pool: string;
  readonly gitlabUrl: string;
  /** Jobs at once. */
  readonly slots: number;
  /** How often the runner asks for a job; GitLab Runner counts whole seconds. */
  readonly checkInterval: Duration;
  readonly executor: Executor;
  /** Variables of every job. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Absent: every instance keeps its own. */
  readonly cache?: SharedCache;
}

function executorTable(executor: Executor): Record<string, unknown> {
  if (executor.kind === 'shell') return { executor: 'shell' };
  const { image, privileged, volumes, pullPolicy, gpus } = executor;
  return {
    executor: 'docker',
    docker: {
      image,
      privileged,
      ...(volumes === undefined ? {} : { volumes: [...volumes] }),
      ...(pullPolicy === undefined ? {} : { pull_policy: pullPolicy }),
      ...(gpus === undefined ? {} : { gpus }),
    },
  };
}

/** The runner takes a host in place of an address. */
function serverOf(endpoint: string): Record<string, unknown> {
  const { host, protocol } = new URL(endpoint);
  return { ServerAddress: host, ...(protocol === 'http:' ? { Insecure: true } : {}) };
}

/** Shared, because otherwise the path would have a part of the token in it; apart from other pools by its path. */
function cacheTable(cache: SharedCache | undefined): Record<string, unknown> {
  if (cache === undefined) return {};
  const { bucket, region, path, endpoint, kmsKey } = cache;
  const s3 = {
    ...(endpoint === undefined ? {} : serverOf(endpoint)),
    BucketName: bucket,
    BucketLocation: region,
    AuthenticationType: 'iam',
    ...(kmsKey === undefined ? {} : { ServerSideEncryption: 'KMS', ServerSideEncryptionKeyID: kmsKey }),
  };
  return { cache: { Type: 's3', Path: path, Shared: true, s3 } };
}

function environmentTable(environment: Readonly<Record<string, string>> = {}): Record<string, unknown> {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return variables.length === 0 ? {} : { environment: variables };
}

/**
 * The runner's config.toml, with `@RUNNER_TOKEN@` and `@INSTANCE_ID@` where the agent puts what only the
 * instance knows.
 */
export function renderRunnerConfig(settings: RunnerSettings): string {
  return stringify({
    concurrent: settings.slots,
    check_interval: Math.max(1, Math.round(settings.checkInterval / 1000)),
    runners: [
      {
        name: `${settings.pool} @INSTANCE_ID@`,
        url: settings.gitlabUrl,
        token: '@RUNNER_TOKEN@',
        ...environmentTable(settings.environment),
        ...executorTable(settings.executor),
        ...cacheTable(settings.cache),
      },
    ],
  });
}
