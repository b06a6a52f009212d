import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { until } from '../../../../test/support/until.ts';
import type { PipelineRef } from '../../../controller/ports.ts';
import { minutes, seconds } from '../../../engine/time.ts';
import { VirtualClock } from '../../memory/clock.ts';
import { createWebhook } from './webhook.ts';
import type { WebhookEvent } from './webhook-event.ts';

const KEY = Buffer.alloc(32, 7);
const URL = 'https://runtide.example/webhook';
const RIGHT_TOKEN = { 'x-gitlab-event': 'Job Hook', 'x-gitlab-token': 'right' };
const MIB = 1024 * 1024;
const CHUNK = new Uint8Array(65_536);
const JOB = JSON.stringify({ object_kind: 'build', project_id: 7, pipeline_id: 1, build_status: 'pending' });

function scene() {
  const clock = new VirtualClock();
  const woken: PipelineRef[] = [];
  const events: WebhookEvent[] = [];
  const webhook = createWebhook({
    secrets: () => ({ token: 'right', signingToken: `whsec_${KEY.toString('base64')}` }),
    clock,
    wake: (ref) => void woken.push(ref),
    note: (event) => void events.push(event),
    watches: () => true,
  });
  const post = (
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
    remote = '192.0.2.1',
  ) => webhook(new Request(URL, { method: 'POST', headers, body }), remote);
  const signedPost = (id: string, remote: string, body = JOB) =>
    post(body, headersOfSignature(id, body, clock.now()), remote);
  const reasons = () => events.map((event) => ('because' in event ? event.because : event.outcome));
  return { clock, webhook, post, signedPost, woken, events, reasons };
}

function headersOfSignature(id: string, body: string, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const signature = createHmac('sha256', KEY).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

/** A job event of that many bytes. */
function ofSize(bytes: number): string {
  const rest = JSON.stringify({ ...JSON.parse(JOB), padding: '' }).length;
  return JSON.stringify({ ...JSON.parse(JOB), padding: 'x'.repeat(bytes - rest) });
}

/** A request whose body comes chunk by chunk, what became of its stream, and how it ends with a job. */
function streamed(
  pull: (controller: ReadableStreamDefaultController<Uint8Array>) => void,
  headers: Record<string, string> = RIGHT_TOKEN,
) {
  let feed: ReadableStreamDefaultController<Uint8Array> | undefined;
  const seen = { pulled: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        feed = controller;
      },
      pull: (controller) => {
        seen.pulled += 1;
        pull(controller);
      },
      cancel: () => {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const request = new Request(URL, { method: 'POST', headers, body, duplex: 'half' });
  const finish = (): void => {
    feed?.enqueue(new TextEncoder().encode(JOB));
    feed?.close();
  };
  return { request, seen, finish };
}

describe('a body', () => {
  it('of more than GitLab sends, by its own word, is refused unread', async () => {
    const { webhook, reasons } = scene();
    const { request, seen } = streamed((controller) => controller.enqueue(CHUNK));
    request.headers.set('content-length', String(25 * MIB + 1));
    const response = await webhook(request, '192.0.2.1');
    expect([response.status, seen.pulled, reasons()]).toEqual([413, 0, ['too-large']]);
  });

  it('without end is refused, and not read on', async () => {
    const { webhook, reasons } = scene();
    const { request, seen } = streamed((controller) => controller.enqueue(CHUNK));
    expect((await webhook(request, '192.0.2.1')).status).toBe(413);
    expect(seen).toEqual({ pulled: (25 * MIB) / CHUNK.length + 1, cancelled: true });
    expect(reasons()).toEqual(['too-large']);
  });

  it('of somebody who has yet to prove himself is read to 2 MiB', async () => {
    const { clock, webhook, signedPost } = scene();
    const endless = () =>
      streamed((controller) => controller.enqueue(CHUNK), headersOfSignature('msg', '', clock.now()));
    const stranger = endless();
    expect((await webhook(stranger.request, '192.0.2.1')).status).toBe(413);
    expect(stranger.seen).toEqual({ pulled: (2 * MIB) / CHUNK.length + 1, cancelled: true });
    const announced = endless();
    announced.request.headers.set('content-length', String(2 * MIB + 1));
    expect((await webhook(announced.request, '192.0.2.1')).status).toBe(413);
    expect(announced.seen.pulled).toBe(0);
    expect((await signedPost('msg_0', '192.0.2.1', ofSize(2 * MIB))).status).toBe(202);
  });

  it('of 25 MiB is read from an address whose signature was right before', async () => {
    const { signedPost, woken } = scene();
    expect((await signedPost('msg_0', '192.0.2.1')).status).toBe(202);
    expect((await signedPost('msg_1', '192.0.2.1', ofSize(25 * MIB))).status).toBe(202);
    expect((await signedPost('msg_2', '192.0.2.2', ofSize(25 * MIB))).status).toBe(413);
    expect(woken).toHaveLength(2);
  });

  it('that is large waits for others that are, and small ones pass by', async () => {
    const { webhook, post, woken } = scene();
    const held = Array.from({ length: 5 }, () => streamed(() => undefined));
    const answers = held.map(({ request }) => webhook(request, '192.0.2.1'));
    await until(() => held.filter(({ seen }) => seen.pulled > 0).length === 4);
    expect((await post(JOB, { ...RIGHT_TOKEN, 'content-length': String(JOB.length) })).status).toBe(202);
    expect(held.at(-1)?.seen.pulled).toBe(0);
    held[0]?.finish();
    await until(() => held.at(-1)?.seen.pulled === 1);
    for (const { finish } of held.slice(1)) finish();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    expect(woken).toHaveLength(6);
  });

  it('that does not come is given up', async () => {
    const { clock, webhook, reasons } = scene();
    const { request, seen } = streamed((controller) => {
      if (seen.pulled === 1) controller.enqueue(new TextEncoder().encode('{'));
    });
    const answer = webhook(request, '192.0.2.1');
    await clock.advance(seconds(10));
    expect((await answer).status).toBe(408);
    expect(seen.cancelled).toBe(true);
    expect(reasons()).toEqual(['too-slow']);
  });

  it('that breaks off is refused', async () => {
    const { webhook, reasons } = scene();
    const { request } = streamed((controller) => controller.error(new Error('connection lost')));
    expect((await webhook(request, '192.0.2.1')).status).toBe(400);
    expect(reasons()).toEqual(['cut-off']);
  });

  it('leaves nothing of itself in what is noted', async () => {
    const { post, events } = scene();
    const full = { ...JSON.parse(JOB), commit: { message: 'hush' }, user: { name: 'hush' } };
    await post(JSON.stringify(full), RIGHT_TOKEN);
    await post(JSON.stringify({ ...full, build_status: 'hush hush' }), RIGHT_TOKEN);
    await post('hush', RIGHT_TOKEN);
    await post(JSON.stringify({ ...full, object_kind: 'hush' }), RIGHT_TOKEN);
    expect(events).toHaveLength(4);
    expect(JSON.stringify(events)).not.toContain('hush');
  });
});

describe('a flood', () => {
  const wrong = { ...RIGHT_TOKEN, 'x-gitlab-token': 'wrong' };

  it('is held back, while requests with the right token pass from the same address', async () => {
    const { post, reasons, woken } = scene();
    for (let index = 0; index < 100; index++) await post(JOB, wrong);
    expect(reasons().filter((because) => because === 'wrong-token')).toHaveLength(20);
    expect(reasons().filter((because) => because === 'throttled')).toHaveLength(80);
    const held = await post(JOB, wrong);
    expect([held.status, held.headers.get('retry-after')]).toEqual([429, '60']);
    for (let index = 0; index < 100; index++) expect((await post(JOB, RIGHT_TOKEN)).status).toBe(202);
    expect(woken).toHaveLength(100);
  });

  it('ends', async () => {
    const { post, clock } = scene();
    for (let index = 0; index < 100; index++) await post(JOB, wrong);
    await clock.advance(minutes(1));
    expect((await post(JOB, wrong)).status).toBe(401);
  });

  it('from many addresses does not shut out a signature from an address that has proved itself', async () => {
    const { post, signedPost, reasons } = scene();
    expect((await signedPost('msg_0', '192.0.2.9')).status).toBe(202);
    for (let index = 0; index < 300; index++) await post(JOB, wrong, `198.51.100.${index}`);
    expect(reasons().filter((because) => because === 'throttled').length).toBeGreaterThan(90);
    for (let index = 1; index <= 50; index++) {
      expect((await signedPost(`msg_${index}`, '192.0.2.9')).status).toBe(202);
    }
    expect((await post(JOB, wrong, '192.0.2.9')).status).toBe(429);
    expect((await signedPost('msg_new', '203.0.113.1')).status).toBe(429);
  });
});
