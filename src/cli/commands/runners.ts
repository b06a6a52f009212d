import process from 'node:process';
import { Command } from 'commander';
import type { Adapters } from '../../compose/adapters.ts';
import { explainStep } from '../../controller/runner-plan.ts';
import { minutes } from '../../engine/time.ts';
import { openInstallation } from '../installation.ts';
import { configCommand, type ConfigOptions, counted } from '../options.ts';

/** Longer than any of it takes. */
const TIMEOUT = minutes(10);

/** What is so, and what would change or has changed, in one pool. */
interface Report {
  readonly pool: string;
  readonly runners: readonly {
    readonly id: number;
    readonly description: string;
    readonly managers: number;
    /** Whether new instances serve it. */
    readonly current: boolean;
    readonly tokenUntil?: string;
  }[];
  /** How many instances have a runner of their own. */
  readonly enrolled: number;
  readonly steps: readonly string[];
  readonly concerns: readonly string[];
}

async function reportOf(
  pool: string,
  { registrar, enroller }: Adapters,
  signal: AbortSignal,
): Promise<Report> {
  const { found, plan } = await registrar.look(pool, signal);
  return {
    pool,
    runners: found.map((runner) => ({
      id: runner.id,
      description: runner.settings.description,
      managers: runner.managers.length,
      current: plan.current.some((current) => current?.id === runner.id),
      ...(runner.validity !== undefined && { tokenUntil: new Date(runner.validity.until).toISOString() }),
    })),
    enrolled: (await enroller.runnersOf(pool, signal)).length,
    steps: plan.steps.map(explainStep),
    concerns: plan.concerns.map(
      ({ about, why, next }) => `${about}: ${why}${next === undefined ? '' : `; ${next}`}`,
    ),
  };
}

function linesOf({ pool, runners, enrolled, steps, concerns }: Report): readonly string[] {
  return [
    pool,
    ...runners.map(({ id, description, managers, current, tokenUntil }) => {
      const until = tokenUntil === undefined ? '' : `, token until ${tokenUntil.slice(0, 10)}`;
      return `  ${current ? 'serves' : 'leaves'}  runner ${id} (${description}): ${counted(managers, 'manager')}${until}`;
    }),
    ...(enrolled > 0 ? [`  ${counted(enrolled, 'runner')} for one instance each`] : []),
    ...(runners.length + enrolled === 0 ? ['  no runner yet'] : []),
    ...steps.map((step) => `  would   ${step}`),
    ...concerns.map((concern) => `  WRONG   ${concern}`),
  ];
}

function show(reports: readonly Report[], json: true | undefined): void {
  const text = [...reports.flatMap(linesOf), ''].join('\n');
  process.stdout.write(json === true ? `${JSON.stringify({ pools: reports }, null, 2)}\n` : text);
  if (reports.some(({ concerns }) => concerns.length > 0)) process.exitCode = 1;
}

/** The pools that are meant; those whose runners somebody else made are none of ours. */
function poolsOf({ registrar }: Adapters, named: string | undefined): readonly string[] {
  if (registrar.pools.length === 0) {
    throw new Error('looking for runners: no pool has `runner.create`, so Runtide makes none');
  }
  if (named === undefined) return registrar.pools;
  if (registrar.pools.includes(named)) return [named];
  throw new Error(
    `looking for the runner of pool ${named}: Runtide makes those of ${registrar.pools.join(', ')} alone; name one of them`,
  );
}

function statusCommand(): Command {
  return configCommand('status', 'Show the runners that Runtide makes, and what it would change').action(
    async ({ config, json }: ConfigOptions) => {
      const { adapters } = await openInstallation(config);
      const signal = AbortSignal.timeout(TIMEOUT);
      const reports: Report[] = [];
      for (const pool of poolsOf(adapters, undefined)) reports.push(await reportOf(pool, adapters, signal));
      show(reports, json);
    },
  );
}

function applyCommand(): Command {
  return configCommand(
    'apply',
    'Make and change runners in GitLab now, as "runtide up" does every ten minutes',
  ).action(async ({ config, json }: ConfigOptions) => {
    const { adapters } = await openInstallation(config);
    const signal = AbortSignal.timeout(TIMEOUT);
    const reports: Report[] = [];
    for (const pool of poolsOf(adapters, undefined)) {
      await adapters.registrar.apply(pool, signal);
      reports.push(await reportOf(pool, adapters, signal));
    }
    show(reports, json);
  });
}

interface RemoveOptions extends ConfigOptions {
  readonly yes?: true;
  readonly force?: true;
}

/** Throws while the pool has instances: they would lose their runner in the middle of a job. */
async function checkEmpty(pool: string, { fleet }: Adapters, signal: AbortSignal): Promise<void> {
  const living = (await fleet.list(signal)).filter((instance) => instance.pool === pool);
  if (living.length === 0) return;
  throw new Error(
    `removing the runner of pool ${pool}: it has ${counted(living.length, 'instance')}, whose jobs would be lost; write \`max: 0\` and wait until they are gone, or add --force`,
  );
}

async function find(pool: string, adapters: Adapters, signal: AbortSignal): Promise<readonly number[]> {
  const { found } = await adapters.registrar.look(pool, signal);
  const own = await adapters.enroller.runnersOf(pool, signal);
  return [...found.map(({ id }) => id), ...own.map(({ runnerId }) => runnerId)];
}

async function remove(pool: string, adapters: Adapters, signal: AbortSignal): Promise<readonly number[]> {
  const { registrar, enroller } = adapters;
  const own = await enroller.runnersOf(pool, signal);
  for (const { instance = '' } of own) await enroller.dismiss(pool, instance, signal);
  return [...(await registrar.remove(pool, signal)), ...own.map(({ runnerId }) => runnerId)];
}

function removeCommand(): Command {
  return configCommand('remove', 'List, or remove, the runners that Runtide made, and their tokens')
    .argument('[pool]', 'of this pool alone')
    .option('--yes', 'remove them')
    .option('--force', 'also where the pool has instances; their jobs are lost')
    .action(async (named: string | undefined, { config, json, yes, force }: RemoveOptions) => {
      const { adapters } = await openInstallation(config);
      const signal = AbortSignal.timeout(TIMEOUT);
      const removed: { readonly pool: string; readonly runners: readonly number[] }[] = [];
      for (const pool of poolsOf(adapters, named)) {
        if (force !== true) await checkEmpty(pool, adapters, signal);
        const runners = await (yes === true ? remove : find)(pool, adapters, signal);
        removed.push({ pool, runners });
      }
      const lines = removed.map(({ pool, runners }) => {
        if (runners.length === 0) return `${pool}: no runner\n`;
        return `${pool}: ${yes === true ? 'removed' : 'would remove'} runner ${runners.join(', ')}\n`;
      });
      const hint = yes === true ? '' : 'nothing was removed: run it again with --yes\n';
      process.stdout.write(
        json === true
          ? `${JSON.stringify({ removing: yes === true, pools: removed }, null, 2)}\n`
          : `${lines.join('')}${hint}`,
      );
    });
}

/** `runtide runners`: the runners that Runtide makes in GitLab. */
export function runnersCommand(): Command {
  return new Command('runners')
    .description('Show, make or remove the runners in GitLab that Runtide looks after')
    .addCommand(statusCommand(), { isDefault: true })
    .addCommand(applyCommand())
    .addCommand(removeCommand());
}
