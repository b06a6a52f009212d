import { stringify } from 'smol-toml';
import type { Duration } from '../../engine/time.ts';
import { type RunnerTokens, runnersServed } from './agent-env.ts';
import { type DockerSettings, dockerTable, said, variableList } from './docker-table.ts';

/** What runs the jobs of a pool. */
export type Executor = { readonly kind: 'shell' } | ({ readonly kind: 'docker' } & DockerSettings);

/** Scripts that run around every job. */
export interface RunnerScripts {
  readonly preGetSources?: string;
  readonly postGetSources?: string;
  readonly preBuild?: string;
  readonly postBuild?: string;
}

/** Where GitLab reaches the terminals of jobs. */
export interface SessionServer {
  /** As `host:port`. */
  readonly listen: string;
  /** As `host:port`. */
  readonly advertise: string;
  /** How long a job waits for a terminal that is still open. */
  readonly timeout?: Duration;
}

type Table = Readonly<Record<string, unknown>>;

/** Keys of config.toml that are handed through; those that Runtide decides do not count. */
export interface HandedThrough {
  readonly global?: Table;
  readonly runner?: Table;
  readonly docker?: Table;
}

/** How the runner process of an instance works. What is absent is as GitLab Runner has it. */
export interface ManagerSettings {
  readonly shell?: 'bash' | 'sh' | 'pwsh';
  /** Where it gives its metrics, as `host:port`. */
  readonly listenAddress?: string;
  /** How long a connection to GitLab is used. */
  readonly connectionMaxAge?: Duration;
  /** How long jobs that are ended have for their last words. */
  readonly shutdownTimeout?: Duration;
  readonly logLevel?: string;
  readonly logFormat?: string;
  /** KiB of a job's log that are kept. */
  readonly outputLimit?: number;
  /** Requests for a job at once, of each runner; absent: as many as fill the slots quickly. */
  readonly requestConcurrency?: number;
  readonly sessionServer?: SessionServer;
  readonly scripts?: RunnerScripts;
  readonly configToml?: HandedThrough;
}

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
  readonly tokens: RunnerTokens;
  /** Jobs at once, over all runners that the instance serves. */
  readonly slots: number;
  /** How often the runner asks for a job; GitLab Runner counts whole seconds. */
  readonly checkInterval: Duration;
  readonly executor: Executor;
  /** Variables of every job. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Absent: every instance keeps its own. */
  readonly cache?: SharedCache;
  readonly manager?: ManagerSettings;
}

/** More do not fill an instance faster, and every one is a request that GitLab keeps open while there is no job. */
const MOST_REQUESTS = 10;

function executorTable(executor: Executor, more: Table | undefined): Table {
  if (executor.kind === 'shell') return { executor: 'shell' };
  return { executor: 'docker', docker: dockerTable(executor, more) };
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

function environmentTable(environment: Readonly<Record<string, string>> = {}): Table {
  const variables = variableList(environment);
  return variables.length === 0 ? {} : { environment: variables };
}

function wholeSeconds(duration: Duration | undefined): number | undefined {
  return duration && Math.max(1, Math.round(duration / 1000));
}

/** As Go itself writes a duration, so that the runner leaves it as it is: `1h0m0s`. */
function goDuration(duration: Duration | undefined): string | undefined {
  const all = wholeSeconds(duration);
  if (all === undefined) return undefined;
  const [hours, minutes] = [Math.floor(all / 3600), Math.floor(all / 60) % 60];
  return `${hours > 0 ? `${hours}h` : ''}${all >= 60 ? `${minutes}m` : ''}${all % 60}s`;
}

function sessionTable(server: SessionServer | undefined): Table | undefined {
  if (server === undefined) return undefined;
  const { listen, advertise, timeout } = server;
  return said({
    listen_address: listen,
    advertise_address: advertise,
    session_timeout: wholeSeconds(timeout),
  });
}

/** All workers of the process are busy while each of as many requests is kept open: runners share them. */
function requestsAtOnce({ slots, tokens, manager = {} }: RunnerSettings): number | undefined {
  const usual = Math.min(MOST_REQUESTS, Math.floor(slots / runnersServed(tokens)));
  return manager.requestConcurrency ?? (usual > 1 ? usual : undefined);
}

function runnerTable(settings: RunnerSettings, name: string): Table {
  const { gitlabUrl, environment, executor, cache, manager = {} } = settings;
  const { shell, outputLimit, scripts = {}, configToml = {} } = manager;
  return {
    ...configToml.runner,
    name,
    url: gitlabUrl,
    token: '@RUNNER_TOKEN@',
    ...said({
      request_concurrency: requestsAtOnce(settings),
      output_limit: outputLimit,
      shell,
      pre_get_sources_script: scripts.preGetSources,
      post_get_sources_script: scripts.postGetSources,
      pre_build_script: scripts.preBuild,
      post_build_script: scripts.postBuild,
    }),
    ...environmentTable(environment),
    ...executorTable(executor, configToml.docker),
    ...cacheTable(cache),
  };
}

/** The names of the runners that the instance serves. */
function namesOf({ pool, tokens }: RunnerSettings): readonly string[] {
  const count = runnersServed(tokens);
  if (count === 1) return [`${pool} @INSTANCE_ID@`];
  return Array.from({ length: count }, (_, index) => `${pool} ${index + 1} @INSTANCE_ID@`);
}

/**
 * The runner's config.toml, with placeholders where the agent puts what only the instance knows: `@INSTANCE_ID@`,
 * `@RUNNER_TOKEN@` (in its nth place the token of the nth runner) and `@INSTANCE_ADDRESS@` (private, IPv4).
 */
export function renderRunnerConfig(settings: RunnerSettings): string {
  const { slots, checkInterval, manager = {} } = settings;
  return stringify({
    ...manager.configToml?.global,
    concurrent: slots,
    check_interval: Math.max(1, Math.round(checkInterval / 1000)),
    ...said({
      listen_address: manager.listenAddress,
      connection_max_age: goDuration(manager.connectionMaxAge),
      shutdown_timeout: wholeSeconds(manager.shutdownTimeout),
      log_level: manager.logLevel,
      log_format: manager.logFormat,
      session_server: sessionTable(manager.sessionServer),
    }),
    runners: namesOf(settings).map((name) => runnerTable(settings, name)),
  });
}
