import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { Command, InvalidArgumentError, Option } from 'commander';
import { GitLabClient } from '../../adapters/gitlab/client/client.ts';
import { GroupProjects } from '../../adapters/gitlab/jobs/group-projects.ts';
import { GitLabJobHistory } from '../../adapters/gitlab/jobs/job-history.ts';
import type { Connection } from '../../adapters/gitlab/client/connection.ts';
import { connectionOf, gitLabOptions } from '../../compose/gitlab.ts';
import type { Config } from '../../config/schema.ts';
import { instant, type Instant, minutes } from '../../engine/time.ts';
import { loadDaemonConfig } from '../../runtimes/daemon/run.ts';
import { systemClock } from '../../runtimes/system-clock.ts';
import { packageVersion } from '../../version.ts';
import { anonymousNames, type Naming, plainNames } from '../history/history-names.ts';
import { type Pulled, pullHistory, type PullWindow } from '../history/history-pull.ts';
import { type HistoryRequest, openHistory } from '../history/history-store.ts';
import { complain, configCommand, type ConfigOptions, counted, wholeNumber } from '../options.ts';
import { progressBar } from '../progress-bar.ts';

/** Longer than the jobs of a year take. */
const TIMEOUT = minutes(48 * 60);
const DAY = minutes(24 * 60);
const USUAL_DAYS = 28;
/** A daemon beside it needs the other half of the requests. */
const SHARE = 0.5;
const SHORTEST_SALT = 16;
const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;

interface PullOptions extends ConfigOptions {
  readonly output: string;
  readonly days?: number;
  readonly since?: string;
  readonly until?: string;
  readonly anonymize?: true;
  readonly saltFile?: string;
}

function time(text: string): string {
  if (TIME.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
  throw new InvalidArgumentError(
    'It must be a date such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z.',
  );
}

function windowOf({ days = USUAL_DAYS, since, until }: PullOptions): PullWindow {
  const end = until === undefined ? systemClock.now() : instant(Date.parse(until));
  const begin = since === undefined ? instant(end - days * DAY) : instant(Date.parse(since));
  if (begin < end) return { since: begin, until: end };
  throw new Error(
    `reading past jobs from ${iso(begin)} to ${iso(end)}: that is no time; give --since before --until`,
  );
}

function iso(at: Instant): string {
  return new Date(at).toISOString();
}

async function saltIn(file: string): Promise<string> {
  const salt = (await readFile(file, 'utf8')).trim();
  if (salt.length >= SHORTEST_SALT) return salt;
  throw new Error(
    `reading the salt in ${file}: it is shorter than ${SHORTEST_SALT} characters, so that names could be guessed; ` +
      'write, for example, what `openssl rand -hex 32` prints',
  );
}

function requestOf(
  { gitlab }: Config,
  { days, since, until, anonymize }: PullOptions,
  ownSalt: string | undefined,
): HistoryRequest {
  const told = ownSalt === undefined ? anonymize === true : fingerprint(ownSalt);
  return {
    url: gitlab.url,
    projects: (gitlab.projects ?? []).map(String),
    groups: (gitlab.groups ?? []).map(String),
    instance: gitlab.instance,
    ...(days !== undefined && { days }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    anonymize: told,
  };
}

/** Tells a salt from others without showing it. */
function fingerprint(salt: string): string {
  return createHash('sha256').update(`salt ${salt}`).digest('hex');
}

/** A line on standard error for every tenth, where no bar can be seen. */
function tenths(): (share: number, words: string) => void {
  let told = 0;
  return (share, words) => {
    const tenth = Math.floor(share * 10);
    if (tenth <= told) return;
    told = tenth;
    complain(`${tenth * 10} %: ${words}`);
  };
}

function historyOf(config: Config, connection: Connection) {
  const options = gitLabOptions(config, { clock: systemClock, version: packageVersion(), connection });
  const requestsPerMinute = Math.max(1, config.gitlab.requestsPerMinute * SHARE);
  const client = new GitLabClient({ ...options, requestsPerMinute });
  return { client, history: new GitLabJobHistory(client, new GroupProjects(client, systemClock)) };
}

async function pull(config: Config, options: PullOptions): Promise<Pulled> {
  const { output, anonymize, saltFile } = options;
  const window = windowOf(options);
  const ownSalt = saltFile === undefined ? undefined : await saltIn(saltFile);
  const request = requestOf(config, options, ownSalt);
  await using store = await openHistory(output, request);
  await using connection = connectionOf(config);
  using bar = progressBar();
  const { client, history } = historyOf(config, connection);
  const drawsSalt = anonymize === true && ownSalt === undefined;
  return await pullHistory(
    {
      history,
      store,
      clock: systemClock,
      left: () => client.budget.left(0),
      scope: request,
      request,
      window,
      ...(drawsSalt && { salt: randomBytes(32).toString('hex') }),
      named: (drawn) => namesBy(ownSalt ?? drawn),
      progress: process.stderr.isTTY ? (share, words) => bar.show(share, words) : tenths(),
      say: complain,
    },
    AbortSignal.timeout(TIMEOUT),
  );
}

function namesBy(salt: string | undefined): Naming {
  return salt === undefined ? plainNames : anonymousNames(salt);
}

function summary(output: string, { jobs, projects, since, until, resumed, failed }: Pulled): string {
  const what = `${counted(jobs, 'job')} of ${counted(projects, 'project')}, created from ${iso(since)} to ${iso(until)}`;
  const lines = [
    ...failed.map(({ project, why }) => `FAILED    project ${project}: ${why}`),
    `${output}: ${what}${resumed ? ', gone on with' : ''}`,
    ...(failed.length > 0 ? ['Not all is read: the same command goes on with the rest'] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function pullCommand(): Command {
  return configCommand(
    'pull',
    'Write the ended jobs of the configured projects to a file, for simulations; run again, it goes on where it was ended',
  )
    .option('-o, --output <file>', 'the file to write: one JSON object a line', 'history.jsonl')
    .addOption(
      new Option('--days <n>', `jobs created in so many days before the end (default: ${USUAL_DAYS})`)
        .argParser(wholeNumber(1, 3650))
        .conflicts('since'),
    )
    .option('--since <time>', 'jobs created from then on', time)
    .option('--until <time>', 'jobs created before; now, where nothing is said', time)
    .option('--anonymize', 'write other names in place of those of projects, jobs and branches')
    .addOption(
      new Option('--salt-file <file>', 'a file with a salt: the same salt gives the same names').implies({
        anonymize: true,
      }),
    )
    .action(async (options: PullOptions) => {
      const config = await loadDaemonConfig(options.config);
      const pulled = await pull(config, options);
      const { since, until, ...rest } = pulled;
      const answer = { file: options.output, since: iso(since), until: iso(until), ...rest };
      process.stdout.write(
        options.json === true ? `${JSON.stringify(answer, null, 2)}\n` : summary(options.output, pulled),
      );
      if (pulled.failed.length > 0) process.exitCode = 1;
    });
}

/** `runtide history`: the jobs of the past, for simulations. */
export function historyCommand(): Command {
  return new Command('history')
    .description('Read jobs of the past from GitLab, for simulations')
    .addCommand(pullCommand());
}
