import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDouble, gitlabDouble } from '../../../test/support/gitlab-double.ts';

let started: Awaited<ReturnType<typeof gitlabDouble>>;

beforeEach(async () => {
  started = await gitlabDouble();
});

afterEach(async () => {
  await closeDouble(started);
});

const get = async (path: string): Promise<unknown> => {
  const response = await started.api('GET', path);
  expect(response.status).toBe(200);
  return response.json();
};

describe('groups', () => {
  it('exist with the projects in them', async () => {
    started.gitlab.addProject({ path: 'acme/tools/api' });
    expect(await get('/groups/acme%2Ftools')).toMatchObject({
      id: 2,
      path: 'tools',
      full_path: 'acme/tools',
      parent_id: 1,
    });
    expect(await get('/groups/1')).toMatchObject({ full_path: 'acme', parent_id: null });
    expect((await started.api('GET', '/groups/nobody')).status).toBe(404);
  });

  it('list archived projects apart', async () => {
    const { gitlab } = started;
    const old = gitlab.addProject({ path: 'acme/old' });
    gitlab.updateProject(old.id, { archived: true });
    expect(await get('/groups/acme/projects')).toMatchObject([{ id: 2, archived: true }, { id: 1 }]);
    expect(await get('/groups/acme/projects?archived=false')).toMatchObject([{ id: 1 }]);
    expect(await get('/groups/acme/projects?archived=true&include_subgroups=true')).toMatchObject([
      { id: 2 },
    ]);
  });

  it('list at most 100 projects a page', async () => {
    for (let count = 1; count < 120; count += 1) started.gitlab.addProject({ path: `acme/p${count}` });
    const response = await started.api('GET', '/groups/acme/projects?per_page=500');
    expect([response.headers.get('x-total-pages'), await response.json()]).toMatchObject([
      '2',
      { length: 100 },
    ]);
  });
});

describe('projects', () => {
  it('are found elsewhere once they have moved, and no longer once they are removed', async () => {
    const { gitlab } = started;
    gitlab.updateProject(1, { namespace: 'other/team' });
    expect(await get('/projects/other%2Fteam%2Fweb')).toMatchObject({ id: 1 });
    expect((await started.api('GET', '/projects/acme%2Fweb')).status).toBe(404);
    expect(await get('/groups/other/projects?include_subgroups=true')).toMatchObject([{ id: 1 }]);
    gitlab.removeProject(1);
    expect((await started.api('GET', '/projects/1')).status).toBe(404);
    expect((await started.api('GET', '/projects/1/jobs')).status).toBe(404);
  });

  it('are paged by keyset, following the links', async () => {
    for (const name of ['a', 'b', 'c', 'd']) started.gitlab.addProject({ path: `acme/${name}` });
    const seen: number[] = [];
    let next: string | undefined = '/projects?pagination=keyset&order_by=id&sort=asc&per_page=2';
    while (next !== undefined) {
      const response: Response = await started.api('GET', next);
      const page: { id: number }[] = JSON.parse(await response.text());
      seen.push(...page.map(({ id }) => id));
      next = /<[^>]+\/api\/v4([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(await get('/projects?per_page=2&page=2')).toMatchObject([{ id: 3 }, { id: 2 }]);
    expect((await started.api('GET', '/projects?pagination=keyset&order_by=name')).status).toBe(405);
  });

  it('say which of their branches and tags are protected', async () => {
    const { gitlab } = started;
    gitlab.updateProject(1, { protectedBranches: ['main', 'release/*'], protectedTags: ['v*'] });
    for (const ref of ['release/1', 'feature']) {
      gitlab.createPipeline(1, { ref, stages: ['test'], jobs: [{ name: 'one', stage: 'test' }] });
    }
    gitlab.createPipeline(1, {
      ref: 'v1',
      tag: true,
      stages: ['test'],
      jobs: [{ name: 'one', stage: 'test' }],
    });
    expect(await get('/projects/1/protected_branches')).toMatchObject([
      { name: 'main' },
      { name: 'release/*' },
    ]);
    expect(await get('/projects/1/protected_tags')).toMatchObject([{ name: 'v*' }]);
    expect(await get('/projects/1/repository/branches/release%2F1')).toMatchObject({ protected: true });
    expect(await get('/projects/1/repository/branches/feature')).toMatchObject({
      protected: false,
      default: false,
    });
    expect((await started.api('GET', '/projects/1/repository/branches/v1')).status).toBe(404);
    expect(gitlab.jobsOfProject(1).map((job) => [job.ref, job.protected])).toEqual([
      ['v1', true],
      ['feature', false],
      ['release/1', true],
    ]);
    expect(await get('/projects/1/jobs/3')).toMatchObject({ ref: 'v1', tag: true });
  });
});
