import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDouble, gitlabDouble } from '../../../test/support/gitlab-double.ts';

const SIGNING_TOKEN = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let started: Awaited<ReturnType<typeof gitlabDouble>>;

beforeEach(async () => {
  started = await gitlabDouble();
});

afterEach(async () => {
  await closeDouble(started);
});

describe('the hooks of a project', () => {
  it('are created without ever showing their secrets', async () => {
    const response = await started.api('POST', '/projects/acme%2Fweb/hooks', {
      url: 'http://127.0.0.1:9/hook',
      token: 'a secret',
      signing_token: SIGNING_TOKEN,
      job_events: true,
      push_events: false,
      custom_headers: [{ key: 'X-Pool', value: 'hidden' }],
    });
    expect(response.status).toBe(201);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      id: 1,
      job_events: true,
      push_events: false,
      token_present: true,
      signing_token_present: true,
      alert_status: 'executable',
      disabled_until: null,
      custom_headers: [{ key: 'X-Pool' }],
    });
    expect(text).not.toMatch(/a secret|whsec_|hidden/);
  });

  it('tell of pushes unless they are told otherwise', async () => {
    const response = await started.api('POST', '/projects/1/hooks', { url: 'http://127.0.0.1:9/hook' });
    expect(await response.json()).toMatchObject({
      push_events: true,
      job_events: false,
      token_present: false,
    });
  });

  it('are listed, changed in part and removed', async () => {
    await started.api('POST', '/projects/1/hooks', {
      url: 'http://127.0.0.1:9/a',
      token: 'x',
      job_events: true,
    });
    const changed = await started.api('PUT', '/projects/1/hooks/1', {
      url: 'http://127.0.0.1:9/b',
      token: '',
    });
    expect(await changed.json()).toMatchObject({
      url: 'http://127.0.0.1:9/b',
      job_events: true,
      token_present: false,
    });
    expect(await (await started.api('GET', '/projects/1/hooks')).json()).toHaveLength(1);
    expect(await (await started.api('GET', '/projects/1/hooks/1')).json()).toMatchObject({ id: 1 });
    expect((await started.api('DELETE', '/projects/1/hooks/1')).status).toBe(204);
    const gone = await started.api('GET', '/projects/1/hooks/1');
    expect([gone.status, await gone.json()]).toEqual([404, { message: '404 Not Found' }]);
  });

  it('need an address that can be sent to and a signing key of 32 bytes', async () => {
    const missing = await started.api('POST', '/projects/1/hooks', {});
    expect([missing.status, await missing.json()]).toEqual([400, { error: 'url is missing' }]);
    for (const url of ['ftp://127.0.0.1/', 'nonsense', 'http://']) {
      expect((await started.api('POST', '/projects/1/hooks', { url })).status).toBe(422);
    }
    const short = { url: 'http://127.0.0.1:9/', signing_token: 'whsec_c2hvcnQ=' };
    expect((await started.api('POST', '/projects/1/hooks', short)).status).toBe(422);
    expect(started.gitlab.hooks.all()).toEqual([]);
  });
});
