import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { PipelineRef } from '../../../controller/ports.ts';
import { instant, type Instant, minutes } from '../../../engine/time.ts';
import { VirtualClock } from '../../memory/clock.ts';
import { createWebhook, type WebhookOptions } from './webhook.ts';
import type { WebhookEvent } from './webhook-event.ts';

const TOKEN = 'the secret token';
const KEY = Buffer.alloc(32, 7);
const SIGNING_TOKEN = `whsec_${KEY.toString('base64')}`;
const NOW = instant(Date.UTC(2026, 0, 5, 8));

/** A webhook with its surroundings; project 7 is watched. */
function scene(options: Partial<WebhookOptions> = {}) {
  const clock = new VirtualClock(NOW);
  const woken: PipelineRef[] = [];
  const events: WebhookEvent[] = [];
  const webhook = createWebhook({
    secrets: () => ({ token: TOKEN, signingToken: SIGNING_TOKEN }),
    clock,
    wake: (ref) => void woken.push(ref),
    note: (event) => void events.push(event),
    watches: ({ id }) => id === 7,
    ...options,
  });
  const send = (fields: Fields = {}, remote = '192.0.2.1') => webhook(request(fields), remote);
  return { clock, woken, events, webhook, send };
}

interface Fields {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

function request({ method = 'POST', headers = withToken(), body = jobBody() }: Fields = {}): Request {
  const url = 'https://runtide.example/webhook';
  return method === 'GET' ? new Request(url, { headers }) : new Request(url, { method, headers, body });
}

function jobBody(fields: object = {}): string {
  return JSON.stringify({
    object_kind: 'build',
    project_id: 7,
    pipeline_id: 100,
    build_status: 'pending',
    commit: { message: 'a secret plan' },
    ...fields,
  });
}

function withToken(more: Record<string, string> = {}, token = TOKEN): Record<string, string> {
  return { 'x-gitlab-event': 'Job Hook', 'x-gitlab-token': token, ...more };
}

interface Signing {
  readonly id?: string;
  readonly at?: Instant;
  readonly key?: Buffer;
  /** Stands for `%` being the right signature. */
  readonly as?: string;
}

function signed(body: string, { id = 'msg_1', at = NOW, key = KEY, as = '%' }: Signing = {}) {
  const timestamp = String(Math.floor(at / 1000));
  const right = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  return {
    'x-gitlab-event': 'Job Hook',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': as.replace('%', right),
  };
}

describe('a job event', () => {
  it.each(['pending', 'running', 'success', 'failed', 'canceled', 'canceling'])(
    '%s wakes',
    async (status) => {
      const { send, woken, events } = scene();
      const response = await send({ body: jobBody({ build_status: status }) });
      expect([response.status, await response.json()]).toEqual([202, { outcome: 'accepted' }]);
      expect(woken).toEqual([{ project: 7, pipeline: 100 }]);
      expect(events).toEqual([{ outcome: 'accepted', project: 7, pipeline: 100, status }]);
    },
  );

  it.each([
    'created',
    'manual',
    'skipped',
    'scheduled',
    'preparing',
    'waiting_for_resource',
    'waiting_for_callback',
    'hibernating',
  ])('%s changes nothing', async (status) => {
    const { send, woken, events } = scene();
    const response = await send({ body: jobBody({ build_status: status }) });
    expect([response.status, await response.json()]).toEqual([
      200,
      { outcome: 'ignored', because: 'status' },
    ]);
    expect(woken).toEqual([]);
    expect(events).toMatchObject([{ outcome: 'ignored', because: 'status', project: 7, status }]);
  });

  it('of a project that is not watched is ignored', async () => {
    const asked: unknown[] = [];
    const { send, woken, events } = scene({ watches: (project) => asked.push(project) === 0 });
    const body = jobBody({ project: { path_with_namespace: 'acme/web' } });
    expect((await send({ body })).status).toBe(200);
    expect(asked).toEqual([{ id: 7, path: 'acme/web' }]);
    expect(woken).toEqual([]);
    expect(events).toMatchObject([{ outcome: 'ignored', because: 'unwatched-project', project: 7 }]);
  });

  it('of another kind is ignored, by header or by body', async () => {
    const { send, woken, events } = scene();
    const push = withToken({ 'x-gitlab-event': 'Push Hook' });
    expect((await send({ headers: push, body: 'not even JSON' })).status).toBe(200);
    expect((await send({ body: jobBody({ object_kind: 'pipeline' }) })).status).toBe(200);
    expect(woken).toEqual([]);
    expect(events).toEqual(Array.from({ length: 2 }, () => ({ outcome: 'ignored', because: 'other-event' })));
  });

  it.each<[string, string | Uint8Array<ArrayBuffer>, string]>([
    ['no JSON', '{"object_kind":', 'invalid-json'],
    ['nothing', '', 'invalid-json'],
    ['no text', new Uint8Array([0x22, 0xff, 0xfe, 0x22]), 'invalid-json'],
    ['no object', '[]', 'invalid-shape'],
    ['null', 'null', 'invalid-shape'],
    ['no pipeline', jobBody({ pipeline_id: null }), 'invalid-shape'],
    ['a project by name', jobBody({ project_id: 'acme/web' }), 'invalid-shape'],
    ['a fraction', jobBody({ pipeline_id: 1.5 }), 'invalid-shape'],
    ['a number beyond all ids', jobBody({ pipeline_id: 1e300 }), 'invalid-shape'],
    ['a status that is prose', jobBody({ build_status: 'x\nforged log line' }), 'invalid-shape'],
  ])('with a body that is %s is broken', async (_name, body, because) => {
    const { send, woken, events } = scene();
    const response = await send({ body });
    expect([response.status, await response.json()]).toEqual([400, { outcome: 'rejected', because }]);
    expect(woken).toEqual([]);
    expect(events).toEqual([{ outcome: 'rejected', because, remote: '192.0.2.1' }]);
  });
});

describe('letting in', () => {
  const body = jobBody();
  const refused = [401, { outcome: 'rejected', because: 'unauthorized' }];

  it.each<[string, Record<string, string>]>([
    ['a right token', withToken()],
    ['a right signature', signed(body)],
    ['a right signature among others', signed(body, { as: 'v1,abc v2,xyz %' })],
    ['a signature four minutes old', signed(body, { at: instant(NOW - minutes(4)) })],
    ['a signature from a clock four minutes ahead', signed(body, { at: instant(NOW + minutes(4)) })],
    ['a right token and a right signature', withToken(signed(body))],
    ['a wrong token and a right signature', withToken(signed(body), 'wrong')],
  ])('%s', async (_name, headers) => {
    const { send, woken } = scene();
    expect((await send({ headers, body })).status).toBe(202);
    expect(woken).toHaveLength(1);
  });

  it.each<[string, Record<string, string>, string]>([
    ['no credentials', { 'x-gitlab-event': 'Job Hook' }, 'no-credentials'],
    ['a wrong token', withToken({}, 'wrong'), 'wrong-token'],
    ['an empty token', withToken({}, ''), 'wrong-token'],
    ['a signature by another key', signed(body, { key: Buffer.alloc(32, 8) }), 'wrong-signature'],
    ['a signature of another body', signed(`${body} `), 'wrong-signature'],
    ['a wrong signature beside a right token', withToken(signed(`${body} `)), 'wrong-signature'],
    ['a signature of another version', signed(body, { as: 'v2,abc' }), 'wrong-signature'],
    ['an empty signature', signed(body, { as: '' }), 'wrong-signature'],
    ['another id than the signed one', { ...signed(body), 'webhook-id': 'msg_2' }, 'wrong-signature'],
    ['no id', signed(body, { id: '' }), 'wrong-signature'],
    ['a signature six minutes old', signed(body, { at: instant(NOW - minutes(6)) }), 'untimely'],
    ['a signature from six minutes ahead', signed(body, { at: instant(NOW + minutes(6)) }), 'untimely'],
    ['a time that is none', { ...signed(body), 'webhook-timestamp': '1e9' }, 'untimely'],
  ])('not %s', async (_name, headers, because) => {
    const { send, woken, events } = scene();
    const response = await send({ headers, body });
    expect([response.status, await response.json()]).toEqual(refused);
    expect(woken).toEqual([]);
    expect(events).toEqual([{ outcome: 'rejected', because, remote: '192.0.2.1' }]);
  });

  it('nobody where no secret is configured, not even with empty ones', async () => {
    const empty = Buffer.alloc(0);
    for (const secrets of [{}, { token: '', signingToken: '' }, { signingToken: 'whsec_' }]) {
      const { send, woken } = scene({ secrets: () => secrets });
      expect((await send({ headers: withToken({}, ''), body })).status).toBe(401);
      expect((await send({ headers: signed(body, { key: empty }), body })).status).toBe(401);
      expect(woken).toEqual([]);
    }
  });

  it('by the token alone where a signature cannot be verified', async () => {
    const { send } = scene({ secrets: () => ({ token: TOKEN }) });
    expect(
      (await send({ headers: withToken(signed(body, { key: Buffer.alloc(32, 8) })), body })).status,
    ).toBe(202);
    expect((await send({ headers: signed(body), body })).status).toBe(401);
  });

  it('by the secrets of the moment', async () => {
    let token = 'old';
    const { send } = scene({ secrets: () => ({ token }) });
    expect((await send({ headers: withToken({}, 'new') })).status).toBe(401);
    token = 'new';
    expect((await send({ headers: withToken({}, 'new') })).status).toBe(202);
    expect((await send({ headers: withToken({}, 'old') })).status).toBe(401);
  });

  it('only what is posted', async () => {
    const { send, events } = scene();
    const response = await send({ method: 'GET' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    expect(events).toMatchObject([{ because: 'method' }]);
  });
});

describe('a repeated delivery', () => {
  it('wakes once, for ten minutes', async () => {
    const { send, woken, events, clock } = scene();
    const headers = withToken({ 'idempotency-key': 'a' });
    expect((await send({ headers })).status).toBe(202);
    await clock.advance(minutes(9));
    const response = await send({ headers });
    expect([response.status, await response.json()]).toEqual([
      200,
      { outcome: 'ignored', because: 'duplicate' },
    ]);
    expect(woken).toHaveLength(1);
    expect(events.at(-1)).toEqual({ outcome: 'ignored', because: 'duplicate' });
    expect((await send({ headers: withToken({ 'idempotency-key': 'b' }) })).status).toBe(202);
    await clock.advance(minutes(2));
    expect((await send({ headers })).status).toBe(202);
  });

  it('is known by the signed id, whatever the other says, and is too old afterwards', async () => {
    const { send, woken, clock } = scene();
    const body = jobBody();
    const replay = (key: string) => send({ headers: { ...signed(body), 'idempotency-key': key }, body });
    expect((await replay('a')).status).toBe(202);
    expect((await replay('b')).status).toBe(200);
    await clock.advance(minutes(11));
    expect((await replay('c')).status).toBe(401);
    expect(woken).toHaveLength(1);
  });

  it('counts as new when the first was broken, or could not wake', async () => {
    let failing = true;
    const { send } = scene({
      wake: async () => {
        if (failing) throw new Error('queue is down');
      },
    });
    const headers = withToken({ 'idempotency-key': 'a' });
    expect((await send({ headers, body: '{' })).status).toBe(400);
    await expect(send({ headers })).rejects.toThrow('queue is down');
    failing = false;
    expect((await send({ headers })).status).toBe(202);
  });

  it('wakes again where deliveries have no id', async () => {
    const { send, woken } = scene();
    await send();
    await send();
    expect(woken).toHaveLength(2);
  });
});
