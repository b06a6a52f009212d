import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { API_TOKEN, closeDouble, gitlabDouble } from '../../../test/support/gitlab-double.ts';
import { minutes, seconds } from '../../engine/time.ts';

let started: Awaited<ReturnType<typeof gitlabDouble>>;

const MAINTAINER = 'glpat-maintains';
const OWNER = 'glpat-owns';

beforeEach(async () => {
  started = await gitlabDouble({
    tokens: [
      { token: API_TOKEN, scopes: ['api'], admin: true },
      { token: MAINTAINER, scopes: ['api'], roles: { acme: 'maintainer' } },
      { token: OWNER, scopes: ['api'], roles: { acme: 'owner' } },
      { token: 'glpat-stranger', scopes: ['api'], roles: {} },
    ],
    registrationTokens: [
      { token: 'GR-instance' },
      { token: 'GR-project', project: 'acme/web' },
      { token: 'GR-group', group: 'acme' },
    ],
  });
});

afterEach(async () => {
  await closeDouble(started);
});

const asked = async (method: string, path: string, body?: unknown, token?: string) => {
  const response = await started.api(method, path, body, token);
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
};
const idsAt = async (path: string, token?: string): Promise<number[]> => {
  const { body }: { body: { id: number }[] } = await asked('GET', path, undefined, token);
  return body.map(({ id }) => id);
};
const create = (body: object, token?: string) => asked('POST', '/user/runners', body, token);

const enable = (runner: number, token?: string) =>
  asked('POST', '/projects/2/runners', { runner_id: runner }, token);
const register = (token: string, more: object = {}) =>
  started.send('POST', '/api/v4/runners', { token, ...more });

describe('new runners', () => {
  it('serve the instance, a group or a project, as their maker may', async () => {
    const instance = { runner_type: 'instance_type', tag_list: ['a'] };
    expect(await create(instance, OWNER)).toEqual({
      status: 403,
      body: { message: '403 Forbidden - Insufficient permissions' },
    });
    expect((await create(instance)).status).toBe(201);
    const group = { runner_type: 'group_type', group_id: started.gitlab.groups.at('acme').id };
    expect((await create(group, MAINTAINER)).status).toBe(403);
    expect((await create(group, OWNER)).status).toBe(201);
    const project = { runner_type: 'project_type', project_id: 1 };
    expect((await create(project, 'glpat-stranger')).status).toBe(403);
    expect((await create(project, MAINTAINER)).status).toBe(201);
    expect(await create({ runner_type: 'group_type', group_id: 99 })).toMatchObject({ status: 400 });
    expect(await create({ runner_type: 'project_type' })).toEqual({
      status: 400,
      body: { error: 'project_id is missing' },
    });
    expect((await asked('GET', '/runners/3')).body).toMatchObject({
      runner_type: 'group_type',
      groups: [{ id: 1, name: 'acme' }],
      projects: [],
    });
  });

  it('keep all that is said of them', async () => {
    const { body } = await create({
      runner_type: 'project_type',
      project_id: 1,
      description: 'pool linux',
      maintenance_note: 'made by runtide',
      paused: true,
      locked: true,
      access_level: 'ref_protected',
      run_untagged: false,
      tag_list: ['linux', 'arm'],
      maximum_timeout: 1800,
    });
    expect(body).toMatchObject({ id: 2, token: expect.stringMatching(/^glrt-/), token_expires_at: null });
    expect((await asked('GET', '/runners/2')).body).toMatchObject({
      description: 'pool linux',
      maintenance_note: 'made by runtide',
      paused: true,
      locked: true,
      access_level: 'ref_protected',
      run_untagged: false,
      tag_list: ['linux', 'arm'],
      maximum_timeout: 1800,
    });
  });

  it('must be able to take some job', async () => {
    const useless = { runner_type: 'project_type', project_id: 1, run_untagged: false };
    expect(await create(useless)).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('Tags list can not be empty') },
    });
    expect((await asked('PUT', '/runners/1', { run_untagged: false, tag_list: [] })).status).toBe(400);
    expect((await asked('PUT', '/runners/1', {})).status).toBe(400);
  });

  it('have a token that ends where GitLab is set so, until it is reset', async () => {
    await closeDouble(started);
    started = await gitlabDouble({}, { runnerTokenLifetime: minutes(10) });
    const { body } = await create({ runner_type: 'instance_type' });
    expect(body.token_expires_at).toBe('2026-01-05T08:10:00.000Z');
    const request = () =>
      started.send('POST', '/api/v4/jobs/request', { token: body.token, system_id: 'r_1' });
    expect((await request()).status).toBe(204);
    await started.timers.advance(minutes(10));
    expect((await request()).status).toBe(403);
    const reset = await asked('POST', '/runners/2/reset_authentication_token');
    expect(reset.body.token_expires_at).toBe('2026-01-05T08:20:00.000Z');
  });
});

describe('lists of runners', () => {
  beforeEach(() => {
    const { gitlab } = started;
    gitlab.addProject({ path: 'acme/tools/api' });
    gitlab.addProject({ path: 'other/app' });
    const acme = gitlab.groups.at('acme').id;
    gitlab.addRunner({ tags: ['a', 'b'], runUntagged: true, group: acme });
    gitlab.addRunner({ tags: ['a'], runUntagged: true, projects: [1, 3], paused: true });
    gitlab.addRunner({ tags: ['b'], runUntagged: true, group: gitlab.groups.at('acme/tools').id });
  });

  it('hold what is one’s own, all, or what serves a project or group', async () => {
    expect(await idsAt('/runners/all')).toEqual([4, 3, 2, 1]);
    expect((await asked('GET', '/runners/all', undefined, OWNER)).status).toBe(403);
    expect(await idsAt('/runners', OWNER)).toEqual([4, 3, 2]);
    expect(await idsAt('/runners', MAINTAINER)).toEqual([3]);
    expect(await idsAt('/projects/1/runners')).toEqual([3, 2, 1]);
    expect(await idsAt('/projects/acme%2Ftools%2Fapi/runners', MAINTAINER)).toEqual([4, 2, 1]);
    expect(await idsAt('/groups/acme/runners')).toEqual([2, 1]);
    expect(await idsAt('/groups/acme%2Ftools/runners')).toEqual([4, 2, 1]);
  });

  it('are filtered and paged', async () => {
    expect(await idsAt('/runners/all?type=group_type')).toEqual([4, 2]);
    expect(await idsAt('/runners/all?tag_list=a,b')).toEqual([2]);
    expect(await idsAt('/runners/all?paused=true')).toEqual([3]);
    expect(await idsAt('/runners/all?status=never_contacted')).toEqual([4, 3, 2, 1]);
    expect(await idsAt('/runners/all?status=online')).toEqual([]);
    expect((await asked('GET', '/runners/all?type=shared')).status).toBe(400);
    const page = await started.api('GET', '/groups/acme%2Ftools/runners?per_page=2&page=2');
    expect([page.headers.get('x-total'), await page.json()]).toMatchObject(['3', [{ id: 1 }]]);
  });

  it('show no runner to strangers but those of the instance', async () => {
    expect((await asked('GET', '/runners/1', undefined, 'glpat-stranger')).status).toBe(200);
    expect(await asked('GET', '/runners/2', undefined, 'glpat-stranger')).toEqual({
      status: 403,
      body: { message: '403 Forbidden - No access granted' },
    });
    expect((await asked('PUT', '/runners/1', { paused: true }, OWNER)).status).toBe(403);
    expect((await asked('PUT', '/runners/2', { paused: true }, MAINTAINER)).status).toBe(403);
    expect((await asked('PUT', '/runners/2', { paused: true }, OWNER)).status).toBe(200);
    expect((await asked('GET', '/runners/1/jobs', undefined, OWNER)).status).toBe(403);
    expect((await asked('GET', '/runners/2/jobs', undefined, MAINTAINER)).status).toBe(200);
  });
});

describe('a project’s runner', () => {
  beforeEach(() => {
    started.gitlab.addProject({ path: 'acme/api' });
    started.gitlab.addRunner({ tags: [], runUntagged: true, projects: [1] });
  });

  it('is enabled for further projects and taken away again', async () => {
    expect(await enable(2, MAINTAINER)).toMatchObject({ status: 201, body: { id: 2 } });
    expect((await asked('GET', '/runners/2')).body.projects).toMatchObject([{ id: 1 }, { id: 2 }]);
    expect((await enable(2)).status).toBe(400);
    expect(await asked('DELETE', '/runners/2', undefined, MAINTAINER)).toEqual({
      status: 403,
      body: { message: '403 Forbidden - Runner associated with more than one project' },
    });
    expect((await asked('DELETE', '/projects/1/runners/2')).status).toBe(403);
    expect((await asked('DELETE', '/projects/2/runners/2', undefined, MAINTAINER)).status).toBe(204);
    expect((await asked('DELETE', '/projects/2/runners/2')).status).toBe(404);
    expect(await asked('DELETE', '/projects/1/runners/2')).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('Only one project associated with the runner') },
    });
  });

  it('is not when it is locked, but for administrators', async () => {
    started.gitlab.updateRunner(2, { locked: true });
    expect(await enable(2, MAINTAINER)).toEqual({
      status: 403,
      body: { message: '403 Forbidden - Runner is locked' },
    });
    expect((await enable(2)).status).toBe(201);
  });

  it('is not when it is the runner of a group, of the instance, or of others', async () => {
    const { gitlab } = started;
    gitlab.addRunner({ tags: [], runUntagged: true, group: gitlab.groups.at('acme').id });
    gitlab.addRunner({ tags: [], runUntagged: true, projects: [gitlab.addProject({ path: 'x/y' }).id] });
    expect((await enable(3, OWNER)).body).toEqual({ message: '403 Forbidden - Runner is a group runner' });
    expect((await enable(1)).status).toBe(400);
    expect((await enable(4, MAINTAINER)).body).toEqual({ message: '403 Forbidden - No access granted' });
    expect((await enable(9)).status).toBe(404);
  });
});

describe('registration tokens', () => {
  it('make a runner each time, with a token of its own kind', async () => {
    const first = await register('GR-project', {
      tag_list: ['a', 'b'],
      maintenance_note: 'old way',
      locked: true,
    });
    expect([first.status, await first.json()]).toMatchObject([
      201,
      { id: 2, token: expect.stringMatching(/^glrtr-/), token_expires_at: null },
    ]);
    expect(await (await register('GR-project')).json()).toMatchObject({ id: 3 });
    await register('GR-group');
    await register('GR-instance');
    const types = started.gitlab.runners().map(({ projects, group }) => [projects?.size, group]);
    expect(types).toEqual([
      [undefined, undefined],
      [1, undefined],
      [1, undefined],
      [undefined, 1],
      [undefined, undefined],
    ]);
    expect(started.gitlab.runner(2)).toMatchObject({ tags: ['a', 'b'], maintenanceNote: 'old way' });
    expect(started.gitlab.resetRunnerToken(2)).toMatch(/^glrtr-/);
  });

  it('must be known, and are not there in a GitLab of today', async () => {
    expect((await register('GR-wrong')).status).toBe(403);
    expect((await register('GR-project', { run_untagged: false })).status).toBe(400);
    await closeDouble(started);
    started = await gitlabDouble();
    expect((await register('GR-project')).status).toBe(410);
  });

  it('end with the runner that they made', async () => {
    const { token }: { token: string } = JSON.parse(await (await register('GR-project')).text());
    expect((await started.send('DELETE', '/api/v4/runners', { token })).status).toBe(204);
    expect(started.gitlab.runner(2)).toBeUndefined();
    await started.timers.advance(seconds(1));
    expect((await started.send('DELETE', '/api/v4/runners', { token })).status).toBe(403);
  });
});
