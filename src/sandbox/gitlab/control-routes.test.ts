import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDouble, gitlabDouble } from '../../../test/support/gitlab-double.ts';
import { job } from '../../../test/support/gitlab-world.ts';
import { until } from '../../../test/support/until.ts';
import { seconds } from '../../engine/time.ts';

let started: Awaited<ReturnType<typeof gitlabDouble>>;

beforeEach(async () => {
  started = await gitlabDouble();
});

afterEach(async () => {
  await closeDouble(started);
});

const fault = (body: object) => started.send('POST', '/sandbox/faults', body);
const version = () => started.api('GET', '/version');

describe('a scripted fault', () => {
  it('answers with a status for as long as asked', async () => {
    expect((await fault({ kind: 'status', status: 500, for: '10s' })).status).toBe(200);
    const response = await version();
    expect([response.status, response.headers.get('x-request-id')]).toEqual([
      500,
      expect.stringMatching(/^\w{32}$/),
    ]);
    await started.timers.advance(seconds(10));
    expect((await version()).status).toBe(200);
  });

  it('answers as often as asked', async () => {
    started.double.faults.failNext(2, 503);
    expect([(await version()).status, (await version()).status, (await version()).status]).toEqual([
      503, 503, 200,
    ]);
  });

  it('may be an outage', async () => {
    started.double.faults.outage(seconds(30));
    expect((await version()).status).toBe(503);
    await started.timers.advance(seconds(30));
    expect((await version()).status).toBe(200);
  });

  it('answers with a page that is no API', async () => {
    await fault({ kind: 'html' });
    const response = await version();
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=UTF-8',
    ]);
  });

  it('asks to slow down', async () => {
    await fault({ kind: 'rate-limit', retryAfter: 5 });
    const response = await version();
    expect([response.status, await response.text()]).toEqual([429, 'Retry later\n']);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(Date.parse(response.headers.get('ratelimit-resettime') ?? '')).toBe(started.timers.now() + 5000);
  });

  it('hangs until the caller has enough', async () => {
    await fault({ kind: 'hang' });
    const caller = new AbortController();
    const hung = fetch(`${started.double.url}/api/v4/version`, { signal: caller.signal });
    await until(() => started.double.faults.hanging === 1);
    caller.abort();
    await expect(hung).rejects.toThrow('aborted');
  });

  it('hangs no longer than the fault lasts, whether it is lifted or over', async () => {
    for (const length of [{}, { for: '10s' }]) {
      await fault({ kind: 'hang', ...length });
      const hung = version();
      await until(() => started.double.faults.hanging === 1);
      if ('for' in length) await started.timers.advance(seconds(10));
      else await fault({ kind: 'none' });
      expect((await hung).status).toBe(503);
      expect(started.double.faults.hanging).toBe(0);
      expect((await version()).status).toBe(200);
    }
  });

  it('hangs no longer than the double lives', async () => {
    await fault({ kind: 'hang' });
    const hung = version().catch(() => 'cut off');
    await until(() => started.double.faults.hanging === 1);
    await started.double.close();
    expect(await hung).toBeDefined();
    started = await gitlabDouble();
  });

  it('can be kept to some paths, and be taken back', async () => {
    await fault({ kind: 'status', status: 502, path: '/api/v4/runners' });
    expect((await version()).status).toBe(200);
    expect((await started.api('GET', '/runners/1')).status).toBe(502);
    await fault({ kind: 'none' });
    expect((await started.api('GET', '/runners/1')).status).toBe(200);
  });

  it('is refused when it is not understood, and leaves the one before', async () => {
    for (const wrong of [
      { kind: 'flood' },
      { kind: 'status', status: 200 },
      { kind: 'hang', for: 'ever' },
      {},
    ]) {
      const response = await fault(wrong);
      expect([response.status, await response.json()]).toEqual([400, { error: expect.any(String) }]);
    }
    expect(started.double.faults.active()).toEqual({ kind: 'none' });
  });
});

describe('the state', () => {
  it('shows jobs, managers, hooks and deliveries without a token and without secrets', async () => {
    await started.api('POST', '/projects/1/hooks', {
      url: 'http://127.0.0.1:9/',
      token: 'a secret',
      job_events: true,
    });
    await started.send('POST', '/sandbox/webhooks', { drop: true });
    started.pipeline([job('one'), job('two')]);
    started.take();
    const text = await (await started.send('GET', '/sandbox/state')).text();
    expect(JSON.parse(text)).toMatchObject({
      jobs: { pending: 1, running: 1 },
      runners: [
        { id: 1, managers: [{ system_id: started.contact.systemId, job_execution_status: 'active' }] },
      ],
      hooks: [{ id: 1, alert_status: 'executable' }],
      deliveries: { delivered: 0, rejected: 0, dropped: 5, rateLimited: 0 },
      fault: { kind: 'none' },
    });
    expect(text).not.toMatch(/a secret|glrt-|glcbt-/);
    expect((await started.send('POST', '/sandbox/webhooks', { drop: 'yes' })).status).toBe(400);
  });
});
