import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDouble, gitlabDouble, READ_TOKEN } from '../../../test/support/gitlab-double.ts';
import { job } from '../../../test/support/gitlab-world.ts';
import { seconds } from '../../engine/time.ts';

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
  expect(response.headers.get('x-request-id')).toMatch(/^\w{32}$/);
  return response.json();
};

describe('credentials', () => {
  it('are needed everywhere and by every kind of token', async () => {
    for (const path of [
      '/version',
      '/user',
      '/projects/1',
      '/runners/1',
      '/projects/1/hooks',
      '/personal_access_tokens/self',
    ]) {
      const response = await started.send('GET', `/api/v4${path}`);
      expect([response.status, await response.json()]).toEqual([401, { message: '401 Unauthorized' }]);
    }
    expect((await started.api('GET', '/version', undefined, 'glpat-wrong')).status).toBe(401);
    expect((await started.api('GET', '/version', undefined, 'glpat-revoked')).status).toBe(401);
    const bearer = await started.send('GET', '/api/v4/version', undefined, {
      authorization: `Bearer ${READ_TOKEN}`,
    });
    expect(bearer.status).toBe(200);
  });

  it('must suffice', async () => {
    const response = await started.api('GET', '/projects/1/jobs', undefined, 'glpat-user');
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: 'insufficient_scope' });
    const write = await started.api('POST', '/projects/1/hooks', { url: 'http://127.0.0.1/' }, READ_TOKEN);
    expect(write.status).toBe(403);
  });

  it('are told about', async () => {
    expect(await get('/personal_access_tokens/self')).toMatchObject({
      name: 'all',
      scopes: ['api'],
      active: true,
    });
    expect(await get('/user')).toMatchObject({ id: 1, username: 'sandbox' });
    expect(await get('/version')).toMatchObject({ version: '19.5.0', enterprise: false });
  });
});

describe('projects', () => {
  it('are found by id and by encoded path', async () => {
    expect(await get('/projects/1')).toMatchObject({ id: 1, path_with_namespace: 'acme/web' });
    expect(await get('/projects/acme%2Fweb')).toMatchObject({ id: 1 });
    const missing = await started.api('GET', '/projects/acme%2Fnone');
    expect([missing.status, await missing.json()]).toEqual([404, { message: '404 Project Not Found' }]);
  });

  it('are listed by group', async () => {
    started.gitlab.addProject({ path: 'acme/deep/api' });
    expect(await get('/groups/acme/projects')).toMatchObject([{ id: 1 }]);
    expect(await get('/groups/acme/projects?include_subgroups=true')).toHaveLength(2);
    expect((await started.api('GET', '/groups/nobody/projects')).status).toBe(404);
  });
});

describe('jobs', () => {
  it('are listed by scope, newest first, with their tags', async () => {
    const { gitlab, contact, pipeline } = started;
    pipeline([job('one'), job('two', { tags: ['linux'] }), job('three', { tags: ['gpu'] })]);
    gitlab.requestJob(contact);
    const pending = await get('/projects/1/jobs?scope[]=pending&scope[]=created&scope[]=scheduled');
    expect(pending).toMatchObject([
      { id: 3, status: 'pending', tag_list: ['gpu'], runner: null, runner_manager: null },
      { id: 2, status: 'pending', tag_list: ['linux'] },
    ]);
    const running = await get('/projects/1/jobs?scope[]=running');
    expect(running).toMatchObject([
      { id: 1, runner: { id: 1 }, runner_manager: { system_id: contact.systemId } },
    ]);
    expect(await get('/projects/1/jobs?scope[]=preparing')).toEqual([]);
    const wrong = await started.api('GET', '/projects/1/jobs?scope[]=sleeping');
    expect([wrong.status, await wrong.json()]).toEqual([400, { error: 'scope does not have a valid value' }]);
  });

  it('in handover are pending and have a runner but no manager', async () => {
    const { gitlab, contact, pipeline, timers } = started;
    pipeline([job('one')]);
    await timers.advance(seconds(12));
    gitlab.requestJob({ ...contact, twoPhase: true });
    expect(await get('/projects/1/jobs/1')).toMatchObject({
      status: 'pending',
      queued_duration: 12,
      runner: { id: 1 },
      runner_manager: null,
    });
  });

  it('are paged by number', async () => {
    started.pipeline(Array.from({ length: 5 }, (_, index) => job(`job ${index}`)));
    const response = await started.api('GET', '/projects/1/jobs?per_page=2&page=2');
    expect(await response.json()).toMatchObject([{ id: 3 }, { id: 2 }]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-total': '5',
      'x-total-pages': '3',
      'x-page': '2',
      'x-next-page': '3',
      'x-prev-page': '1',
      'x-per-page': '2',
    });
    expect(response.headers.get('link')).toContain('page=3>; rel="next"');
  });

  it('are paged by keyset, following the links, while others come in', async () => {
    started.pipeline(Array.from({ length: 5 }, (_, index) => job(`job ${index}`)));
    const seen: number[] = [];
    let next: string | undefined =
      `${started.double.url}/api/v4/projects/1/jobs?pagination=keyset&order_by=id&per_page=2`;
    while (next !== undefined) {
      const response: Response = await fetch(next, { headers: { 'private-token': READ_TOKEN } });
      const jobs: unknown = await response.json();
      if (Array.isArray(jobs)) seen.push(...jobs.map(({ id }: { id: number }) => id));
      next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
      started.pipeline([job('late')]);
    }
    expect(seen).toEqual([5, 4, 3, 2, 1]);
    const ascending = await started.api(
      'GET',
      '/projects/1/jobs?pagination=keyset&order_by=id&sort=asc&per_page=1',
    );
    expect(await ascending.json()).toMatchObject([{ id: 1 }]);
    expect((await started.api('GET', '/projects/1/jobs?pagination=keyset&order_by=name')).status).toBe(400);
    expect((await started.api('GET', '/projects/1/jobs?pagination=keyset&cursor=nonsense')).status).toBe(400);
  });

  it('of a pipeline are listed, retried ones on demand', async () => {
    const { gitlab, pipeline, run } = started;
    pipeline([job('one', { stage: 'a' }), job('two', { stage: 'b' })], ['a', 'b']);
    run('failed');
    expect(await get('/projects/1/pipelines/1/jobs')).toMatchObject([
      { id: 2, status: 'skipped' },
      { id: 1, status: 'failed', failure_reason: 'script_failure' },
    ]);
    const retried = await started.api('POST', '/projects/1/jobs/1/retry');
    expect([retried.status, await retried.json()]).toMatchObject([201, { id: 3, status: 'pending' }]);
    expect((await started.api('POST', '/projects/1/jobs/1/retry')).status).toBe(403);
    expect(await get('/projects/1/pipelines/1/jobs')).toMatchObject([
      { id: 3 },
      { id: 2, status: 'created' },
    ]);
    expect(await get('/projects/1/pipelines/1/jobs?include_retried=true&scope[]=failed')).toMatchObject([
      { id: 1 },
    ]);
    expect(gitlab.job(3)?.retries).toBe(1);
    expect((await started.api('GET', '/projects/1/pipelines/9/jobs')).status).toBe(404);
    expect((await started.api('GET', '/projects/1/jobs/99')).status).toBe(404);
    expect((await started.api('GET', '/projects/1/jobs/abc')).status).toBe(400);
  });
});

describe('runners', () => {
  it('are shown with their tags and the projects that they serve', async () => {
    started.gitlab.addRunner({
      tags: ['mac'],
      runUntagged: false,
      projects: [1],
      maximumTimeout: seconds(90),
    });
    expect(await get('/runners/1')).toMatchObject({
      runner_type: 'instance_type',
      tag_list: ['linux'],
      status: 'never_contacted',
    });
    expect(await get('/runners/2')).toMatchObject({
      runner_type: 'project_type',
      run_untagged: false,
      maximum_timeout: 90,
      projects: [{ id: 1 }],
    });
    expect(await get('/runners')).toMatchObject([{ id: 2 }]);
    expect(await get('/runners/all')).toMatchObject([{ id: 2 }, { id: 1 }]);
    expect((await started.api('GET', '/runners/9')).status).toBe(404);
  });

  it('have managers, busy or idle, that grow old', async () => {
    const { contact, pipeline, take, timers, gitlab } = started;
    pipeline([job('one')]);
    gitlab.touchManager({ ...contact, systemId: 'r_idle' });
    take();
    expect(await get('/runners/1/managers')).toMatchObject([
      { system_id: 'r_idle', job_execution_status: 'idle', status: 'online' },
      { system_id: contact.systemId, job_execution_status: 'active' },
    ]);
    await timers.advance(seconds(2 * 3600));
    expect(await get('/runners/1/managers')).toMatchObject([{ status: 'offline' }, { status: 'offline' }]);
    await timers.advance(seconds(7 * 24 * 3600));
    expect(await get('/runners/1/managers')).toMatchObject([{ status: 'stale' }, { status: 'stale' }]);
  });

  it('have jobs, by status and manager', async () => {
    const { contact, pipeline, take, run } = started;
    pipeline([job('one'), job('two'), job('three')]);
    run();
    take();
    expect(await get('/runners/1/jobs')).toMatchObject([{ id: 2, project: { id: 1 } }, { id: 1 }]);
    expect(await get('/runners/1/jobs?status=running')).toMatchObject([{ id: 2 }]);
    expect(await get(`/runners/1/jobs?system_id=${contact.systemId}`)).toHaveLength(2);
    expect(await get('/runners/1/jobs?system_id=r_other')).toEqual([]);
  });

  it('are created, changed and removed', async () => {
    const { gitlab } = started;
    const created = await started.api('POST', '/user/runners', {
      runner_type: 'project_type',
      group_id: null,
      project_id: 1,
      tag_list: ['arm'],
      run_untagged: false,
    });
    expect([created.status, await created.json()]).toMatchObject([
      201,
      { id: 2, token: expect.stringMatching(/^glrt-/) },
    ]);
    const changed = await started.api('PUT', '/runners/2', { paused: true, tag_list: ['arm', 'fast'] });
    expect(await changed.json()).toMatchObject({ paused: true, tag_list: ['arm', 'fast'] });
    expect((await started.api('PUT', '/runners/2', { access_level: 'anyone' })).status).toBe(400);
    const reset = await started.api('POST', '/runners/2/reset_authentication_token');
    expect(reset.status).toBe(201);
    expect((await started.api('DELETE', '/runners/2')).status).toBe(204);
    expect(gitlab.runner(2)).toBeUndefined();
  });
});

describe('unknown paths', () => {
  it('are answered as GitLab does', async () => {
    const response = await started.send('GET', '/api/nowhere');
    expect([response.status, await response.json()]).toEqual([404, { error: '404 Not Found' }]);
  });
});
