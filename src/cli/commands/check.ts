import process from 'node:process';
import type { Command } from 'commander';
import { probe } from '../../adapters/gitlab/probe.ts';
import { type Adapters, composeEvents } from '../../compose.ts';
import { givenAway } from '../../config/given-away.ts';
import { policyOf } from '../../config/policy.ts';
import type { Config, PoolConfig } from '../../config/schema.ts';
import { openInstallation } from '../installation.ts';
import { complain, configCommand, type ConfigOptions, counted } from '../options.ts';
import { priceLimit } from '../price-limit.ts';
import { type Finding, missingScopes, runnerFindings, tried } from '../runner-findings.ts';

/** What gives jobs the instance. Nobody is hindered: who writes it may need it. */
function isolationFindings(pool: PoolConfig): readonly Finding[] {
  const given = givenAway(pool);
  if (given.length === 0) return [];
  const means =
    "gives every job the instance or a way to it, and with it the pool's token; see docs/security.md";
  return [{ check: `isolation of ${pool.name}`, ok: true, detail: `${given.join(', ')}: ${means}` }];
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
  config: Config,
  pool: PoolConfig,
  adapters: Adapters,
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
  return [...runners, ...ofMachines, ...isolationFindings(pool)];
}

/** The queue of EC2's events, where there is one. */
async function eventFindings(config: Config, signal: AbortSignal): Promise<readonly Finding[]> {
  const events = composeEvents(config, { timeout: () => config.aws.timeout, note: complain });
  return events === undefined ? [] : [await tried('EC2 events', () => events.check(signal))];
}

async function findings(config: Config, adapters: Adapters): Promise<readonly Finding[]> {
  const signal = AbortSignal.timeout(config.gitlab.timeout * 10);
  const token = await tried('GitLab token', async () => {
    const { version, token: own } = await probe(adapters.client, signal);
    if (!own.active) throw new Error(`token ${own.name} is no longer active; make a new one`);
    const missing = missingScopes(config, own.scopes);
    if (missing.length > 0) {
      throw new Error(
        `token ${own.name} lacks ${missing.join(' and ')}, which the runners that Runtide makes need; make a new one`,
      );
    }
    const end =
      own.expiresAt === undefined
        ? 'does not expire'
        : `expires ${new Date(own.expiresAt).toISOString().slice(0, 10)}`;
    return `GitLab ${version}; token ${own.name} with ${own.scopes.join(', ')}; it ${end}`;
  });
  const jobs = await tried('jobs', async () => {
    const { jobs: found } = await adapters.jobs.sweep(signal);
    const { demand, held } = found;
    const pending = demand.reduce((sum, kind) => sum + kind.pending.length, 0);
    return `${pending} pending and ${held.length} held in ${counted(config.gitlab.projects.length, 'project')}`;
  });
  const instances = await tried('EC2 instances', async () => {
    const { length } = await adapters.fleet.list(signal);
    return `${counted(length, 'instance')} of installation ${config.installation}`;
  });
  const pools = await Promise.all(
    Object.values(config.pools).map((pool) => poolFindings(config, pool, adapters, signal)),
  );
  return [
    token,
    jobs,
    instances,
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
