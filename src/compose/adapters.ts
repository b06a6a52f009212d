import { gitLabJobRetrier } from '../adapters/gitlab/jobs/job-retrier.ts';
import type { HookArrivals } from '../adapters/gitlab/hooks/hook-arrivals.ts';
import { AccessToken } from '../adapters/gitlab/token/access-token.ts';
import { GitLabClient } from '../adapters/gitlab/client/client.ts';
import type { Connection } from '../adapters/gitlab/client/connection.ts';
import { GroupProjects } from '../adapters/gitlab/jobs/group-projects.ts';
import { type GitLabJobs, gitLabJobs } from '../adapters/gitlab/jobs/jobs.ts';
import { watchedUpkeep } from '../adapters/gitlab/jobs/watched-upkeep.ts';
import { type GitLabRunners, gitLabRunners } from '../adapters/gitlab/runners/runners.ts';
import { replacementIn } from '../adapters/gitlab/token/token-parameter.ts';
import { connectionOf, gitLabOptions } from './gitlab.ts';
import { composeHookUpkeep } from './hooks.ts';
import type { PlaceParts } from './place.ts';
import { type ComposedPolicy, composePolicy } from './policy.ts';
import { composePlaces, type PlacedAdapters } from './places.ts';
import { composeRunnerMakers, runnerIdsOf, type RunnerMakers, runnersByPool } from './runners.ts';
import { composeTokenParameter, composeTokenUpkeep } from './token.ts';
import type { Config } from '../config/schema.ts';
import type { Enrolment, JobRetrier } from '../controller/ports.ts';
import type { Registrar } from '../controller/registrar.ts';
import type { Upkeep } from '../controller/upkeep.ts';
import { type Duration, milliseconds } from '../engine/time.ts';

/** A source counts as fresh for this many planned sweeps. */
const FRESH_SWEEPS = 3;

/** The adapters of one configuration. */
export interface Adapters
  extends PlacedAdapters, RunnerMakers, Pick<ComposedPolicy, 'policy' | 'namedProjects'> {
  /** The way to GitLab; without calls it closes by itself after some seconds. */
  readonly connection: Connection;
  readonly client: GitLabClient;
  readonly jobs: GitLabJobs;
  readonly runners: GitLabRunners;
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
  const jobs = gitLabJobs({
    client,
    clock,
    members,
    note,
    projects: (config.gitlab.projects ?? []).map(String),
    groups: (config.gitlab.groups ?? []).map(String),
    instance: config.gitlab.instance,
    runners: () => runnerIdsOf(config, made),
    needsProtection: () => runners.needsProtection(),
  });
  const { upkeeps, isKnown, ...policy } = composePolicy(config, client, made);
  const groupUpkeep = placed.groupUpkeep(isKnown);
  return {
    connection,
    client,
    ...(retrying.length > 0 && { retrier: gitLabJobRetrier({ projects: retrying, note }) }),
    jobs,
    runners,
    ...makers,
    ...(registrar.pools.length > 0 && { enrolment: enroller }),
    ...placed,
    ...policy,
    heedsRebalance: (pool) => config.pools[pool]?.rebalance !== 'ignore',
    freshFor: milliseconds(config.pollInterval * FRESH_SWEEPS + config.gitlab.timeout),
    upkeeps: [
      ...(registrar.pools.length === 0 ? [] : [registrar]),
      watchedUpkeep(jobs),
      ...upkeeps,
      ...(groupUpkeep === undefined ? [] : [groupUpkeep]),
      composeTokenUpkeep(config, { client, token, parameter, clock, note }),
      ...(hookWatch === undefined ? [] : composeHookUpkeep(config, options, { ...hookWatch, ...parts })),
    ],
  };
}
