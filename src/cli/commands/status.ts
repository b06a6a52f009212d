import process from 'node:process';
import type { Command } from 'commander';
import { loadDaemonConfig } from '../../runtimes/daemon/run.ts';
import { isStatus, type PoolStatus, type Status } from '../../status/model.ts';
import { configCommand, type ConfigOptions } from '../options.ts';

const TIMEOUT = 5000;

async function read(url: string): Promise<Status> {
  const doing = `reading the status of the daemon at ${url}`;
  const answer = await fetch(`${url}/api/status`, { signal: AbortSignal.timeout(TIMEOUT) }).catch(
    (error: unknown) => {
      const why =
        error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new Error(`${doing}: ${why}; is "runtide up" running with this configuration?`, { cause: error });
    },
  );
  if (!answer.ok)
    throw new Error(`${doing}: it answered ${answer.status}; does another program listen there?`);
  const status: unknown = await answer.json().catch(() => undefined);
  if (!isStatus(status))
    throw new Error(`${doing}: the answer is no status; does another program listen there?`);
  return status;
}

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

function instances({ instances: all }: PoolStatus): readonly string[] {
  if (all.length === 0) return [];
  const rows = all.map(({ id, phase, busySlots, slots, instanceType, market, ageSeconds, drain }) => [
    `  ${id}`,
    phase,
    `${busySlots} of ${slots}`,
    `${instanceType} ${market}`,
    `${Math.round(ageSeconds)} s`,
    drain === undefined ? '' : `leaves: ${drain}`,
  ]);
  return table([['  instance', 'phase', 'slots', 'type', 'age', ''], ...rows]);
}

function text(status: Status): string {
  const { installation, role, detail, pools, sources, alarms, totals } = status;
  return [
    `${installation}: ${role}${detail === undefined ? '' : ` (${detail})`}; ${totals.passes} passes, ${totals.launched} launched, ${totals.drained} drained`,
    ...sources
      .filter(({ fresh }) => !fresh)
      .map(({ source, failure }) => `${source}: stale${failure === undefined ? '' : `: ${failure}`}`),
    ...alarms.map((alarm) => `alarm: ${alarm}`),
    ...pools.flatMap((pool) => [`${pool.pool}: ${pool.decision}`, ...instances(pool)]),
    '',
  ].join('\n');
}

/** `runtide status`: what the running daemon sees and decides. */
export function statusCommand(): Command {
  return configCommand('status', 'Show what the running daemon sees and has decided').action(
    async ({ config: file, json }: ConfigOptions) => {
      const { host, port } = (await loadDaemonConfig(file)).status.listen;
      const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
      const status = await read(`http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`);
      process.stdout.write(json === true ? `${JSON.stringify(status, null, 2)}\n` : text(status));
    },
  );
}
