import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDouble, gitlabDouble, READ_TOKEN } from '../../../test/support/gitlab-double.ts';

const URL = 'http://127.0.0.1:9/webhook';

let started: Awaited<ReturnType<typeof gitlabDouble>>;

beforeEach(async () => {
  started = await gitlabDouble();
});

afterEach(async () => {
  await closeDouble(started);
});

describe('the hooks of a group', () => {
  it('are created, listed, changed and removed, and never show their secrets', async () => {
    const created = await started.api('POST', '/groups/acme/hooks', {
      url: URL,
      token: 'a secret',
      job_events: true,
      push_events: false,
    });
    const text = await created.text();
    expect(created.status).toBe(201);
    expect(JSON.parse(text)).toMatchObject({
      id: 1,
      group_id: 1,
      job_events: true,
      push_events: false,
      subgroup_events: false,
      token_present: true,
      signing_token_present: false,
    });
    expect(text).not.toContain('a secret');
    const changed = await started.api('PUT', '/groups/1/hooks/1', { member_events: true, token: '' });
    expect(await changed.json()).toMatchObject({
      member_events: true,
      job_events: true,
      token_present: false,
    });
    expect(await (await started.api('GET', '/groups/acme/hooks')).json()).toHaveLength(1);
    expect(await (await started.api('GET', '/groups/acme/hooks/1')).json()).toMatchObject({ id: 1 });
    expect((await started.api('DELETE', '/groups/acme/hooks/1')).status).toBe(204);
    expect((await started.api('DELETE', '/groups/acme/hooks/1')).status).toBe(404);
  });

  it('are not those of its projects, nor of other groups', async () => {
    started.gitlab.addProject({ path: 'acme/tools/cli' });
    await started.api('POST', '/projects/1/hooks', { url: URL });
    await started.api('POST', '/groups/acme%2Ftools/hooks', { url: URL });
    expect(await (await started.api('GET', '/groups/acme/hooks')).json()).toEqual([]);
    expect((await started.api('GET', '/groups/acme/hooks/1')).status).toBe(404);
    expect((await started.api('GET', '/groups/acme/hooks/2')).status).toBe(404);
    expect((await started.api('GET', '/projects/1/hooks/2')).status).toBe(404);
    expect((await started.api('GET', '/groups/other/hooks')).status).toBe(404);
  });

  it('may be changed with the scope api alone', async () => {
    expect((await started.api('GET', '/groups/acme/hooks', undefined, READ_TOKEN)).status).toBe(200);
    expect((await started.api('POST', '/groups/acme/hooks', { url: URL }, READ_TOKEN)).status).toBe(403);
  });

  it('are shown to owners of the group only; those of a project to maintainers', async () => {
    const guarded = await gitlabDouble({
      tokens: [
        { token: 'maintains', scopes: ['api'], roles: { acme: 'maintainer' } },
        { token: 'develops', scopes: ['api'], roles: { acme: 'developer' } },
      ],
    });
    const status = async (path: string, token: string) =>
      (await guarded.api('GET', path, undefined, token)).status;
    expect(await status('/groups/acme/hooks', 'maintains')).toBe(403);
    expect(await status('/projects/1/hooks', 'maintains')).toBe(200);
    expect(await status('/projects/1/hooks', 'develops')).toBe(403);
    await closeDouble(guarded);
  });

  it('do not exist without the licence', async () => {
    const free = await gitlabDouble({ premium: false });
    const listed = await free.api('GET', '/groups/acme/hooks');
    expect([listed.status, await listed.json()]).toEqual([404, { error: '404 Not Found' }]);
    expect((await free.api('POST', '/groups/acme/hooks', { url: URL })).status).toBe(404);
    expect(free.gitlab.hooks.all()).toEqual([]);
    await closeDouble(free);
  });
});
