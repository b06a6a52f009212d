import { existsSync } from 'node:fs';
import { sqsClient, ssmClient } from './adapters/aws/clients.ts';
import { EventQueue, regionOfQueue } from './adapters/aws/interruptions.ts';
import { readParameter } from './adapters/aws/parameters.ts';
import { gitLabJobRetrier } from './adapters/gitlab/job-retrier.ts';
import type { HookArrivals } from './adapters/gitlab/hook-arrivals.ts';
import { AccessToken } from './adapters/gitlab/access-token.ts';
import { GitLabClient } from './adapters/gitlab/client.ts';
import type { Connection } from './adapters/gitlab/connection.ts';
import { GroupProjects } from './adapters/gitlab/group-projects.ts';
import { type GitLabJobs, gitLabJobs } from './adapters/gitlab/jobs.ts';
import { type GitLabRunners, gitLabRunners } from './adapters/gitlab/runners.ts';
import { watchesPlace } from './adapters/gitlab/watched-paths.ts';
import { createWebhook, type Webhook } from './adapters/gitlab/webhook.ts';
import { replacementIn } from './adapters/gitlab/token-parameter.ts';
import type { WebhookEvent } from './adapters/gitlab/webhook-event.ts';
import { MemoryLease } from './adapters/memory/lease.ts';
import { MemoryDisk, MemoryStore } from './adapters/memory/store.ts';
import { SqliteLease } from './adapters/sqlite/lease.ts';
import { isGone, thisProcess } from './adapters/sqlite/owner.ts';
import { openStore } from './adapters/sqlite/store.ts';
import { connectionOf, gitLabOptions } from './compose-gitlab.ts';
import { composeHookUpkeep, webhookSecrets } from './compose-hooks.ts';
import { composePlaces, type PlacedAdapters, type PlaceParts } from './compose-places.ts';
import { composeRunnerMakers, runnerIdsOf, type RunnerMakers, runnersByPool } from './compose-runners.ts';
import { composeTokenParameter, composeTokenUpkeep } from './compose-token.ts';
import { type MadeRunners, policyOf } from './config/policy.ts';
import type { Config } from './config/schema.ts';
import type { Recorder } from './controller/events.ts';
import type { HookEvidence } from './controller/hook-evidence.ts';
import type { Notices } from './controller/notices.ts';
import type { Clock, Enrolment, JobRetrier, Lease, PipelineRef, Store } from './controller/ports.ts';
import { Controller } from './controller/reconcile.ts';
import type { Registrar } from './controller/registrar.ts';
import type { Concerns, Upkeep } from './controller/upkeep.ts';
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
export interface Adapters extends PlacedAdapters, RunnerMakers {
  /** The way to GitLab; without calls it closes by itself after some seconds. */
  readonly connection: Connection;
  readonly client: GitLabClient;
  readonly jobs: GitLabJobs;
  readonly runners: GitLabRunners;
  /** Asked at every pass: the generation of a pool changes with the runners that Runtide made for it. */
  readonly policy: () => FleetPolicy;
  /** Who makes the runners of single instances; absent: Runtide makes no runners. */
  readonly enrolment?: Enrolment;
  /** Whether a pool drains instances that are likely to be taken. */
  readonly heedsRebalance: (pool: string) => boolean;
  /** Absent: no project has opted in. */
  readonly retrier?: JobRetrier;
  /** How long an answer of a source counts as fresh. */
  readonly freshFor: Duration;
  /** What is looked after beside the passes. */
  readonly upkeeps: readonly Upkeep[];
}

/** What the chores that look after webhooks need of the daemon. */
export interface HookWatch {
  readonly arrivals: HookArrivals;
  /** Whether sweeps find only what webhooks have told of; undefined: that is not known. */
  readonly agree: () => boolean | undefined;
}

/** What adapters are made with. */
export interface AdapterParts extends PlaceParts {
  readonly version: string;
  /** The access token that goes on being used when the configuration is loaded again; absent: a new beginning. */
  readonly token?: AccessToken;
  /** Absent: nothing looks after webhooks. */
  readonly hookWatch?: HookWatch;
}

/** Builds the adapters that a configuration asks for. Throws `refused` when a pool's boot data is too large. */
export async function composeAdapters(
  config: Config,
  { version, hookWatch, token = new AccessToken(config.gitlab.token.reveal()), ...parts }: AdapterParts,
): Promise<Adapters> {
  // The registrar looks for instances, which are made of what it knows.
  let registrar: Registrar | undefined;
  const made = (pool: string) => registrar?.current(pool);
  const placed = await composePlaces(config, { ...parts, made });
  const { clock, note } = parts;
  token.found(config.gitlab.token.reveal());
  const parameter = composeTokenParameter(config);
  const connection = connectionOf(config);
  const options = { ...gitLabOptions(config, { clock, version, connection }), token: () => token.current() };
  const client = new GitLabClient({
    ...options,
    ...(parameter !== undefined && { replaced: replacementIn(parameter, token, clock) }),
  });
  const retrying = Object.entries(config.gitlab.retry ?? {}).map(([project, own]) => ({
    project,
    client: new GitLabClient({ ...options, token: () => own.reveal() }),
  }));
  const members = new GroupProjects(client, clock);
  const makers = composeRunnerMakers(config, { client, placed, clock, note });
  const { enroller } = makers;
  registrar = makers.registrar;
  const runners = gitLabRunners({
    client,
    members,
    pools: runnersByPool(config, makers, { placed }),
    unmade: (pool, signal) => enroller.scope(pool, signal),
  });
  return {
    connection,
    client,
    ...(retrying.length > 0 && { retrier: gitLabJobRetrier({ projects: retrying, note }) }),
    jobs: gitLabJobs({
      client,
      clock,
      members,
      note,
      projects: (config.gitlab.projects ?? []).map(String),
      groups: (config.gitlab.groups ?? []).map(String),
      instance: config.gitlab.instance,
      runners: () => runnerIdsOf(config, makers),
      needsProtection: () => runners.needsProtection(),
    }),
    runners,
    ...makers,
    ...(registrar.pools.length > 0 && { enrolment: enroller }),
    ...placed,
    policy: policyAsOfNow(config, made),
    heedsRebalance: (pool) => config.pools[pool]?.rebalance !== 'ignore',
    freshFor: milliseconds(config.pollInterval * FRESH_SWEEPS + config.gitlab.timeout),
    upkeeps: [
      ...(registrar.pools.length === 0 ? [] : [registrar]),
      composeTokenUpkeep(config, { client, token, parameter, clock, note }),
      ...(hookWatch === undefined ? [] : composeHookUpkeep(config, options, { ...hookWatch, ...parts })),
    ],
  };
}

/** The policy with the runners that are known now; made anew only when they change. */
function policyAsOfNow(config: Config, made: MadeRunners): () => FleetPolicy {
  const pools = Object.keys(config.pools);
  let known = { runners: JSON.stringify(pools.map(made)), policy: policyOf(config, made) };
  return () => {
    const runners = JSON.stringify(pools.map(made));
    if (runners !== known.runners) known = { runners, policy: policyOf(config, made) };
    return known.policy;
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
function openStateReadOnly(file: string): Store & Disposable {
  return openStore(file, { readOnly: true });
}

/** What a process has learned, and keeps when the configuration is loaded again. */
export interface Kept {
  readonly notices: Notices;
  readonly concerns: Concerns;
  readonly hooks: HookEvidence;
}

/** Wires one controller. */
export function composeController(
  config: Config,
  adapters: Adapters,
  parts: {
    clock: Clock;
    store: Store;
    lease: Lease;
    recorder: Recorder;
  } & Partial<Kept>,
): Controller {
  return new Controller({
    ...adapters,
    ...parts,
    freshFor: () => adapters.freshFor,
    leaseFor: () =>
      milliseconds(Math.max(config.aws.timeout * LEASE_CALLS, config.pollInterval * LEASE_SWEEPS)),
    callTimeout: () => config.aws.timeout,
    jobsEvery: () => config.webhook?.pollInterval ?? config.pollInterval,
  });
}

/** The queue of EC2's events, if the configuration has one. */
export function composeEvents(
  { aws }: Config,
  parts: { readonly timeout: () => Duration; readonly note: (message: string) => void },
): EventQueue | undefined {
  if (aws.events === undefined) return undefined;
  const { queue } = aws.events;
  const endpoints = aws.endpoints?.sqs === undefined ? {} : { sqs: aws.endpoints.sqs };
  const sqs = sqsClient({ region: regionOfQueue(queue) ?? aws.region, endpoints });
  return new EventQueue({ sqs, queue, ...parts });
}

/** Wires the webhook, if the configuration has one. */
export function composeWebhook(
  config: Config,
  parts: {
    clock: Clock;
    wake: (ref: PipelineRef) => void;
    note: (event: WebhookEvent) => void;
    /** Tells the projects of groups and of the instance. */
    jobs: Pick<GitLabJobs, 'watches'>;
  },
): Webhook | undefined {
  const { webhook, gitlab } = config;
  if (webhook === undefined) return undefined;
  const secrets = webhookSecrets(config);
  const projects = (gitlab.projects ?? []).map(String);
  const groups = (gitlab.groups ?? []).map(String);
  return createWebhook({
    ...parts,
    secrets: () => secrets,
    watches: watchesPlace({ projects, groups }, (project) => parts.jobs.watches(project)),
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
