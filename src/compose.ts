import { existsSync } from 'node:fs';
import { readAgentFiles, type AgentFiles } from './adapters/aws/agent-files.ts';
import { limitsOf } from './adapters/aws/aws-call.ts';
import { type AwsAccess, ec2Client, ssmClient } from './adapters/aws/clients.ts';
import { ec2Fleet } from './adapters/aws/ec2-fleet.ts';
import { FoundImage } from './adapters/aws/machine-image.ts';
import { MachineParts, type Machines } from './adapters/aws/machine-parts.ts';
import { networkFiles, proxyVariables } from './adapters/aws/network-files.ts';
import { readParameter } from './adapters/aws/parameters.ts';
import { placedFleet } from './adapters/aws/placed-fleet.ts';
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
import {
  agentSettingsOf,
  networkSettingsOf,
  placeOf,
  type PoolPlace,
  runnerSettingsOf,
} from './config/boot-settings.ts';
import { generationOf } from './config/generation.ts';
import { machineChoice } from './config/machine-settings.ts';
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
  /** Tries what the machines of a pool are to be made of, and says it in words. Throws what would keep it from launching. */
  readonly checkMachines: (pool: string, signal: AbortSignal) => Promise<string>;
  /** How long an answer of a source counts as fresh. */
  readonly freshFor: Duration;
}

/** What AWS is asked with in one region and account, and the pools that are there. */
interface Place {
  readonly ec2: ReturnType<typeof ec2Client>;
  readonly readParameter: (name: string, signal: AbortSignal) => Promise<string>;
  readonly pools: readonly PoolConfig[];
}

function accessOf(config: Config, { region, role, endpoints }: PoolPlace): AwsAccess {
  const session = `runtide-${config.installation}`;
  return { region, endpoints, ...(role !== undefined && { role: { arn: role, session } }) };
}

function keyOf({ region, role = '' }: PoolPlace): string {
  return `${region} ${role}`;
}

/** Every region and role that pools are in. */
function placesOf(config: Config): readonly Place[] {
  const asked = Object.values(config.pools).map((pool) => ({ place: placeOf(config, pool), pool }));
  return [...Map.groupBy(asked, ({ place }) => keyOf(place)).values()].flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    const access = accessOf(config, first.place);
    const ssm = ssmClient(access);
    return [
      {
        ec2: ec2Client(access),
        readParameter: (name, signal) => readParameter(ssm, name, signal, config.aws.timeout),
        pools: alike.map(({ pool }) => pool),
      },
    ];
  });
}

function userDataOf(config: Config, pool: PoolConfig, agentFiles: AgentFiles): string {
  const network = networkSettingsOf(pool);
  const runner = runnerSettingsOf(config, pool);
  const environment = { ...proxyVariables(network), ...runner.environment };
  return renderUserData({
    agentFiles,
    agentEnv: agentSettingsOf(config, pool),
    runnerConfig: renderRunnerConfig({ ...runner, environment }),
    files: networkFiles(network),
  });
}

function machinesOf(
  config: Config,
  pool: PoolConfig,
  { agentFiles, place, clock, note }: Parts & { agentFiles: AgentFiles; place: Place },
): Machines {
  const choice = machineChoice(pool);
  if ('template' in choice) return choice;
  const { image, volume, ...rest } = choice;
  const machines = {
    ...rest,
    ...(volume !== undefined && { volume }),
    generation: generationOf(config, pool.name),
    userData: userDataOf(config, pool, agentFiles),
  };
  if ('id' in image) return { ...machines, imageId: image.id };
  const { ec2, readParameter: read } = place;
  const found = new FoundImage({ ...image, ec2, readParameter: read, now: () => clock.now(), note });
  return { ...machines, image: found };
}

interface Parts {
  readonly clock: Clock;
  /** Hears of what the operator should know and no call failed for. */
  readonly note: (message: string) => void;
}

/** The fleet over all places, and what tells whether its launches can be prepared. */
function composeFleet(
  config: Config,
  places: readonly Place[],
  parts: Parts & { readonly agentFiles: AgentFiles },
): Pick<Adapters, 'fleet' | 'checkMachines'> {
  const { note } = parts;
  const { installation, tags, aws } = config;
  const made = places.map((place) => {
    const { ec2, pools } = place;
    const machines = Object.fromEntries(
      pools.map((pool) => [pool.name, machinesOf(config, pool, { ...parts, place })]),
    );
    const options = {
      ec2,
      installation,
      tags: () => tags,
      pools: () => machines,
      timeout: aws.timeout,
      note,
    };
    return { ec2, machines, pools: Object.keys(machines), fleet: ec2Fleet(options) };
  });
  return {
    fleet: placedFleet(made),
    async checkMachines(pool, signal) {
      const { ec2, machines } = made.find(({ pools }) => pools.includes(pool)) ?? {};
      const ofPool = machines?.[pool];
      if (ec2 === undefined || ofPool === undefined) throw new Error(`checking pool ${pool}: no such pool`);
      return new MachineParts(ec2).check(pool, ofPool, limitsOf(signal, aws.timeout));
    },
  };
}

/** Builds the adapters that a configuration asks for. Throws `refused` when a pool's boot data is too large. */
export async function composeAdapters(
  config: Config,
  { version, ...parts }: Parts & { version: string },
): Promise<Adapters> {
  const agentFiles = await readAgentFiles();
  const places = placesOf(config);
  const { clock } = parts;
  const pools = Object.values(config.pools);
  const runnerToken = async (pool: string, signal: AbortSignal): Promise<string> => {
    const place = places.find((one) => one.pools.some(({ name }) => name === pool));
    if (place === undefined) throw new Error(`reading the runner token of pool ${pool}: no such pool`);
    return place.readParameter(config.pools[pool]?.runner.tokenParameter ?? '', signal);
  };
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
    ...composeFleet(config, places, { ...parts, agentFiles }),
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
