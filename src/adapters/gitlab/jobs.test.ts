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
  const source = gitLabJobs({ client, projects, clock, concurrency });
  return {
    source,
    clock,
    asked,
    routes,
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

const JOBS = '/projects/acme%2Fweb/jobs';
const PIPELINE = '/projects/7/pipelines/100/jobs';
const REF = { project: 7, pipeline: 100 };

/** A project with a waiting job in each of two pipelines. */
function swept(routes: Record<string, Route> = {}) {
  return gitLab(['acme/web'], {
    [JOBS]: () => [job({ id: 1 }), job({ id: 2, pipeline: 101 })],
    '/projects/acme%2Fweb': () => ({ id: 7 }),
    ...routes,
  });
}

describe('a sweep', () => {
  it('asks each project once for pending and running jobs, in keyset pages', async () => {
    const { source, asked } = gitLab(['group/sub/web', '42'], {
      '/projects/group%2Fsub%2Fweb/jobs': () => [],
      '/projects/42/jobs': () => [],
    });
    expect((await source.sweep(NEVER)).jobs).toEqual({ demand: [], held: [], later: 0 });
    expect(asked).toHaveLength(2);
    expect([...(asked[0]?.searchParams ?? [])]).toEqual([
      ['scope[]', 'pending'],
      ['scope[]', 'running'],
      ['pagination', 'keyset'],
      ['order_by', 'id'],
      ['sort', 'desc'],
      ['per_page', '100'],
    ]);
  });

  it('reads all pages, and a job that slipped onto two of them once', async () => {
    const { source } = gitLab(['acme/web'], {
      [JOBS]: ({ searchParams }) =>
        searchParams.has('cursor')
          ? [job({ id: 2 }), job({ id: 1 })]
          : Response.json([job({ id: 3 }), job({ id: 2 })], { headers: { link: '<?cursor=c>; rel="next"' } }),
    });
    expect(idsOf(await source.sweep(NEVER)).pending).toEqual([1, 2, 3]);
  });

  it('replaces what was there', async () => {
    const answers = [[job({ id: 1 }), job({ id: 2, pipeline: 101 })], [job({ id: 2, pipeline: 101 })], []];
    const { source } = gitLab(['acme/web'], { [JOBS]: () => answers.shift() });
    expect(idsOf(await source.sweep(NEVER)).pending).toEqual([1, 2]);
    expect(idsOf(await source.sweep(NEVER)).pending).toEqual([2]);
    expect(idsOf(await source.sweep(NEVER)).pending).toEqual([]);
  });

  it('counts a project that is watched under two names once', async () => {
    const { source } = gitLab(['acme/web', '7', 'acme/web'], {
      [JOBS]: () => [job({ id: 1 })],
      '/projects/7/jobs': () => [job({ id: 1 })],
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

  it('fails by the name of the project that failed, not of those it stopped', async () => {
    const { source, asked } = gitLab(
      ['a/waits', 'b/bad', 'c/never'],
      {
        '/projects/a%2Fwaits/jobs': (_url, signal) =>
          new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(new Error('aborted')));
          }),
        '/projects/b%2Fbad/jobs': () => notFound('404 Project Not Found'),
        '/projects/c%2Fnever/jobs': () => [],
      },
      2,
    );
    expect(await messageOf(source.sweep(NEVER))).toBe(
      'not-found: listing pending and running jobs of project b/bad: GitLab answered 404: 404 Project Not Found; ' +
        'check that it exists and that the token may see it (the scope read_api and the role Reporter in b/bad)',
    );
    expect(asked).toHaveLength(2);
  });

  it('that fails leaves the last picture as it was', async () => {
    const lab = gitLab(['7', '8'], {
      '/projects/7/jobs': () => [job({ id: 1 })],
      '/projects/8/jobs': () => [job({ id: 2, project: 8, pipeline: 200 })],
    });
    await lab.source.sweep(NEVER);
    lab.routes['/projects/7/jobs'] = () => [];
    lab.routes['/projects/8/jobs'] = () => notFound();
    await messageOf(lab.source.sweep(NEVER));
    expect(idsOf(await lab.source.refresh([], NEVER)).pending).toEqual([1, 2]);
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
    expect(lab.paths()).toEqual([JOBS]);
  });

  it('ignores pipelines of projects that are not watched', async () => {
    const lab = swept();
    await lab.source.sweep(NEVER);
    expect(idsOf(await lab.source.refresh([{ project: 99, pipeline: 1 }], NEVER)).pending).toEqual([1, 2]);
    expect(lab.paths()).toEqual([JOBS]);
  });

  it('asks for the id of a project that had no jobs, once', async () => {
    const lab = gitLab(['acme/web', '8'], {
      [JOBS]: () => [],
      '/projects/8/jobs': () => [],
      '/projects/acme%2Fweb': () => ({ id: 7 }),
      [PIPELINE]: () => [job({ id: 1 })],
    });
    await lab.source.sweep(NEVER);
    expect(idsOf(await lab.source.refresh([REF], NEVER)).pending).toEqual([1]);
    await lab.source.refresh([{ project: 99, pipeline: 1 }], NEVER);
    expect(lab.paths().slice(2)).toEqual(['/projects/acme%2Fweb', PIPELINE]);
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
