import process from 'node:process';
import type { Command } from 'commander';
import { openStateBeside } from '../../compose/state.ts';
import type { Config } from '../../config/schema.ts';
import type { Store } from '../../controller/ports.ts';
import { pauseOf } from '../../engine/instruction.ts';
import type { Instant } from '../../engine/time.ts';
import { loadDaemonConfig } from '../../runtimes/daemon/run.ts';
import { systemClock } from '../../runtimes/system-clock.ts';
import { readDeciding } from '../daemon-status.ts';
import { complain, configCommand, type ConfigOptions } from '../options.ts';
import { poolNamed } from '../pool-names.ts';

/** What has become of one pool. */
interface Report {
  readonly pool: string;
  /** `paused` and `resumed`: by this command; `already …`: nothing was changed. */
  readonly state: 'paused' | 'already paused' | 'resumed' | 'not paused';
  /** ISO 8601; since when it is paused, or was. */
  readonly pausedAt?: string;
}

const isoTime = (at: Instant): string => new Date(at).toISOString();

type Change = (store: Store, pool: string) => Promise<Report>;

async function pause(store: Store, pool: string): Promise<Report> {
  const before = pauseOf(await store.instructions(), pool);
  if (before !== undefined) return { pool, state: 'already paused', pausedAt: isoTime(before.at) };
  const at = systemClock.now();
  await store.instruct({ kind: 'pause', pool, at });
  return { pool, state: 'paused', pausedAt: isoTime(at) };
}

async function resume(store: Store, pool: string): Promise<Report> {
  const before = pauseOf(await store.instructions(), pool);
  if (before === undefined) return { pool, state: 'not paused' };
  await store.retract(before);
  return { pool, state: 'resumed', pausedAt: isoTime(before.at) };
}

function lineOf({ pool, state, pausedAt = '' }: Report): string {
  const end = `"runtide resume ${pool}" ends it`;
  switch (state) {
    case 'paused':
      return `${pool}: paused: it buys nothing and keeps nothing idle; jobs that run go on; ${end}`;
    case 'already paused':
      return `${pool}: paused already, since ${pausedAt}; ${end}`;
    case 'resumed':
      return `${pool}: buys again; it was paused since ${pausedAt}`;
    case 'not paused':
      return `${pool}: not paused; nothing was changed`;
  }
}

/** What is written down waits where no daemon decides. */
async function tellWhoDecides(config: Config): Promise<void> {
  try {
    await readDeciding(config);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    complain(
      `${why}\nwhat was asked is written down in ${config.state}, and waits for the daemon that decides`,
    );
    process.exitCode = 1;
  }
}

function command(name: string, description: string, doing: string, change: Change): Command {
  return configCommand(name, description)
    .argument('<pool...>', 'the pools')
    .action(async (named: readonly string[], { config: file, json }: ConfigOptions) => {
      const config = await loadDaemonConfig(file);
      const pools = [...new Set(named)].map((pool) => poolNamed(config, pool, doing));
      using store = openStateBeside(config.state);
      const reports: Report[] = [];
      for (const pool of pools) {
        const report = await change(store, pool);
        reports.push(report);
        if (json !== true) process.stdout.write(`${lineOf(report)}\n`);
      }
      if (json === true) process.stdout.write(`${JSON.stringify({ pools: reports }, null, 2)}\n`);
      if (reports.some(({ state }) => state === 'paused' || state === 'resumed'))
        await tellWhoDecides(config);
    });
}

/** `runtide pause`: a pool buys nothing. */
export function pauseCommand(): Command {
  return command(
    'pause',
    'Let pools buy nothing until they are resumed; jobs that run go on',
    'pausing',
    pause,
  );
}

/** `runtide resume`: it buys again. */
export function resumeCommand(): Command {
  return command('resume', 'Let paused pools buy again', 'resuming', resume);
}
