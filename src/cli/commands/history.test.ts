import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { CliRun } from '../../../test/support/cli-run.ts';
import { type Ended, runtide } from '../../../test/support/command-line.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { API_TOKEN, closeDouble, gitlabDouble } from '../../../test/support/gitlab-double.ts';
import { PastJobs } from '../../../test/support/past-jobs.ts';
import { sample } from '../../../test/support/sample-config.ts';

const ALL_TIME = ['--since', '2020-01-01', '--until', '2100-01-01'];
const env = { GITLAB_TOKEN: API_TOKEN };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runtide-history-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A GitLab with 120 past jobs of acme/web (1) and 30 of acme/api (2), and a configuration that names both. */
async function pastWorld() {
  const world = await gitlabDouble();
  const api = world.gitlab.addProject({ path: 'acme/api' });
  const past = new PastJobs(world.gitlab, world.timers);
  for (const project of [1, api.id, 1, 1, 1]) await past.run(project, 30);
  const config = join(folder, 'runtide.yaml');
  writeFileSync(
    config,
    stringify(
      sample({
        'gitlab.url': world.double.url,
        'gitlab.token': '${env:GITLAB_TOKEN}',
        'gitlab.projects': ['acme/web', 'acme/api'],
      }),
    ),
  );
  const args = (...more: readonly string[]) => ['history', 'pull', '-c', config, ...more];
  return { ...world, past, args, [Symbol.asyncDispose]: () => closeDouble(world) };
}

async function run(args: readonly string[]): Promise<Ended> {
  const ended = await runtide(args, { env, cwd: folder });
  expect(`${ended.stdout}${ended.stderr}`).not.toContain(API_TOKEN);
  return ended;
}

function ids(file: string): readonly number[] {
  return readFileSync(join(folder, file), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): { readonly id: number } => JSON.parse(line))
    .map(({ id }) => id);
}

describe('runtide history pull', { timeout: 120_000 }, () => {
  it('writes the past jobs of the configured projects, and tells how far it is in plain lines', async () => {
    await using world = await pastWorld();
    const { code, stdout, stderr } = await run(world.args(...ALL_TIME));
    expect([code, stdout]).toEqual([
      0,
      'history.jsonl: 150 jobs of 2 projects, created from 2020-01-01T00:00:00.000Z to 2100-01-01T00:00:00.000Z\n',
    ]);
    expect(stderr).toMatch(
      /^50 %: acme\/api, 30 jobs\n(\d0 %: acme\/web, 130 jobs\n)?100 %: acme\/web, 150 jobs\n$/,
    );
    expect(ids('history.jsonl')).toEqual([...world.past.ended(2), ...world.past.ended(1)]);
  });

  it('loses and doubles nothing when it is killed and run again', async () => {
    await using world = await pastWorld();
    const args = world.args('--output', join(folder, 'killed.jsonl'), '--anonymize', '--json', ...ALL_TIME);
    world.double.faults.set({ kind: 'hang', path: '/api/v4/projects/1/jobs' });
    await using killed = await CliRun.startWith(env, ...args);
    await eventually(
      'it waits for the second project',
      () => world.double.faults.hanging > 0 || undefined,
      60_000,
    );
    killed.send('SIGKILL');
    expect(await killed.ended(20_000)).toMatchObject({ signal: 'SIGKILL' });
    expect(ids('killed.jsonl')).toEqual(world.past.ended(2));
    world.double.faults.set({ kind: 'none' });

    const again = await run(args);
    expect([again.code, JSON.parse(again.stdout)]).toEqual([
      0,
      {
        file: join(folder, 'killed.jsonl'),
        since: '2020-01-01T00:00:00.000Z',
        until: '2100-01-01T00:00:00.000Z',
        jobs: 150,
        projects: 2,
        resumed: true,
        failed: [],
      },
    ]);
    expect(ids('killed.jsonl')).toEqual([...world.past.ended(2), ...world.past.ended(1)]);
    expect(readFileSync(join(folder, 'killed.jsonl'), 'utf8')).not.toMatch(/acme|unit/);
  });

  it('writes the same other names for the same salt', async () => {
    await using world = await pastWorld();
    writeFileSync(join(folder, 'salt'), '0123456789abcdef\n');
    for (const file of ['one.jsonl', 'two.jsonl'])
      await run(world.args('-o', file, '--salt-file', 'salt', ...ALL_TIME));
    const [one, two] = ['one.jsonl', 'two.jsonl'].map((file) => readFileSync(join(folder, file), 'utf8'));
    expect(one?.split('\n')).toHaveLength(151);
    expect(one).toBe(two);
    expect(one).not.toMatch(/acme|unit/);
    writeFileSync(join(folder, 'salt'), 'short');
    const short = await run(world.args('-o', 'three.jsonl', '--salt-file', 'salt'));
    expect(short).toMatchObject({ code: 1, stderr: expect.stringContaining('shorter than 16 characters') });
    expect(existsSync(join(folder, 'three.jsonl'))).toBe(false);
  });

  it.each([
    {
      args: ['--days', '3', '--since', '2026-01-01'],
      code: 2,
      says: "option '--days <n>' cannot be used with option",
    },
    { args: ['--since', 'yesterday'], code: 2, says: 'It must be a date such as 2026-01-31' },
    {
      args: ['--since', '2026-02-01', '--until', '2026-01-01'],
      code: 1,
      says: 'give --since before --until',
    },
  ])('refuses $args', async ({ args, code, says }) => {
    await using world = await pastWorld();
    expect(await run(world.args(...args))).toMatchObject({ code, stderr: expect.stringContaining(says) });
    expect(existsSync(join(folder, 'history.jsonl'))).toBe(false);
  });
});
