import process from 'node:process';
import type { Command } from 'commander';
import { probe } from '../../adapters/gitlab/client/probe.ts';
import { missingScopes } from '../../adapters/gitlab/token/token-scopes.ts';
import { type Adapters } from '../../compose/adapters.ts';
import { composeEvents } from '../../compose/events.ts';
import { tokenNeeds } from '../../compose/token.ts';
import { givenAway } from '../../config/given-away.ts';
import { splitOf } from '../../config/market-schema.ts';
import { policyOf } from '../../config/policy.ts';
import { RETRY_REASON_FROM_19_1, RETRY_SNIPPET } from '../../config/retry-snippet.ts';
import type { Config, PoolConfig } from '../../config/schema.ts';
import { authorityGap } from '../authority-gap.ts';
import { jobsFound } from '../jobs-found.ts';
import { type Installation, openInstallation } from '../installation.ts';
import { complain, configCommand, type ConfigOptions, counted } from '../options.ts';
import { priceLimit } from '../price-limit.ts';
import { type Finding, runnerFindings, tried } from '../runner-findings.ts';

/** What gives jobs the instance. Nobody is hindered: who writes it may need it. */
function isolationFindings(pool: PoolConfig): readonly Finding[] {
  const given = givenAway(pool);
  if (given.length === 0) return [];
  const means =
    "gives every job the instance or a way to it, and with it the pool's token; see docs/security.md";
  return [{ check: `isolation of ${pool.name}`, ok: true, detail: `${given.join(', ')}: ${means}` }];
}

/** What pipelines need so that jobs which spot takes run again. Nobody can look into them. */
function snippetFindings({ name, instances }: PoolConfig): readonly Finding[] {
  if (splitOf(instances.market).spotShare === 0) return [];
  const detail = `jobs that spot takes run again with \`${RETRY_SNIPPET}\`, from GitLab 19.1 on with ${RETRY_REASON_FROM_19_1} as well; see docs/operating.md`;
  return [{ check: `retry of ${name}`, ok: true, detail }];
}

/** Who trusts a private authority of GitLab. */
function authorityFindings(config: Config, pool: PoolConfig): readonly Finding[] {
  const detail = authorityGap(config, pool);
  return detail === undefined ? [] : [{ check: `authority of ${pool.name}`, ok: true, detail }];
}

/** What its highest price leaves every pool to buy. */
function priceFindings(config: Config): readonly Finding[] {
  return policyOf(config).pools.flatMap((pool) => {
    const limit = priceLimit(pool, config.pools[pool.name]?.instances.region ?? config.aws.region);
    return limit === undefined ? [] : [{ check: `prices of ${pool.name}`, ...limit }];
  });
}

/** What one pool needs of GitLab, of its parameter and of EC2. */
async function poolFindings(
  pool: PoolConfig,
  { config, adapters }: Installation,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const [runners, machines] = await Promise.all([
    runnerFindings(config, pool, adapters, signal),
    adapters.checkMachines(pool.name, signal),
  ]);
  const ofMachines = machines.map(({ about, ok, detail }) => ({
    check: `${about} of ${pool.name}`,
    ok,
    detail,
  }));
  return [
    ...runners,
    ...ofMachines,
    ...authorityFindings(config, pool),
    ...isolationFindings(pool),
    ...snippetFindings(pool),
  ];
}

/** The projects whose lost jobs are retried; why one cannot be is told beside. */
async function lostJobFindings(
  config: Config,
  adapters: Adapters,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const wanted = Object.keys(config.gitlab.retry ?? {}).length;
  if (wanted === 0) return [];
  const found = await tried('lost jobs', async () => {
    const known = (await adapters.retrier?.projects(signal))?.size ?? 0;
    if (known < wanted) throw new Error(`retried in ${known} of ${wanted} projects; mend what is said above`);
    return `retried once, in ${counted(known, 'project')}`;
  });
  return [found];
}

/** The queue of EC2's events, where there is one. */
async function eventFindings(config: Config, signal: AbortSignal): Promise<readonly Finding[]> {
  const events = composeEvents(config, { timeout: () => config.aws.timeout, note: complain });
  return events === undefined ? [] : [await tried('EC2 events', () => events.check(signal))];
}

/** Whether the access token is good, and wide enough for what the configuration asks for. */
async function tokenServes(config: Config, { client }: Adapters, signal: AbortSignal): Promise<string> {
  const { version, token: own } = await probe(client, signal);
  if (own === undefined) return `GitLab ${version}; it does not tell what the token may do, nor when it ends`;
  if (!own.active) throw new Error(`token ${own.name} is no longer active; make a new one`);
  const missing = missingScopes(own.scopes, tokenNeeds(config));
  if (missing.length > 0) {
    throw new Error(
      `token ${own.name} with ${own.scopes.join(', ')} lacks ${missing.join(', and ')}; make one with these scopes`,
    );
  }
  const end =
    own.expiresAt === undefined
      ? 'does not expire'
      : `expires ${new Date(own.expiresAt).toISOString().slice(0, 10)}`;
  return `GitLab ${version}; token ${own.name} with ${own.scopes.join(', ')}; it ${end}`;
}

async function findings(config: Config, adapters: Adapters): Promise<readonly Finding[]> {
  const signal = AbortSignal.timeout(config.gitlab.timeout * 10);
  const token = await tried('GitLab token', () => tokenServes(config, adapters, signal));
  const jobs = await tried('jobs', () => jobsFound(adapters.jobs, config.pollInterval, signal));
  const instances = await tried('EC2 instances', async () => {
    const { length } = await adapters.fleet.list(signal);
    return `${counted(length, 'instance')} of installation ${config.installation}`;
  });
  const pools = await Promise.all(
    Object.values(config.pools).map((pool) => poolFindings(pool, { config, adapters }, signal)),
  );
  return [
    token,
    jobs,
    instances,
    ...(await lostJobFindings(config, adapters, signal)),
    ...(await eventFindings(config, signal)),
    ...pools.flat(),
    ...priceFindings(config),
  ];
}

/** `runtide check`: tries everything that the daemon needs, and changes nothing. */
export function checkCommand(): Command {
  return configCommand(
    'check',
    'Check the configuration and everything that it names; changes nothing',
  ).action(async ({ config: file, json }: ConfigOptions) => {
    const { config, adapters } = await openInstallation(file);
    const found = [
      { check: 'configuration', ok: true, detail: `${file} is valid` },
      ...(await findings(config, adapters)),
    ];
    const ok = found.every((finding) => finding.ok);
    const lines = found.map(
      ({ check, ok: fine, detail }) => `${fine ? 'ok    ' : 'FAILED'}  ${check}: ${detail}\n`,
    );
    process.stdout.write(
      json === true ? `${JSON.stringify({ ok, findings: found }, null, 2)}\n` : lines.join(''),
    );
    if (!ok) process.exitCode = 1;
  });
}
