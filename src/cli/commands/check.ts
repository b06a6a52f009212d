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

/** One thing that was tried. */
interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

async function tried(check: string, run: () => Promise<string>): Promise<Finding> {
  try {
    return { check, ok: true, detail: await run() };
  } catch (error) {
    return { check, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function untagged(taken: boolean): string {
  return taken
    ? 'it takes jobs without tags, and the pool has no `runUntagged: true`'
    : 'it takes no jobs without tags, and the pool has `runUntagged: true`';
}

async function runnerFits(pool: PoolConfig, adapters: Adapters, signal: AbortSignal): Promise<string> {
  const runner = await adapters.runners.describe(pool.name, signal);
  const missing = pool.tags.filter((tag) => !runner.tags.includes(tag));
  const extra = runner.tags.filter((tag) => !pool.tags.includes(tag));
  const wrong = [
    ...(missing.length > 0 ? [`it lacks tags that the pool names: ${missing.join(', ')}`] : []),
    ...(extra.length > 0 ? [`it has tags that the pool does not name: ${extra.join(', ')}`] : []),
    ...(runner.runUntagged === pool.runUntagged ? [] : [untagged(runner.runUntagged)]),
    ...(runner.paused ? ['it is paused'] : []),
  ];
  if (wrong.length > 0) {
    throw new Error(`runner ${pool.runner.id}: ${wrong.join('; ')}; make GitLab and the configuration agree`);
  }
  return `runner ${pool.runner.id} takes what the pool counts`;
}

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
  pool: PoolConfig,
  adapters: Adapters,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const [runner, token, machines] = await Promise.all([
    tried(`runner of ${pool.name}`, () => runnerFits(pool, adapters, signal)),
    tried(`token parameter of ${pool.name}`, async () => {
      const value = await adapters.runnerToken(pool.name, signal);
      if (!value.startsWith('glrt-'))
        throw new Error('it does not hold a glrt- token; put the runner authentication token there');
      return `${pool.runner.tokenParameter} holds a runner token`;
    }),
    adapters.checkMachines(pool.name, signal),
  ]);
  const ofMachines = machines.map(({ about, ok, detail }) => ({
    check: `${about} of ${pool.name}`,
    ok,
    detail,
  }));
  return [runner, token, ...ofMachines, ...isolationFindings(pool)];
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
    Object.values(config.pools).map((pool) => poolFindings(pool, adapters, signal)),
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
