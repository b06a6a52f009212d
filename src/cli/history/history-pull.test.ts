import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GitLabWire, gitlabWire } from '../../../test/support/gitlab-wire.ts';
import { PastJobs } from '../../../test/support/past-jobs.ts';
import { GroupProjects } from '../../adapters/gitlab/jobs/group-projects.ts';
import { GitLabJobHistory } from '../../adapters/gitlab/jobs/job-history.ts';
import { instant, minutes } from '../../engine/time.ts';
import { readHistory } from '../../simulator/history-file.ts';
import { anonymousNames, plainNames } from './history-names.ts';
import { type HistoryPullOptions, pullHistory } from './history-pull.ts';
import { type HistoryRequest, openHistory, statePath } from './history-store.ts';

const NEVER = new AbortController().signal;
const REQUEST: HistoryRequest = {
  url: 'https://gitlab.example',
  projects: ['acme/web'],
  groups: [],
  instance: false,
  anonymize: false,
};

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runtide-history-'));
  file = join(folder, 'history.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A pull from the double's GitLab into the file. */
async function pull(
  world: GitLabWire,
  over: Partial<HistoryPullOptions> = {},
  request: Partial<HistoryRequest> = {},
) {
  const asked = { ...REQUEST, ...request };
  await using store = await openHistory(file, asked);
  const { client, clock } = world;
  const said: string[] = [];
  const shares: number[] = [];
  const pulled = await pullHistory(
    {
      history: new GitLabJobHistory(client, new GroupProjects(client, clock)),
      store,
      clock: client.clock,
      left: () => client.budget.left(0),
      scope: asked,
      request: asked,
      window: { since: instant(0), until: clock.now() },
      named: () => plainNames,
      progress: (share) => shares.push(share),
      say: (line) => said.push(line),
      ...over,
    },
    NEVER,
  );
  return { ...pulled, said, shares };
}

interface Line {
  readonly id: number;
}

function written(): readonly Line[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line));
}

const ids = () => written().map(({ id }) => id);

/** A GitLab whose project acme/web has had 250 jobs: three pages. */
async function busyWorld() {
  const world = await gitlabWire();
  const past = new PastJobs(world.gitlab, world.clock);
  for (let pipeline = 0; pipeline < 5; pipeline += 1) await past.run(1, 50);
  return { world, past };
}

/** Does something before each page but the first. */
function between(world: GitLabWire, work: (page: number) => Promise<void> | void): GitLabJobHistory {
  const history = new GitLabJobHistory(world.client, new GroupProjects(world.client, world.clock));
  const page = history.page.bind(history);
  let pages = 0;
  history.page = async (...args) => {
    if (pages > 0) await work(pages);
    pages += 1;
    return page(...args);
  };
  return history;
}

const named = (salt?: string) => anonymousNames(salt ?? '');

describe('a pull of the history', () => {
  it('writes every job that has ended once, newest first, and nothing about people', async () => {
    const { world, past } = await busyWorld();
    await using _ = world;
    past.begin(1);
    const { said, shares, ...pulled } = await pull(world);
    expect(pulled).toEqual({
      since: 0,
      until: world.clock.now(),
      jobs: 250,
      projects: 1,
      resumed: false,
      failed: [],
    });
    expect([said, shares.at(-1)]).toEqual([[], 1]);
    expect(shares).toEqual(shares.toSorted((one, other) => one - other));
    expect(ids()).toEqual(past.ended(1));
    expect(written()[0]).toEqual({
      id: past.ended(1)[0],
      pipeline_id: 5,
      project: 'acme/web',
      name: 'unit 50',
      stage: 'test',
      status: 'success',
      tag_list: ['linux'],
      ref: 'main',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      started_at: expect.stringMatching(/Z$/),
      finished_at: expect.stringMatching(/Z$/),
      duration: 120,
      queued_duration: 0,
    });
    expect(readFileSync(file, 'utf8')).not.toMatch(/user|author|commit|@|message/i);
  });

  it('is what the simulator reads', async () => {
    const { world } = await busyWorld();
    await using _ = world;
    await pull(world);
    const { workload, jobs, leftOut } = readHistory('history.jsonl', readFileSync(file, 'utf8'));
    expect([jobs, leftOut, workload.pipelines.length]).toEqual([250, [], 5]);
    expect(workload.pipelines[1]).toMatchObject({ at: minutes(3), project: 'acme/web', stages: ['test'] });
    expect(workload.pipelines[1]?.jobs[0]).toEqual({
      name: 'unit 1',
      stage: 'test',
      tags: ['linux'],
      duration: 120_000,
    });
  });

  it('takes only jobs that were created in the time, and does not read far beyond it', async () => {
    const { world, past } = await busyWorld();
    await using _ = world;
    const since = world.clock.now();
    await past.run(1, 30);
    const until = world.clock.now();
    await past.run(1, 30);
    await world.clock.advance(minutes(300));
    expect(await pull(world, { window: { since, until } })).toMatchObject({ jobs: 30 });
    expect(ids()).toEqual(past.ended(1).slice(30, 60));
  });

  it('loses and doubles nothing while jobs come, end and are tried again between its pages', async () => {
    const { world, past } = await busyWorld();
    await using _ = world;
    const before = past.ended(1);
    const history = between(world, async (page) => {
      await past.run(1, 40);
      past.begin(1);
      world.gitlab.retryJob(before[10 + page] ?? 0, 1);
    });
    expect(await pull(world, { history })).toMatchObject({ jobs: 250 });
    expect(ids()).toEqual(before);
  });

  it('writes a job once that slips onto two pages, as with pages by page number', async () => {
    const { world, past } = await busyWorld();
    await using _ = world;
    const history = new GitLabJobHistory(world.client, new GroupProjects(world.client, world.clock));
    const page = history.page.bind(history);
    let before: Awaited<ReturnType<typeof page>>['items'] = [];
    history.page = async (...args) => {
      const { items, ...rest } = await page(...args);
      const slipped = [...before.slice(-5), ...items];
      before = items;
      return { items: slipped, ...rest };
    };
    expect(await pull(world, { history })).toMatchObject({ jobs: 250 });
    expect(ids()).toEqual(past.ended(1));
  });

  it.each([1, 2])('goes on where it was killed after page %i, to the same bytes', async (pages) => {
    const { world, past } = await busyWorld();
    await using _ = world;
    const whole = past.ended(1);
    const until = world.clock.now();
    const killed = between(world, (page) => {
      if (page >= pages) throw new Error('killed');
    });
    await expect(pull(world, { history: killed })).rejects.toThrow('killed');
    expect(ids()).toEqual(whole.slice(0, 100 * pages));
    // A crash may leave lines of the next page that the state does not know.
    appendFileSync(file, '{"id":1,"pipeline_id":1}\n{"id":2,"pipe');
    await past.run(1, 120);
    expect(await pull(world)).toMatchObject({ jobs: 250, resumed: true, until });
    expect(ids()).toEqual(whole);
  });

  it('says that all is there when it is asked for once more', async () => {
    const { world } = await busyWorld();
    await using _ = world;
    const first = await pull(world);
    const bytes = readFileSync(file, 'utf8');
    const again = await pull(world);
    expect(again).toEqual({ ...first, resumed: true, shares: [] });
    expect(readFileSync(file, 'utf8')).toBe(bytes);
  });

  it('waits when GitLab asks it to slow down, and says so', async () => {
    const { world, past } = await busyWorld();
    await using _ = world;
    const history = between(world, (page) => {
      if (page === 1) world.fault({ kind: 'rate-limit', retryAfter: 30, times: 2 });
    });
    const { said, jobs } = await pull(world, { history });
    expect(said).toEqual([
      'GitLab asks to slow down: waiting 30 s',
      'GitLab asks to slow down: waiting 30 s',
    ]);
    expect([jobs, ids()]).toEqual([250, past.ended(1)]);
  });

  it('makes no more requests than it may', async () => {
    const { world, past } = await busyWorld();
    await using _ = world;
    const began = world.clock.now();
    let free = began + 1000;
    const left = () => {
      if (world.clock.now() < free) return 0;
      free += 1000;
      return 1;
    };
    await pull(world, { left });
    expect(world.clock.now() - began).toBeGreaterThanOrEqual(3000);
    expect(ids()).toEqual(past.ended(1));
  });

  it('ends where GitLab fails, and goes on when it works again', async () => {
    const { world, past } = await busyWorld();
    await using _ = world;
    const history = between(world, () => world.outage(true));
    await expect(pull(world, { history })).rejects.toThrow(
      /listing the ended jobs of project acme\/web.*503/,
    );
    world.outage(false);
    expect(await pull(world)).toMatchObject({ jobs: 250, resumed: true });
    expect(ids()).toEqual(past.ended(1));
  });

  it('goes on with other projects where one cannot be read, and tries that one again the next time', async () => {
    const { world, past } = await busyWorld();
    await using _ = world;
    const api = world.gitlab.addProject({ path: 'acme/api' });
    await past.run(api.id, 5);
    const projects = ['acme/web', 'acme/api'];
    const denied = between(world, () => undefined);
    const page = denied.page.bind(denied);
    denied.page = (project, ...rest) =>
      page(project.path === 'acme/api' ? { ...project, id: 999 } : project, ...rest);
    const first = await pull(world, { history: denied }, { projects });
    expect(first).toMatchObject({
      jobs: 250,
      projects: 2,
      failed: [{ project: 'acme/api', why: expect.stringContaining('404') }],
    });
    expect(await pull(world, {}, { projects })).toMatchObject({ jobs: 255, failed: [], resumed: true });
    expect(ids()).toEqual([...past.ended(1), ...past.ended(api.id)]);
  });

  it('reads the projects of groups and of the whole instance, each once', async () => {
    const { world, past } = await busyWorld();
    await using _ = world;
    const other = world.gitlab.addProject({ path: 'other/tool' });
    await past.run(other.id, 3);
    expect(await pull(world, {}, { groups: ['acme'] })).toMatchObject({ jobs: 250, projects: 1 });
    file = join(folder, 'all.jsonl');
    expect(await pull(world, {}, { projects: [], instance: true })).toMatchObject({ jobs: 253, projects: 2 });
  });

  it('writes other names, the same ones after it was ended, and forgets what they are made with', async () => {
    const { world } = await busyWorld();
    await using _ = world;
    const history = between(world, () => {
      throw new Error('killed');
    });
    const anonymize = { anonymize: true };
    await expect(pull(world, { history, named, salt: 'first' }, anonymize)).rejects.toThrow('killed');
    await pull(world, { named, salt: 'another' }, anonymize);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toMatch(/acme|unit|main/);
    expect(text).toContain(`"project":"${anonymousNames('first')('project', 'acme/web')}"`);
    const { workload } = readHistory('history.jsonl', text);
    expect(new Set(workload.pipelines.map(({ project }) => project)).size).toBe(1);
    expect(new Set(workload.pipelines.flatMap(({ jobs }) => jobs.map(({ name }) => name))).size).toBe(50);
    expect(readFileSync(statePath(file), 'utf8')).not.toContain('first');
    expect(statSync(statePath(file)).mode & 0o777).toBe(0o600);
  });
});
