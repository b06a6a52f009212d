import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDouble, gitlabDouble } from '../../../test/support/gitlab-double.ts';
import { job } from '../../../test/support/gitlab-world.ts';
import { seconds } from '../../engine/time.ts';

let started: Awaited<ReturnType<typeof gitlabDouble>>;

const DAY = 24 * 3600;

beforeEach(async () => {
  started = await gitlabDouble({
    tokens: [
      { token: 'glpat-admin', scopes: ['api'], admin: true },
      { token: 'glpat-ends', scopes: ['api', 'self_rotate'], expiresAt: '2026-01-07', name: 'runtide' },
      { token: 'glpat-other', scopes: ['read_api'], user: 2 },
      { token: 'glpat-manages', scopes: ['manage_runner'] },
      { token: 'glpat-creates', scopes: ['create_runner'] },
      { token: 'glpat-reports', scopes: ['api'], roles: { 'acme/web': 'reporter' } },
      { token: 'glpat-develops', scopes: ['api'], roles: { acme: 'developer' } },
      { token: 'glpat-maintains', scopes: ['api'], roles: { acme: 'maintainer' } },
    ],
  });
});

afterEach(async () => {
  await closeDouble(started);
});

const statusOf = async (method: string, path: string, token: string, body?: unknown) =>
  (await started.api(method, path, body, token)).status;

const rotate = (body?: object, token = 'glpat-ends') =>
  started.api('POST', '/personal_access_tokens/self/rotate', body, token);
const user = async (token: string): Promise<unknown> =>
  (await started.api('GET', '/user', undefined, token)).json();

describe('a token', () => {
  it('ends on its day', async () => {
    expect(await statusOf('GET', '/version', 'glpat-ends')).toBe(200);
    await started.timers.advance(seconds(2 * DAY));
    const response = await started.api('GET', '/version', undefined, 'glpat-ends');
    expect([response.status, await response.json()]).toEqual([
      401,
      {
        error: 'invalid_token',
        error_description: 'Token is expired. You can either do re-authorization or token refresh.',
      },
    ]);
  });

  it('of a blocked user is refused, with the reason', async () => {
    started.gitlab.users.add({ username: 'gone', name: 'Gone' });
    expect(await statusOf('GET', '/version', 'glpat-other')).toBe(200);
    started.gitlab.blockUser(2);
    const response = await started.api('GET', '/version', undefined, 'glpat-other');
    expect([response.status, await response.json()]).toEqual([
      403,
      { message: '403 Forbidden - Your account has been blocked.' },
    ]);
    started.gitlab.blockUser(2, false);
    expect(await statusOf('GET', '/version', 'glpat-other')).toBe(200);
  });

  it('can be changed for a new one, and ends with that', async () => {
    const rotated = await started.api(
      'POST',
      '/personal_access_tokens/self/rotate',
      { expires_at: '2026-03-01' },
      'glpat-ends',
    );
    const { token, ...told }: { token: string } = JSON.parse(await rotated.text());
    expect([rotated.status, told]).toMatchObject([
      200,
      { name: 'runtide', scopes: ['api', 'self_rotate'], active: true, expires_at: '2026-03-01' },
    ]);
    expect(await statusOf('GET', '/version', token)).toBe(200);
    const old = await started.api('GET', '/version', undefined, 'glpat-ends');
    expect([old.status, await old.json()]).toMatchObject([401, { error: 'invalid_token' }]);
    expect(await statusOf('GET', '/version', token)).toBe(200);
    // Whoever rotates the old one again may have stolen it, so that the new one ends as well.
    expect(await statusOf('POST', '/personal_access_tokens/self/rotate', 'glpat-ends')).toBe(401);
    expect(await statusOf('GET', '/version', token)).toBe(401);
  });

  it('lasts a week longer by default, and 400 days at most', async () => {
    expect((await rotate({ expires_at: '2028-01-01' })).status).toBe(400);
    expect((await rotate({ expires_at: 'tomorrow' })).status).toBe(400);
    expect((await rotate(undefined, 'glpat-manages')).status).toBe(403);
    expect(await (await rotate()).json()).toMatchObject({ expires_at: '2026-01-12' });
  });

  it('says whether its owner is an administrator to administrators alone', async () => {
    expect(await user('glpat-admin')).toMatchObject({ username: 'sandbox', is_admin: true });
    expect(await user('glpat-reports')).not.toHaveProperty('is_admin');
  });
});

describe('scopes', () => {
  it('for runners reach one runner, but no list', async () => {
    expect(await statusOf('GET', '/runners/1', 'glpat-manages')).toBe(200);
    expect(await statusOf('GET', '/runners', 'glpat-manages')).toBe(403);
    expect(await statusOf('GET', '/projects/1/jobs', 'glpat-manages')).toBe(403);
    const runner = { runner_type: 'project_type', project_id: 1 };
    expect(await statusOf('POST', '/user/runners', 'glpat-manages', runner)).toBe(403);
    expect(await statusOf('POST', '/user/runners', 'glpat-creates', runner)).toBe(201);
    expect(await statusOf('GET', '/runners/2', 'glpat-creates')).toBe(403);
  });
});

describe('a role', () => {
  it('holds in its project or below its group, and nowhere else', async () => {
    started.gitlab.addProject({ path: 'acme/tools/api' });
    started.gitlab.addProject({ path: 'other/secret' });
    expect(await statusOf('GET', '/projects/2/jobs', 'glpat-develops')).toBe(200);
    expect(await statusOf('GET', '/projects/2', 'glpat-reports')).toBe(404);
    expect(await statusOf('GET', '/projects/3', 'glpat-develops')).toBe(404);
    expect(await statusOf('GET', '/groups/other', 'glpat-develops')).toBe(404);
    expect(await statusOf('GET', '/projects/3', 'glpat-admin')).toBe(200);
    const listed = await started.api('GET', '/projects?membership=true', undefined, 'glpat-develops');
    expect(await listed.json()).toMatchObject([
      { id: 2, permissions: { project_access: { access_level: 30 } } },
      { id: 1 },
    ]);
    expect(
      await (await started.api('GET', '/projects?min_access_level=40', undefined, 'glpat-develops')).json(),
    ).toEqual([]);
  });

  it('decides who may retry, cancel and force', async () => {
    started.pipeline([job('one')]);
    const taken = started.gitlab.requestJob({ ...started.contact, cancelsGracefully: true });
    const cancel = (token: string, body?: object) =>
      started.api('POST', '/projects/1/jobs/1/cancel', body, token);
    expect((await cancel('glpat-reports')).status).toBe(403);
    const canceling = await cancel('glpat-develops');
    expect([canceling.status, await canceling.json()]).toMatchObject([201, { id: 1, status: 'canceling' }]);
    expect((await cancel('glpat-develops', { force: true })).status).toBe(403);
    expect(taken?.status).toBe('canceling');
    expect(await (await cancel('glpat-maintains', { force: true })).json()).toMatchObject({
      status: 'canceled',
    });
    expect(await statusOf('POST', '/projects/1/jobs/1/retry', 'glpat-reports')).toBe(403);
    expect(await statusOf('POST', '/projects/1/jobs/1/retry', 'glpat-develops')).toBe(201);
  });

  it('of whom retries becomes that of the new job', async () => {
    started.gitlab.users.add({ username: 'other', name: 'Other' });
    started.pipeline([job('one')]);
    started.run('failed');
    expect(started.gitlab.retryJob(1, 2)).toMatchObject({ id: 2, user: 2 });
    const shown = await started.api('GET', '/projects/1/jobs/2', undefined, 'glpat-admin');
    expect(await shown.json()).toMatchObject({ user: { id: 2, username: 'other' } });
  });
});
