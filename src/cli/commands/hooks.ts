import process from 'node:process';
import { Command } from 'commander';
import { type HookPlace, placeName } from '../../adapters/gitlab/hooks/hook-place.ts';
import type { GitLabHooks, Installed, OurHook } from '../../adapters/gitlab/hooks/hooks.ts';
import { connectionOf, gitLabOptions } from '../../compose/gitlab.ts';
import { type ComposedHooks, composeHooks } from '../../compose/hooks.ts';
import { minutes } from '../../engine/time.ts';
import { loadDaemonConfig } from '../../runtimes/daemon/run.ts';
import { systemClock } from '../../runtimes/system-clock.ts';
import { packageVersion } from '../../version.ts';
import { complain, configCommand, type ConfigOptions, counted } from '../options.ts';
import { patiently } from '../patience.ts';

/** Longer than thousands of projects take. */
const TIMEOUT = minutes(12 * 60);
/** With --json only this often something is said in between. */
const PROGRESS_EVERY = 50;

interface RemoveOptions extends ConfigOptions {
  readonly yes?: true;
}

/** What came of one project or group: one line. */
interface Row {
  readonly place: string;
  /** In one word; the first column. */
  readonly state: string;
  readonly webhook?: number;
  /** What there is to say of it. */
  readonly detail?: string;
  /** Whether it is as it should be now. */
  readonly ok: boolean;
}

type Work = (hooks: GitLabHooks, place: HookPlace, signal: AbortSignal) => Promise<readonly Row[]>;

async function openHooks(file: string): Promise<ComposedHooks> {
  const config = await loadDaemonConfig(file);
  const parts = { clock: systemClock, version: packageVersion(), connection: connectionOf(config) };
  const options = gitLabOptions(config, parts);
  const composed = composeHooks(config, options);
  if (composed !== undefined) return composed;
  throw new Error(
    `looking for the address of the webhook in ${file}: there is none; set \`webhook.url\` to where GitLab reaches ` +
      'this Runtide, such as https://runtide.example.com/webhook',
  );
}

function lineOf({ place, state, webhook, detail }: Row): string {
  const which = webhook === undefined ? place : `${place}, webhook ${webhook}`;
  return `${state.padEnd(9)} ${which}${detail === undefined ? '' : `: ${detail}`}\n`;
}

async function rowsOf(work: Work, hooks: GitLabHooks, place: HookPlace, signal: AbortSignal) {
  try {
    return await patiently(systemClock, complain, () => work(hooks, place, signal), signal);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [{ place: placeName(place), state: 'FAILED', detail, ok: false }];
  }
}

/** Goes through all places, one after the other, and goes on where one fails. Ends with 1 when something is not right. */
async function throughAll(
  { config: file, json }: ConfigOptions,
  work: Work,
  summary: (rows: readonly Row[]) => string,
): Promise<void> {
  const { hooks, watched } = await openHooks(file);
  const signal = AbortSignal.timeout(TIMEOUT);
  const places = await patiently(
    systemClock,
    complain,
    () => hooks.places(watched, complain, signal),
    signal,
  );
  const rows: Row[] = [];
  for (const [index, place] of places.entries()) {
    const more = await rowsOf(work, hooks, place, signal);
    rows.push(...more);
    if (json !== true) process.stdout.write(more.map(lineOf).join(''));
    else if ((index + 1) % PROGRESS_EVERY === 0) complain(`${index + 1} of ${places.length} done`);
  }
  const failed = rows.filter(({ ok }) => !ok);
  process.stdout.write(
    json === true
      ? `${JSON.stringify({ url: hooks.url, ok: failed.length === 0, webhooks: rows }, null, 2)}\n`
      : `${summary(rows)}\n${tail(rows, failed)}`,
  );
  if (failed.length > 0) process.exitCode = 1;
}

/** What went wrong once more, where it may have scrolled away. */
function tail(rows: readonly Row[], failed: readonly Row[]): string {
  if (failed.length === 0 || rows.length < PROGRESS_EVERY) return '';
  return `not as they should be:\n${failed.map(lineOf).join('')}`;
}

function count(rows: readonly Row[], ...states: readonly string[]): string {
  return counted(rows.filter(({ state }) => states.includes(state)).length, 'webhook');
}

function failures(rows: readonly Row[]): string {
  const failed = rows.filter(({ ok }) => !ok).length;
  return failed === 0 ? '' : `; ${failed} FAILED`;
}

function installedRow(place: HookPlace, { hook, done, differences, removed }: Installed): Row {
  const said = [
    ...differences,
    ...(removed.length === 0 ? [] : [`removed ${removed.join(', ')}, which sent the same`]),
  ];
  return {
    place: placeName(place),
    state: done,
    webhook: hook,
    ...(said.length > 0 && { detail: said.join('; ') }),
    ok: true,
  };
}

function installCommand(): Command {
  return configCommand(
    'install',
    'Create the webhook in every watched project or group, or mend it; sets its secrets again',
  ).action(async (options: ConfigOptions) => {
    await throughAll(
      options,
      async (hooks, place, signal) => [installedRow(place, await hooks.install(place, signal))],
      (rows) =>
        `${count(rows, 'created')} created, ${count(rows, 'updated')} updated, ` +
        `${count(rows, 'confirmed')} as they were${failures(rows)}`,
    );
  });
}

function statusRow(place: HookPlace, hook: OurHook): Row {
  const row = { place: placeName(place), webhook: hook.id };
  if (hook.alert === 'disabled') {
    return {
      ...row,
      state: 'disabled',
      detail: 'GitLab sends nothing more after 40 failures in a row',
      ok: false,
    };
  }
  if (hook.alert === 'temporarily_disabled') {
    const until =
      hook.disabledUntil === undefined ? '' : ` until ${new Date(hook.disabledUntil).toISOString()}`;
    return {
      ...row,
      state: 'paused',
      detail: `GitLab sends nothing${until} after failures in a row`,
      ok: false,
    };
  }
  if (hook.differences.length === 0) return { ...row, state: 'ok', ok: true };
  return { ...row, state: 'differs', detail: hook.differences.join('; '), ok: hook.lacks.length === 0 };
}

function statusRows(place: HookPlace, hooks: readonly OurHook[]): readonly Row[] {
  if (hooks.length > 0) return hooks.map((hook) => statusRow(place, hook));
  const detail = 'run `runtide hooks install`';
  return [{ place: placeName(place), state: 'missing', detail, ok: false }];
}

function hooksStatusCommand(): Command {
  return configCommand(
    'status',
    'Show the webhook of every watched project or group, and whether GitLab sends to it; changes nothing',
  ).action(async (options: ConfigOptions) => {
    await throughAll(
      options,
      async (hooks, place, signal) => statusRows(place, await hooks.find(place, signal)),
      (rows) => {
        const wrong = rows.filter(({ ok }) => !ok).length;
        return wrong === 0
          ? `${counted(rows.length, 'webhook')}, all of them work`
          : `${wrong} of ${counted(rows.length, 'webhook')} do not work`;
      },
    );
  });
}

function removeWork(yes: boolean): Work {
  return async (hooks, place, signal) => {
    const ids = yes
      ? await hooks.remove(place, signal)
      : (await hooks.find(place, signal)).map(({ id }) => id);
    const state = yes ? 'removed' : 'would go';
    const none = { place: placeName(place), state: 'none', ok: true };
    return ids.length === 0 ? [none] : ids.map((webhook) => ({ ...none, state, webhook }));
  };
}

function removeCommand(): Command {
  return configCommand('remove', 'List, or delete, the webhooks that `hooks install` has made')
    .option('--yes', 'delete them')
    .action(async ({ yes, ...options }: RemoveOptions) => {
      await throughAll(options, removeWork(yes === true), (rows) =>
        yes === true
          ? `${count(rows, 'removed')} removed${failures(rows)}`
          : `${count(rows, 'would go')}; nothing was removed: run it again with --yes${failures(rows)}`,
      );
    });
}

/** `runtide hooks`: the webhooks by which GitLab tells of jobs. */
export function hooksCommand(): Command {
  return new Command('hooks')
    .description('Set up the webhooks in GitLab that tell Runtide of jobs, and look after them')
    .addCommand(installCommand())
    .addCommand(hooksStatusCommand())
    .addCommand(removeCommand());
}
