import process from 'node:process';
import type { Command } from 'commander';
import { loadDaemonConfig } from '../../runtimes/daemon/run.ts';
import type { PoolStatus, Status } from '../../status/model.ts';
import { readStatus } from '../daemon-status.ts';
import { configCommand, type ConfigOptions } from '../options.ts';

function row(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd();
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, index) =>
    Math.max(...rows.map((cells) => (cells[index] ?? '').length)),
  );
  return rows.map((cells) => row(cells, widths));
}

function leaving(drain: string | undefined, asked: string | undefined): string {
  if (drain !== undefined) return `leaves: ${drain}`;
  return asked === undefined ? '' : 'asked to leave, in its turn';
}

function instances({ instances: all }: PoolStatus): readonly string[] {
  if (all.length === 0) return [];
  const rows = all.map(({ id, phase, busySlots, slots, instanceType, market, ageSeconds, drain, asked }) => [
    `  ${id}`,
    phase,
    `${busySlots} of ${slots}`,
    `${instanceType} ${market}`,
    `${Math.round(ageSeconds)} s`,
    leaving(drain, asked),
  ]);
  return table([['  instance', 'phase', 'slots', 'type', 'age', ''], ...rows]);
}

/** What the pool costs and may cost; nothing where no price is known. */
function costs({ pool, dollarsPerHour, budgets = [] }: PoolStatus): readonly string[] {
  const cost = dollarsPerHour === 0 ? [] : [`${pool}: $${dollarsPerHour.toFixed(2)} an hour`];
  return [...cost, ...budgets.map((budget) => `${pool}: ${budget.text}`)];
}

function text(status: Status): string {
  const { installation, role, detail, pools, budgets = [], sources, alarms, totals } = status;
  return [
    `${installation}: ${role}${detail === undefined ? '' : ` (${detail})`}; ${totals.passes} passes, ${totals.launched} launched, ${totals.drained} drained`,
    ...sources
      .filter(({ fresh }) => !fresh)
      .map(({ source, failure }) => `${source}: stale${failure === undefined ? '' : `: ${failure}`}`),
    ...alarms.map((alarm) => `alarm: ${alarm}`),
    ...budgets.map((budget) => budget.text),
    ...pools.flatMap((pool) => [`${pool.pool}: ${pool.decision}`, ...costs(pool), ...instances(pool)]),
    '',
  ].join('\n');
}

/** `runtide status`: what the running daemon sees and decides. */
export function statusCommand(): Command {
  return configCommand('status', 'Show what the running daemon sees and has decided').action(
    async ({ config: file, json }: ConfigOptions) => {
      const status = await readStatus(await loadDaemonConfig(file));
      process.stdout.write(json === true ? `${JSON.stringify(status, null, 2)}\n` : text(status));
    },
  );
}
