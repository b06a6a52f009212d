import { describe, expect, it } from 'vitest';
import { isPortError } from '../../controller/errors.ts';
import type { JobReading } from '../../controller/ports.ts';
import { VirtualClock } from '../memory/clock.ts';
import { GitLabClient } from './client.ts';
import { gitLabJobs } from './jobs.ts';

const NEVER = new AbortController().signal;

interface Fields {
  readonly id?: number;
  readonly status?: string;
  readonly pipeline?: number;
  readonly project?: number;
}

/** A job as GitLab sends it, with fields that nobody reads. */
function job({ id = 1, status = 'pending', pipeline = 100, project = 7 }: Fields = {}) {
  return {
    id,
    status,
    stage: 'test',
    name: 'rspec',
    created_at: '2026-01-05T09:59:00.000+02:00',
    queued_duration: null,
    tag_list: ['linux'],
    pipeline: { id: pipeline, project_id: project, status: 'running' },
    runner: null,
    runner_manager: null,
    commit: { id: 'abc', message: 'x' },
  };
}

type Route = (url: URL, signal: AbortSignal | null | undefined) => unknown;

/** A GitLab whose answers are chosen by path, and the source that reads it. */
function gitLab(projects: readonly string[], routes: Record<string, Route>, concurrency = 4) {
  const clock = new VirtualClock();
  const asked: URL[] = [];
  const client = new GitLabClient({
    url: 'https://gitlab.example',
    token: () => 'token',
    clock,
    version: '0.0.0',
    fetch: async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      asked.push(url);
      const route = routes[url.pathname.replace('/api/v4', '')];
      const answer = route === undefined ? notFound() : await route(url, init?.signal);
      return answer instanceof Response ? answer : Response.json(answer);
    },
  });
  const notes: string[] = [];
  const note = (message: string): void => void notes.push(message);
  const source = gitLabJobs({ client, projects, clock, concurrency, note, ways: [] });
  return {
    source,
    clock,
    asked,
    routes,
    notes,
    paths: () => asked.map(({ pathname }) => pathname.replace('/api/v4', '')),
  };
}

function notFound(message = '404 Not found'): Response {
  return Response.json({ message }, { status: 404 });
}

function idsOf({ jobs: snapshot }: JobReading): { pending: number[]; held: number[]; later: number } {
  return {
    pending: snapshot.demand.flatMap(({ pending }) => pending.map(({ id }) => id)).toSorted((a, b) => a - b),
    held: snapshot.held.map(({ id }) => id).toSorted((a, b) => a - b),
    later: snapshot.later,
  };
}

async function messageOf(running: Promise<unknown>): Promise<string> {
  try {
    await running;
  } catch (error) {
    if (isPortError(error)) return `${error.kind}: ${error.message}`;
    throw error;
  }
  throw new Error('expected a failure');
}

/** An answer that comes when it is told to. */
function held() {
  const gate = Promise.withResolvers<unknown>();
  const asked = Promise.withResolvers<void>();
  const route: Route = () => {
    asked.resolve();
    return gate.promise;
  };
  return { route, asked: asked.promise, answer: gate.resolve };
}

const JOBS = '/projects/7/jobs';
const PIPELINE = '/projects/7/pipelines/100/jobs';
const REF = { project: 7, pipeline: 100 };

/** A project with a waiting job in each of two pipelines. */
function swept(routes: Record<string, Route> = {}) {
  return gitLab(['acme/web'], {
    [JOBS]: () => [job({ id: 1 }), job({ id: 2, pipeline: 101 })],
    '/projects/acme%2Fweb': () => ({ id: 7, path_with_namespace: 'acme/web' }),
    ...routes,
  });
}

describe('a sweep', () => {
  it('asks each project once for pending and running jobs, in keyset pages', async () => {
    const { source, asked, paths } = gitLab(['group/sub/web', '42'], {
      '/projects/group%2Fsub%2Fweb': () => ({ id: 41, path_with_namespace: 'group/sub/web' }),
      '/projects/41/jobs': () => [],
      '/projects/42/jobs': () => [],
    });
    for (let sweep = 0; sweep < 2; sweep++) {
      expect((await source.sweep(NEVER)).jobs).toEqual({ demand: [], held: [], later: 0 });
    }
    expect(paths()[0]).toBe('/projects/group%2Fsub%2Fweb');
    expect(paths().slice(1).toSorted()).toEqual([41, 41, 42, 42].map((id) => `/projects/${id}/jobs`));
    expect([...(asked[1]?.searchParams ?? [])]).toEqual([
      ['scope[]', 'pending'],
      ['scope[]', 'running'],
      ['scope[]', 'canceling'],
      ['pagination', 'keyset'],
      ['order_by', 'id'],
      ['sort', 'desc'],
      ['per_page', '100'],
    ]);
  });

  it('reads all pages, and a job that slipped onto two of them once', async () => {
    const { source } = gitLab(['7'], {
      [JOBS]: ({ searchParams }) =>
        searchParams.has('cursor')
          ? [job({ id: 2 }), job({ id: 1 })]
          : Response.json([job({ id: 3 }), job({ id: 2 })], { headers: { link: '<?cursor=c>; rel="next"' } }),
    });
    expect(idsOf(await source.sweep(NEVER)).pending).toEqual([1, 2, 3]);
  });

  it('replaces what was there', async () => {
    const answers = [[job({ id: 1 }), job({ id: 2, pipeline: 101 })], [job({ id: 2, pipeline: 101 })], []];
    const { source } = gitLab(['7'], { [JOBS]: () => answers.shift() });
    expect(idsOf(await source.sweep(NEVER)).pending).toEqual([1, 2]);
    expect(idsOf(await source.sweep(NEVER)).pending).toEqual([2]);
    expect(idsOf(await source.sweep(NEVER)).pending).toEqual([]);
  });

  it('counts a project that is watched under two names once', async () => {
    const { source } = gitLab(['acme/web', '7', 'acme/web'], {
      '/projects/acme%2Fweb': () => ({ id: 7, path_with_namespace: 'acme/web' }),
      [JOBS]: () => [job({ id: 1 })],
    });
    expect(idsOf(await source.sweep(NEVER)).pending).toEqual([1]);
    expect(idsOf(await source.sweep(NEVER)).pending).toEqual([1]);
  });

  it('reads a few projects at a time', async () => {
    let reading = 0;
    let most = 0;
    const projects = Array.from({ length: 9 }, (_, index) => String(index + 1));
    const slowly: Route = async () => {
      reading += 1;
      most = Math.max(most, reading);
      await new Promise(setImmediate);
      reading -= 1;
      return [];
    };
    const routes = Object.fromEntries(projects.map((id) => [`/projects/${id}/jobs`, slowly]));
    const { source, asked } = gitLab(projects, routes, 3);
    await source.sweep(NEVER);
    expect([asked.length, most]).toEqual([9, 3]);
  });

  it('fails by the name of the project, where there is no other', async () => {
    const { source } = gitLab(['7'], { [JOBS]: () => notFound('404 Project Not Found') });
    expect(await messageOf(source.sweep(NEVER))).toBe(
      'not-found: listing pending and running jobs of project 7: GitLab answered 404: 404 Project Not Found; ' +
        'check that it exists and that the token may see it (the scope read_api and the role Reporter in 7)',
    );
  });

  it('keeps all others where one that is named cannot be read, and says that it is not all', async () => {
    const other = { '/projects/8/jobs': () => [job({ id: 2, project: 8, pipeline: 200 })] };
    const lab = gitLab(['7', '8'], { [JOBS]: () => [job({ id: 1 })], ...other });
    expect((await lab.source.sweep(NEVER)).jobs.partial).toBeUndefined();
    lab.routes[JOBS] = () => notFound();
    lab.routes['/projects/8/jobs'] = () => [];
    for (let sweep = 0; sweep < 2; sweep++) {
      const reading = await lab.source.sweep(NEVER);
      expect(idsOf(reading).pending).toEqual([1]);
      expect(reading.jobs.partial).toBe(
        'listing pending and running jobs of project 7: GitLab answered 404: 404 Not found',
      );
    }
    expect(lab.source.problem()?.kind).toBe('not-found');
    expect(lab.notes).toEqual([expect.stringMatching(/^project 7 cannot be read: listing pending/)]);
    lab.routes[JOBS] = () => [];
    expect((await lab.source.sweep(NEVER)).jobs).toEqual({ demand: [], held: [], later: 0 });
    expect(lab.source.problem()).toBeUndefined();
  });

  it('names the scope that a token lacks', async () => {
    const narrow = {
      error: 'insufficient_scope',
      error_description: 'The request requires higher privileges',
    };
    const { source } = gitLab(['7', '8'], {
      [JOBS]: () => Response.json(narrow, { status: 403 }),
      '/projects/8/jobs': () => Response.json(narrow, { status: 403 }),
    });
    expect(await messageOf(source.sweep(NEVER))).toMatch(
      /^unauthorized: .*the token is too narrow: it needs the scope read_api and the role Reporter in 7/,
    );
  });

  it('that meets an outage leaves what it did not read as it was', async () => {
    const lab = gitLab(['7', '8'], {
      [JOBS]: () => [job({ id: 1 })],
      '/projects/8/jobs': () => [job({ id: 2, project: 8, pipeline: 200 })],
    });
    await lab.source.sweep(NEVER);
    lab.routes['/projects/8/jobs'] = () => new Response('', { status: 401 });
    expect(await messageOf(lab.source.sweep(NEVER))).toMatch(/^unauthorized: .* of project 8: .*401/);
    expect(idsOf(await lab.source.refresh([], NEVER)).pending).toEqual([1, 2]);
  });

  it('asks again without a status that an older GitLab does not know, and remembers that', async () => {
    const lab = gitLab(['7'], {
      [JOBS]: ({ searchParams }) =>
        searchParams.getAll('scope[]').includes('canceling')
          ? Response.json({ error: 'scope does not have a valid value' }, { status: 400 })
          : [job({ id: 1 })],
    });
    expect(idsOf(await lab.source.sweep(NEVER)).pending).toEqual([1]);
    await lab.source.sweep(NEVER);
    expect(lab.asked).toHaveLength(3);
  });

  it('ends when the caller gives up', async () => {
    const caller = new AbortController();
    const { source } = gitLab(['7'], {
      '/projects/7/jobs': () => {
        caller.abort();
        throw new Error('aborted');
      },
    });
    expect(await messageOf(source.sweep(caller.signal))).toContain('cancelled');
  });
});

describe('a refresh', () => {
  it('replaces the jobs of the named pipeline alone, and counts its later ones', async () => {
    const { source, asked } = swept({
      [PIPELINE]: () => [
        job({ id: 1, status: 'success' }),
        job({ id: 3, status: 'running' }),
        job({ id: 4, status: 'created' }),
        job({ id: 5, status: 'created' }),
        job({ id: 6, status: 'manual' }),
      ],
    });
    await source.sweep(NEVER);
    expect(idsOf(await source.refresh([REF], NEVER))).toEqual({ pending: [2], held: [3], later: 2 });
    expect(asked.at(-1)?.search).toBe('?include_retried=false&per_page=100');
  });

  it('reads all pages', async () => {
    const { source } = swept({
      [PIPELINE]: ({ searchParams }) =>
        searchParams.get('page') === '2'
          ? [job({ id: 4 })]
          : Response.json([job({ id: 3 })], { headers: { link: '<https://x.example/?page=2>; rel="next"' } }),
    });
    await source.sweep(NEVER);
    expect(idsOf(await source.refresh([REF], NEVER)).pending).toEqual([2, 3, 4]);
  });

  it('reads a pipeline named twice once', async () => {
    const lab = swept({ [PIPELINE]: () => [] });
    await lab.source.sweep(NEVER);
    await lab.source.refresh([REF, { ...REF }, REF], NEVER);
    expect(lab.paths().filter((path) => path === PIPELINE)).toHaveLength(1);
  });

  it('before the first sweep is a sweep, because unknown is not empty', async () => {
    const lab = swept();
    expect(idsOf(await lab.source.refresh([REF], NEVER)).pending).toEqual([1, 2]);
    expect(lab.paths()).toEqual(['/projects/acme%2Fweb', JOBS]);
  });

  it('ignores pipelines of projects that are not watched', async () => {
    const lab = swept();
    await lab.source.sweep(NEVER);
    expect(idsOf(await lab.source.refresh([{ project: 99, pipeline: 1 }], NEVER)).pending).toEqual([1, 2]);
    expect(lab.paths()).toEqual(['/projects/acme%2Fweb', JOBS]);
  });

  it('removes the jobs of a deleted pipeline', async () => {
    const { source } = swept({ [PIPELINE]: () => notFound() });
    await source.sweep(NEVER);
    expect(idsOf(await source.refresh([REF], NEVER)).pending).toEqual([2]);
  });

  it('does not take a project that is no longer seen for a deleted pipeline', async () => {
    const { source } = swept({ [PIPELINE]: () => notFound('404 Project Not Found') });
    await source.sweep(NEVER);
    expect(await messageOf(source.refresh([REF], NEVER))).toMatch(
      /^not-found: listing the jobs of pipeline 100 of/,
    );
    expect(idsOf(await source.refresh([], NEVER)).pending).toEqual([1, 2]);
  });

  it('counts no later jobs of a pipeline in which nothing waits or runs', async () => {
    const { source } = swept({ [PIPELINE]: () => [job({ id: 4, status: 'created' })] });
    await source.sweep(NEVER);
    expect(idsOf(await source.refresh([REF], NEVER)).later).toBe(0);
  });

  it('leaves its later jobs to a sweep that still sees the pipeline, and only to that', async () => {
    const lab = swept({ [PIPELINE]: () => [job({ id: 1 }), job({ id: 4, status: 'created' })] });
    await lab.source.sweep(NEVER);
    await lab.source.refresh([REF], NEVER);
    expect(idsOf(await lab.source.sweep(NEVER))).toEqual({ pending: [1, 2], held: [], later: 1 });
    lab.routes[JOBS] = () => [job({ id: 2, pipeline: 101 })];
    expect(idsOf(await lab.source.sweep(NEVER))).toEqual({ pending: [2], held: [], later: 0 });
  });
});

describe('readings that overlap', () => {
  it('keep a refresh that began within a sweep, and undo none by an older one', async () => {
    const lab = swept();
    await lab.source.sweep(NEVER);
    const slowSweep = held();
    lab.routes[JOBS] = slowSweep.route;
    const sweeping = lab.source.sweep(NEVER);
    await slowSweep.asked;
    lab.routes[PIPELINE] = () => [job({ id: 3, status: 'running' })];
    await lab.source.refresh([REF], NEVER);
    slowSweep.answer([job({ id: 1 }), job({ id: 4, pipeline: 101 })]);
    expect(idsOf(await sweeping)).toEqual({ pending: [4], held: [3], later: 0 });

    const slowRefresh = held();
    lab.routes[PIPELINE] = slowRefresh.route;
    const refreshing = lab.source.refresh([REF], NEVER);
    await slowRefresh.asked;
    lab.routes[JOBS] = () => [job({ id: 5 })];
    await lab.source.sweep(NEVER);
    slowRefresh.answer([job({ id: 6 })]);
    expect(idsOf(await refreshing).pending).toEqual([5]);
  });
});
