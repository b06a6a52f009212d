import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PipelineRef } from '../../controller/ports.ts';
import { minutes, seconds } from '../../engine/time.ts';
import { VirtualClock } from '../memory/clock.ts';
import { createWebhook } from './webhook.ts';
import type { WebhookEvent } from './webhook-event.ts';

const KEY = Buffer.alloc(32, 7);
const URL = 'https://runtide.example/webhook';
const RIGHT_TOKEN = { 'x-gitlab-event': 'Job Hook', 'x-gitlab-token': 'right' };
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
  const signedPost = (id: string, remote: string) => {
    const timestamp = String(Math.floor(clock.now() / 1000));
    const signature = createHmac('sha256', KEY).update(`${id}.${timestamp}.${JOB}`).digest('base64');
    return post(
      JOB,
      { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` },
      remote,
    );
  };
  const reasons = () => events.map((event) => ('because' in event ? event.because : event.outcome));
  return { clock, webhook, post, signedPost, woken, events, reasons };
}

/** A request whose body comes chunk by chunk, and what became of its stream. */
function streamed(pull: (controller: ReadableStreamDefaultController<Uint8Array>) => void) {
  const seen = { pulled: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
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
  const request = new Request(URL, { method: 'POST', headers: RIGHT_TOKEN, body, duplex: 'half' });
  return { request, seen };
}

describe('a body', () => {
  it('of 5 MB by its own word is refused unread', async () => {
    const { webhook, reasons } = scene();
    const { request, seen } = streamed((controller) => controller.enqueue(new Uint8Array(65_536)));
    request.headers.set('content-length', '5000000');
    const response = await webhook(request, '192.0.2.1');
    expect([response.status, seen.pulled, reasons()]).toEqual([413, 0, ['too-large']]);
  });

  it('without end is refused, and not read on', async () => {
    const { webhook, reasons } = scene();
    const { request, seen } = streamed((controller) => controller.enqueue(new Uint8Array(65_536)));
    expect((await webhook(request, '192.0.2.1')).status).toBe(413);
    expect(seen.cancelled).toBe(true);
    expect(seen.pulled).toBeLessThan(40);
    expect(reasons()).toEqual(['too-large']);
  });

  it('just below 2 MiB is read', async () => {
    const { post } = scene();
    const body = JSON.stringify({ ...JSON.parse(JOB), padding: 'x'.repeat(2 * 1024 * 1024 - 200) });
    expect((await post(body, RIGHT_TOKEN)).status).toBe(202);
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

  it(
    'may be anything: 20,000 of them break nothing, and wake only for a job',
    { timeout: 120_000 },
    async () => {
      const { post, woken } = scene();
      const id = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(null));
      const nearly = fc.record(
        {
          object_kind: fc.oneof(fc.constant('build'), fc.jsonValue()),
          project_id: id,
          pipeline_id: id,
          build_status: fc.oneof(fc.constantFrom('pending', 'created', '__proto__'), fc.jsonValue()),
          project: fc.jsonValue(),
          ['__proto__']: fc.jsonValue(),
        },
        { requiredKeys: [] },
      );
      const bodies = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.json(),
        nearly.map((document) => JSON.stringify(document)),
        fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
      );
      await fc.assert(
        fc.asyncProperty(bodies, async (body) => {
          const before = woken.length;
          const { status } = await post(body, RIGHT_TOKEN);
          const wakes = woken.slice(before);
          expect([200, 202, 400]).toContain(status);
          expect(wakes).toHaveLength(status === 202 ? 1 : 0);
          for (const { project, pipeline } of wakes) {
            expect(Number.isSafeInteger(project) && Number.isSafeInteger(pipeline)).toBe(true);
          }
        }),
        { numRuns: 20_000 },
      );
    },
  );

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
