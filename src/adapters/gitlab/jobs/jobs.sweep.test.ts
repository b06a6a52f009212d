import { describe, expect, it } from 'vitest';
import {
  gitLab,
  idsOf,
  job,
  messageOf,
  NEVER,
  notFound,
  type Route,
} from '../../../../test/support/gitlab-routes.ts';

const JOBS = '/projects/7/jobs';

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
