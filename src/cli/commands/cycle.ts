import process from 'node:process';
import { type Command, Option } from 'commander';
import { openStateBeside } from '../../compose/state.ts';
import type { Config } from '../../config/schema.ts';
import type { Store } from '../../controller/ports.ts';
import { type Cycle, cycleOf } from '../../engine/instruction.ts';
import { loadDaemonConfig } from '../../runtimes/daemon/run.ts';
import { systemClock } from '../../runtimes/system-clock.ts';
import type { PoolStatus, Status } from '../../status/model.ts';
import { checkCycle } from '../cycle-limits.ts';
import { readDeciding } from '../daemon-status.ts';
import { complain, configCommand, type ConfigOptions, wholeNumber } from '../options.ts';
import { watching } from '../watching.ts';

/** As many as a pool may have. */
const MOST = 5000;
/** In milliseconds: EC2 tells the launch of an instance in whole seconds. */
const LAUNCH_GRAIN = 1000;

interface CycleOptions extends ConfigOptions {
  readonly batch?: number;
  readonly surge?: number;
  readonly minAvailable?: number;
  readonly pause?: true;
  readonly resume?: true;
  readonly stop?: true;
  readonly status?: true;
  readonly wait: boolean;
}

/** What has become of the cycle of one pool. */
interface Report {
  readonly pool: string;
  readonly state: 'begun' | 'changed' | 'going on' | 'paused' | 'stopped' | 'done' | 'none';
  readonly cycle?: Cycle;
  /** As the daemon sees it; absent where it has not seen it yet. */
  readonly progress?: PoolStatus['cycle'];
}

interface Place {
  readonly config: Config;
  readonly store: Store;
  readonly say: (line: string) => void;
}

function poolsOf({ pools }: Config, named: string | undefined): readonly string[] {
  const all = Object.keys(pools);
  if (named === undefined) return all;
  if (all.includes(named)) return [named];
  throw new Error(`cycling pool ${named}: there is none of that name; name one of ${all.join(', ')}`);
}

const poolIn = (status: Status | undefined, pool: string): PoolStatus | undefined =>
  status?.pools.find((one) => one.pool === pool);

/** How far the daemon has come with this cycle; absent where it has not seen it yet. */
function progressOf(cycle: Cycle, status: Status | undefined): PoolStatus['cycle'] {
  const seen = poolIn(status, cycle.pool)?.cycle;
  return seen !== undefined && Date.parse(seen.startedAt) === cycle.startedAt ? seen : undefined;
}

/** One line: how far it has come, and what holds it. */
function lineOf(cycle: Cycle, status: Status | undefined): string {
  const progress = progressOf(cycle, status);
  const paused = cycle.paused === true ? ' (paused)' : '';
  if (progress === undefined)
    return `${cycle.pool}: the cycle${paused} waits for the next pass of the daemon`;
  const { waiting, leaving, ready } = progress;
  const held =
    poolIn(status, cycle.pool)?.holds.filter((hold) => /^no (?:replacement|launch): /.test(hold)) ?? [];
  return [
    `${cycle.pool}: ${waiting} old left, ${leaving} draining, ${ready} new ready${paused}`,
    ...held,
  ].join('; ');
}

function reportOf(cycle: Cycle, state: Report['state'], status: Status | undefined): Report {
  const progress = progressOf(cycle, status);
  return { pool: cycle.pool, state, cycle, ...(progress !== undefined && { progress }) };
}

/** The cycle of one pool as it is wanted now: a new one, or the one that goes on with what was named changed. */
function wanted(
  pool: string,
  before: Cycle | undefined,
  { surge: poolSurge }: { surge: number },
  options: CycleOptions,
): Cycle {
  const { batch, surge, minAvailable } = options;
  const begun = before ?? {
    kind: 'cycle' as const,
    pool,
    startedAt: systemClock.now(),
    batch: Math.max(1, surge ?? poolSurge),
  };
  return {
    ...begun,
    ...(batch !== undefined && { batch }),
    ...(surge !== undefined && { surge }),
    ...(minAvailable !== undefined && { minAvailable }),
  };
}

function beginLine(cycle: Cycle, before: Cycle | undefined, status: Status | undefined): string {
  const { pool, batch } = cycle;
  if (before === undefined) {
    const count = poolIn(status, pool)?.instances.length;
    return `${pool}: a cycle begins: ${count === undefined ? 'all its instances' : `${count} instances`}, ${batch} at a time`;
  }
  const since = new Date(before.startedAt).toISOString();
  const changed = JSON.stringify(cycle) === JSON.stringify(before) ? '' : ', as it is wanted now';
  const resume = before.paused === true ? '; it is paused: go on with --resume' : '';
  return `${pool}: a cycle goes on already, since ${since}${changed}${resume}`;
}

async function begin(
  { config, store, say }: Place,
  pools: readonly string[],
  status: Status | undefined,
  options: CycleOptions,
): Promise<readonly Report[]> {
  const written = await store.instructions();
  const plans = pools.map((pool) => {
    const limits = config.pools[pool];
    if (limits === undefined) throw new Error(`cycling pool ${pool}: the configuration has no such pool`);
    const before = cycleOf(written, pool);
    const cycle = wanted(pool, before, limits, options);
    checkCycle(cycle, limits, poolIn(status, pool));
    return { before, cycle };
  });
  const reports: Report[] = [];
  for (const { before, cycle } of plans) {
    await store.instruct(cycle);
    say(beginLine(cycle, before, status));
    reports.push(reportOf(cycle, before === undefined ? 'begun' : 'changed', status));
  }
  return reports;
}

const CHANGES = {
  pause: 'pausing',
  resume: 'resuming',
  stop: 'stopping',
} as const;
type Change = keyof typeof CHANGES;

/** The cycles that go on in these pools. Throws where there is none. */
async function goingOn(store: Store, pools: readonly string[], doing: string): Promise<readonly Cycle[]> {
  const written = await store.instructions();
  const cycles = pools.flatMap((pool) => cycleOf(written, pool) ?? []);
  if (cycles.length > 0) return cycles;
  const which = pools.length === 1 ? `pool ${pools[0] ?? ''}` : 'the pools';
  throw new Error(`${doing} the cycle of ${which}: none goes on; "runtide cycle" begins one`);
}

async function change(
  { store, say }: Place,
  pools: readonly string[],
  status: Status | undefined,
  how: Change,
): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const before of await goingOn(store, pools, CHANGES[how])) {
    const { paused: _paused, ...resumed } = before;
    const { pool } = before;
    if (how === 'stop') {
      await store.retract(before);
      const left = progressOf(before, status)?.waiting;
      say(
        `${pool}: the cycle is stopped${left === undefined ? '' : `: ${left} old stay`}; what drains already still leaves`,
      );
      reports.push(reportOf(before, 'stopped', status));
      continue;
    }
    const cycle: Cycle = how === 'pause' ? { ...resumed, paused: true } : resumed;
    await store.instruct(cycle);
    say(
      how === 'pause'
        ? `${pool}: the cycle is paused: no further instance leaves for it; go on with --resume`
        : `${pool}: the cycle goes on`,
    );
    reports.push(reportOf(cycle, how === 'pause' ? 'paused' : 'going on', status));
  }
  return reports;
}

async function look(
  { store, say }: Place,
  pools: readonly string[],
  status: Status | undefined,
): Promise<readonly Report[]> {
  const written = await store.instructions();
  return pools.map((pool): Report => {
    const cycle = cycleOf(written, pool);
    say(cycle === undefined ? `${pool}: no cycle goes on` : lineOf(cycle, status));
    if (cycle === undefined) return { pool, state: 'none' };
    return reportOf(cycle, cycle.paused === true ? 'paused' : 'going on', status);
  });
}

/** Of a cycle that is crossed out: it is done, unless old instances stay. */
function endOf(cycle: Cycle, pool: PoolStatus): 'done' | 'stopped' {
  const now = systemClock.now();
  const isOld = ({ ageSeconds }: PoolStatus['instances'][number]): boolean =>
    now - ageSeconds * 1000 < cycle.startedAt - LAUNCH_GRAIN;
  return pool.instances.some(isOld) ? 'stopped' : 'done';
}

/** Watches cycles until each is done, or somebody has stopped it. */
async function watch(place: Place, cycles: readonly Cycle[]): Promise<readonly Report[]> {
  const { config, store, say } = place;
  const ended = new Map<string, Report>();
  const said = new Map<string, string>();
  const crossedOut = new Set<string>();
  let last: readonly Report[] = [];
  const each = (cycle: Cycle, current: Cycle | undefined, status: Status | undefined): Report => {
    const { pool } = cycle;
    if (current?.startedAt === cycle.startedAt) {
      const line = lineOf(current, status);
      if (line !== said.get(pool) && status !== undefined) say(line);
      said.set(pool, line);
      return reportOf(current, current.paused === true ? 'paused' : 'going on', status);
    }
    const seen = poolIn(status, pool);
    // The pass that crosses it out is shown a moment later.
    if (crossedOut.has(pool) && status !== undefined) {
      const state = current === undefined && seen !== undefined ? endOf(cycle, seen) : 'stopped';
      ended.set(pool, { pool, state, cycle });
      say(state === 'done' ? `${pool}: done` : `${pool}: the cycle was stopped before its end`);
    }
    crossedOut.add(pool);
    return { pool, state: 'going on', cycle };
  };
  await watching({
    config,
    goesOn:
      'watched no more: the cycle goes on; "runtide cycle --status" shows it, --pause and --stop end it',
    look: async (status) => {
      const written = await store.instructions();
      last = cycles.map(
        (cycle) => ended.get(cycle.pool) ?? each(cycle, cycleOf(written, cycle.pool), status),
      );
      return ended.size === cycles.length;
    },
  });
  return last.map((report) => ended.get(report.pool) ?? report);
}

/** Carries out what the options say, as far as the store goes. */
function carryOut(
  place: Place,
  pools: readonly string[],
  status: Status | undefined,
  options: CycleOptions,
): Promise<readonly Report[]> {
  const how = (['pause', 'resume', 'stop'] as const).find((one) => options[one] === true);
  return how === undefined ? begin(place, pools, status, options) : change(place, pools, status, how);
}

async function run(
  place: Place,
  named: string | undefined,
  options: CycleOptions,
): Promise<readonly Report[]> {
  const { config } = place;
  const pools = poolsOf(config, named);
  const seen = await readDeciding(config).then(
    (status) => ({ status, why: '' }),
    (error: unknown) => ({ status: undefined, why: error instanceof Error ? error.message : String(error) }),
  );
  if (options.status === true) {
    if (seen.why !== '') complain(seen.why);
    return look(place, pools, seen.status);
  }
  const reports = await carryOut(place, pools, seen.status, options);
  if (options.stop === true) return reports;
  if (seen.status === undefined) {
    complain(
      `${seen.why}\nwhat was asked is written down in ${config.state}, and waits for the daemon that decides`,
    );
    process.exitCode = 1;
    return reports;
  }
  return options.wait && options.pause !== true ? watchAll(place, reports) : reports;
}

/** Watches what goes on; ends with 1 where some of it was stopped. */
async function watchAll(place: Place, reports: readonly Report[]): Promise<readonly Report[]> {
  const written = await place.store.instructions();
  const cycles = reports.flatMap(({ pool, cycle }) => cycleOf(written, pool) ?? cycle ?? []);
  const watched = await watch(place, cycles);
  if (watched.some(({ state }) => state === 'stopped')) process.exitCode = 1;
  return watched;
}

const MODES = ['pause', 'resume', 'stop', 'status'] as const;

function number(flags: string, description: string, least: number): Option {
  return new Option(flags, description).argParser(wholeNumber(least, MOST)).conflicts([...MODES]);
}

function mode(name: (typeof MODES)[number], description: string): Option {
  return new Option(`--${name}`, description).conflicts(MODES.filter((one) => one !== name));
}

/** `runtide cycle`: replaces the instances of pools, drained. */
export function cycleCommand(): Command {
  return configCommand('cycle', 'Replace the instances of a pool, or of all, drained: no job is cut off')
    .argument('[pool]', 'this pool alone')
    .addOption(
      number('--batch <count>', 'instances that leave at the same time; default: the surge, at least 1', 1),
    )
    .addOption(number('--surge <count>', "instances beyond max meanwhile; default: the pool's own surge", 0))
    .addOption(
      number('--min-available <count>', "ready instances that stay; default: the pool's own minAvailable", 0),
    )
    .addOption(mode('pause', 'let no further instance leave for now'))
    .addOption(mode('resume', 'go on'))
    .addOption(mode('stop', 'give it up: old instances that are left stay'))
    .addOption(mode('status', 'show how far it has come, and change nothing'))
    .option('--wait', 'watch it until it is done (default)', true)
    .option('--no-wait', 'do not watch it')
    .action(async (named: string | undefined, options: CycleOptions) => {
      const config = await loadDaemonConfig(options.config);
      using store = openStateBeside(config.state);
      const say = (line: string): void => {
        if (options.json !== true) process.stdout.write(`${line}\n`);
      };
      const pools = await run({ config, store, say }, named, options);
      if (options.json === true) process.stdout.write(`${JSON.stringify({ pools }, null, 2)}\n`);
    });
}
