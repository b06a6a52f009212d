import { existsSync } from 'node:fs';
import { readAgentFiles, type AgentFiles } from './adapters/aws/agent-files.ts';
import { ec2Client, ssmClient } from './adapters/aws/clients.ts';
import { ec2Fleet } from './adapters/aws/ec2-fleet.ts';
import type { PoolMachines } from './adapters/aws/launch-template.ts';
import { readParameter } from './adapters/aws/parameters.ts';
import type { Executor } from './adapters/aws/runner-config.ts';
import { renderRunnerConfig } from './adapters/aws/runner-config.ts';
import { renderUserData } from './adapters/aws/user-data.ts';
import { GitLabClient } from './adapters/gitlab/client.ts';
import { gitLabJobs } from './adapters/gitlab/jobs.ts';
import { type GitLabRunners, gitLabRunners } from './adapters/gitlab/runners.ts';
import { createWebhook, type Webhook } from './adapters/gitlab/webhook.ts';
import type { WebhookEvent } from './adapters/gitlab/webhook-event.ts';
import { MemoryLease } from './adapters/memory/lease.ts';
import { MemoryDisk, MemoryStore } from './adapters/memory/store.ts';
import { SqliteLease } from './adapters/sqlite/lease.ts';
import { isGone, thisProcess } from './adapters/sqlite/owner.ts';
import { openStore } from './adapters/sqlite/store.ts';
import { generationOf } from './config/generation.ts';
import { policyOf } from './config/policy.ts';
import type { Config, PoolConfig } from './config/schema.ts';
import type { Recorder } from './controller/events.ts';
import type { Clock, Fleet, JobSource, Lease, PipelineRef, Store } from './controller/ports.ts';
import { Controller } from './controller/reconcile.ts';
import type { FleetPolicy } from './engine/pool.ts';
import { type Duration, milliseconds, seconds } from './engine/time.ts';

/** A source counts as fresh for this many planned sweeps. */
const FRESH_SWEEPS = 3;
/** The lease outlasts this many calls to the cloud, so that a slow pass need not extend it at every step. */
const LEASE_CALLS = 4;
/** It also outlasts this many planned sweeps, so that a quiet holder keeps it. */
const LEASE_SWEEPS = 3;
const PARAMETER_TIMEOUT = seconds(10);

/** The adapters of one configuration. */
export interface Adapters {
  readonly client: GitLabClient;
  readonly jobs: JobSource;
  readonly runners: GitLabRunners;
  readonly fleet: Fleet;
  readonly policy: FleetPolicy;
  /** Reads the SSM parameter that holds the pool's runner token. */
  readonly runnerToken: (pool: string, signal: AbortSignal) => Promise<string>;
  /** How long an answer of a source counts as fresh. */
  readonly freshFor: Duration;
}

function executorOf({ executor, docker }: PoolConfig): Executor {
  if (executor === 'shell' || docker === undefined) return { kind: 'shell' };
  return { kind: 'docker', image: docker.image, privileged: docker.privileged };
}

function machinesOf(config: Config, pool: PoolConfig, agentFiles: AgentFiles): PoolMachines {
  const { url: gitlabUrl } = config.gitlab;
  const ssmEndpoint = config.aws.endpoints?.ssm;
  return {
    generation: generationOf(config, pool.name),
    imageId: pool.instances.image,
    securityGroups: pool.instances.securityGroups,
    profile: pool.instances.profile,
    userData: renderUserData({
      agentFiles,
      agentEnv: {
        pool: pool.name,
        region: config.aws.region,
        gitlabUrl,
        tokenParameter: pool.runner.tokenParameter,
        ...(ssmEndpoint !== undefined && { ssmEndpoint }),
      },
      runnerConfig: renderRunnerConfig({
        pool: pool.name,
        gitlabUrl,
        slots: pool.slots,
        checkInterval: pool.checkInterval,
        executor: executorOf(pool),
      }),
    }),
  };
}

function awsAccess({ aws }: Config) {
  const { ec2, ssm } = aws.endpoints ?? {};
  return {
    region: aws.region,
    endpoints: { ...(ec2 !== undefined && { ec2 }), ...(ssm !== undefined && { ssm }) },
  };
}

/** Builds the adapters that a configuration asks for. Throws `refused` when a pool's boot data is too large. */
export async function composeAdapters(
  config: Config,
  { clock, version, note }: { clock: Clock; version: string; note: (message: string) => void },
): Promise<Adapters> {
  const agentFiles = await readAgentFiles();
  const access = awsAccess(config);
  const pools = Object.values(config.pools);
  const ssm = ssmClient(access);
  const machines = Object.fromEntries(pools.map((pool) => [pool.name, machinesOf(config, pool, agentFiles)]));
  const runnerToken = (pool: string, signal: AbortSignal): Promise<string> =>
    readParameter(ssm, config.pools[pool]?.runner.tokenParameter ?? '', signal, config.aws.timeout);
  const client = new GitLabClient({
    url: config.gitlab.url,
    token: () => config.gitlab.token.reveal(),
    timeout: config.gitlab.timeout,
    clock,
    version,
  });
  return {
    client,
    jobs: gitLabJobs({ client, projects: config.gitlab.projects.map(String), clock }),
    runners: gitLabRunners({
      client,
      pools: Object.fromEntries(
        pools.map(({ name, runner }) => [
          name,
          { runnerId: runner.id, token: () => runnerToken(name, AbortSignal.timeout(config.aws.timeout)) },
        ]),
      ),
    }),
    fleet: ec2Fleet({
      ec2: ec2Client(access),
      installation: config.installation,
      tags: () => config.tags,
      pools: () => machines,
      timeout: config.aws.timeout,
      note,
    }),
    policy: policyOf(config),
    runnerToken,
    freshFor: milliseconds(config.pollInterval * FRESH_SWEEPS + config.gitlab.timeout),
  };
}

/** Where the state of a daemon lives: a file that one process at a time decides over. */
export interface State extends AsyncDisposable {
  readonly store: Store;
  readonly lease: Lease;
}

/** Opens the SQLite state. The lease of a process that provably died is taken over at once. */
export function openState(file: string): State {
  const store = openStore(file);
  const self = thisProcess();
  const lease = new SqliteLease(store.database, { owner: self, isGone: (holder) => isGone(holder, self) });
  return {
    store,
    lease,
    async [Symbol.asyncDispose]() {
      await lease.release().finally(() => store.close());
    },
  };
}

/** Opens the SQLite state of a daemon, to look only. */
export function openStateReadOnly(file: string): Store & Disposable {
  return openStore(file, { readOnly: true });
}

/** Wires one controller. */
export function composeController(
  config: Config,
  adapters: Adapters,
  parts: { clock: Clock; store: Store; lease: Lease; recorder: Recorder },
): Controller {
  return new Controller({
    ...adapters,
    ...parts,
    policy: () => adapters.policy,
    freshFor: () => adapters.freshFor,
    leaseFor: () =>
      milliseconds(Math.max(config.aws.timeout * LEASE_CALLS, config.pollInterval * LEASE_SWEEPS)),
    callTimeout: () => config.aws.timeout,
  });
}

/** Wires the webhook, if the configuration has one. */
export function composeWebhook(
  config: Config,
  parts: { clock: Clock; wake: (ref: PipelineRef) => void; note: (event: WebhookEvent) => void },
): Webhook | undefined {
  const { webhook, gitlab } = config;
  if (webhook === undefined) return undefined;
  const token = webhook.token?.reveal();
  const signingToken = webhook.signingToken?.reveal();
  const watched = new Set(gitlab.projects.map((project) => String(project).toLowerCase()));
  return createWebhook({
    ...parts,
    secrets: () => ({
      ...(token !== undefined && { token }),
      ...(signingToken !== undefined && { signingToken }),
    }),
    watches: ({ id, path }) =>
      watched.has(String(id)) || (path !== undefined && watched.has(path.toLowerCase())),
  });
}

/** Reads one SSM parameter, for `${ssm:NAME}` in the configuration. */
export async function readConfigParameter(name: string, region: string, endpoint?: string): Promise<string> {
  const ssm = ssmClient({ region, endpoints: endpoint === undefined ? {} : { ssm: endpoint } });
  return readParameter(ssm, name, AbortSignal.timeout(PARAMETER_TIMEOUT), PARAMETER_TIMEOUT);
}

/** A controller that only looks: over the daemon's state where there is one, else over an empty memory. */
export function composePreview(
  config: Config,
  adapters: Adapters,
  clock: Clock,
): Disposable & { readonly controller: Controller } {
  const disk = new MemoryDisk();
  const stack = new DisposableStack();
  const store = existsSync(config.state) ? stack.use(openStateReadOnly(config.state)) : new MemoryStore(disk);
  const lease = new MemoryLease(disk, { owner: 'preview' });
  const controller = composeController(config, adapters, {
    clock,
    store,
    lease,
    recorder: { record: () => undefined },
  });
  return { controller, [Symbol.dispose]: () => stack.dispose() };
}
