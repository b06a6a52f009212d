import { describe, expect, it } from 'vitest';
import {
  gitLab,
  held,
  idsOf,
  job,
  messageOf,
  NEVER,
  notFound,
  type Route,
} from '../../../../test/support/gitlab-routes.ts';

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
