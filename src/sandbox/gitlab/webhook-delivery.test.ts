import { createHmac } from 'node:crypto';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { closeDouble, gitlabDouble } from '../../../test/support/gitlab-double.ts';
import { job } from '../../../test/support/gitlab-world.ts';
import { until } from '../../../test/support/until.ts';
import { milliseconds, minutes, seconds } from '../../engine/time.ts';

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

const KEY = Buffer.alloc(32, 7);
const SIGNING_TOKEN = `whsec_${KEY.toString('base64')}`;

let started: Awaited<ReturnType<typeof gitlabDouble>>;
let receiver: Server;
let received: Received[];
let answer: (response: ServerResponse) => void;

const plainly = (status: number) => (response: ServerResponse) => {
  response.writeHead(status).end();
};

beforeEach(async () => {
  started = await gitlabDouble();
  received = [];
  answer = plainly(200);
  receiver = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => (text += part));
    request.on('end', () => {
      received.push({ headers: request.headers, text });
      answer(response);
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});

afterEach(async () => {
  await closeDouble(started);
  receiver.closeAllConnections();
  receiver.close();
});

async function hook(settings: object = {}): Promise<void> {
  const address = receiver.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const body = { url: `http://127.0.0.1:${port}/hooks`, job_events: true, push_events: false, ...settings };
  const response = await started.api('POST', '/projects/1/hooks', body);
  expect(response.status).toBe(201);
}

const told = z.object({ build_name: z.string(), build_status: z.string() });
const bodies = (): unknown[] => received.map(({ text }) => JSON.parse(text));
const status = async (): Promise<unknown> => {
  const response = await started.api('GET', '/projects/1/hooks/1');
  return z.object({ alert_status: z.string() }).parse(await response.json()).alert_status;
};

/** Sends one delivery: an old one again. */
async function sendOne(): Promise<void> {
  const [first] = started.double.deliveries.recent();
  if (first === undefined) throw new Error('nothing was sent yet');
  started.double.deliveries.resend(first);
  await started.double.deliveries.settled();
}

describe('a delivery', () => {
  it('tells every status but the silent ones, with the whole payload', async () => {
    await hook();
    started.pipeline([job('one', { stage: 'a', tags: ['linux'] }), job('two', { stage: 'b' })], ['a', 'b']);
    started.run('failed');
    await started.double.deliveries.settled();
    const statuses = bodies().map((body) => {
      const { build_name: name, build_status: state } = told.parse(body);
      return `${name} ${state}`;
    });
    expect(statuses.toSorted()).toEqual([
      'one created',
      'one failed',
      'one pending',
      'one running',
      'two created',
    ]);
    expect(bodies()).toContainEqual({
      object_kind: 'build',
      ref: 'main',
      tag: false,
      before_sha: '0'.repeat(40),
      sha: expect.stringMatching(/^[0-9a-f]{40}$/),
      retries_count: 0,
      build_id: 1,
      build_name: 'one',
      build_stage: 'a',
      build_status: 'running',
      build_created_at: '2026-01-05 08:00:00 UTC',
      build_started_at: '2026-01-05 08:00:00 UTC',
      build_finished_at: null,
      build_created_at_iso: '2026-01-05T08:00:00Z',
      build_started_at_iso: '2026-01-05T08:00:00Z',
      build_finished_at_iso: null,
      build_duration: 0,
      build_queued_duration: 0,
      build_allow_failure: false,
      build_failure_reason: 'unknown_failure',
      pipeline_id: 1,
      runner: {
        id: 1,
        description: '',
        runner_type: 'instance_type',
        active: true,
        is_shared: true,
        tags: ['linux'],
      },
      project_id: 1,
      project_name: 'acme / web',
      user: expect.objectContaining({ username: 'sandbox' }),
      commit: expect.objectContaining({ id: 1, status: 'running', started_at_iso: '2026-01-05T08:00:00Z' }),
      repository: expect.objectContaining({ name: 'web' }),
      project: expect.objectContaining({ id: 1, path_with_namespace: 'acme/web' }),
      environment: null,
    });
    expect(started.double.deliveries.counts()).toEqual({ delivered: 5, rejected: 0, dropped: 0 });
  });

  it('carries the headers of GitLab and the secret token', async () => {
    await hook({ token: 'a secret', custom_headers: [{ key: 'X-Pool', value: 'linux' }] });
    started.pipeline([job('one')]);
    await started.double.deliveries.settled();
    expect(received[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'GitLab/19.5.0',
      'x-gitlab-event': 'Job Hook',
      'x-gitlab-token': 'a secret',
      'x-gitlab-instance': started.double.url,
      'x-pool': 'linux',
    });
    const keys = received.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(2);
    expect(received[0]?.headers['webhook-signature']).toBeUndefined();
  });

  it('is signed as Standard Webhooks say', async () => {
    await hook({ signing_token: SIGNING_TOKEN });
    started.pipeline([job('one')]);
    await started.double.deliveries.settled();
    for (const { headers, text } of received) {
      const id = String(headers['webhook-id']);
      const timestamp = String(headers['webhook-timestamp']);
      expect(id).toBe(headers['idempotency-key']);
      expect(timestamp).toBe(String(started.timers.now() / 1000));
      const expected = createHmac('sha256', KEY)
        .update(Buffer.from(`${id}.${timestamp}.${text}`))
        .digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${expected}`);
      expect(headers['x-gitlab-token']).toBeUndefined();
    }
    expect(received).toHaveLength(2);
  });

  it('keeps its key when it is sent again, and nothing else of its own', async () => {
    await hook();
    started.pipeline([job('one')]);
    await started.double.deliveries.settled();
    const [first] = started.double.deliveries.recent();
    await sendOne();
    const again = received.filter(({ headers }) => headers['idempotency-key'] === first?.idempotencyKey);
    expect(again).toHaveLength(2);
    expect(again[0]?.text).toBe(again[1]?.text);
    expect(again[0]?.headers['x-gitlab-event-uuid']).toBe(again[1]?.headers['x-gitlab-event-uuid']);
    expect(again[0]?.headers['x-gitlab-webhook-uuid']).not.toBe(again[1]?.headers['x-gitlab-webhook-uuid']);
  });

  it('goes only to hooks of the project that want job events', async () => {
    const other = started.gitlab.addProject({ path: 'acme/other' });
    await hook({ job_events: false, push_events: true });
    started.gitlab.createPipeline(other.id, { stages: ['test'], jobs: [job('one')] });
    started.pipeline([job('two')]);
    await started.double.deliveries.settled();
    expect(received).toEqual([]);
  });

  it('accepts a redirect without following it', async () => {
    await hook();
    answer = (response) => response.writeHead(302, { location: '/elsewhere' }).end();
    started.pipeline([job('one')]);
    await started.double.deliveries.settled();
    expect(started.double.deliveries.counts()).toEqual({ delivered: 2, rejected: 0, dropped: 0 });
    expect(received).toHaveLength(2);
  });

  it('is given up after ten seconds', async () => {
    await hook();
    answer = () => undefined;
    started.pipeline([job('one')]);
    await until(() => received.length === 2);
    await started.timers.advance(seconds(10));
    await started.double.deliveries.settled();
    expect(started.double.deliveries.counts()).toEqual({ delivered: 0, rejected: 2, dropped: 0 });
  });

  it('is cut off when the double closes', async () => {
    await hook();
    answer = () => undefined;
    started.pipeline([job('one')]);
    await until(() => received.length === 2);
    await started.double.close();
    expect(started.double.deliveries.counts()).toEqual({ delivered: 0, rejected: 0, dropped: 0 });
    started = await gitlabDouble();
  });

  it('is dropped silently where asked', async () => {
    const dropping = await gitlabDouble({ dropWebhooks: true });
    await dropping.api('POST', '/projects/1/hooks', { url: 'http://127.0.0.1:9/', job_events: true });
    dropping.pipeline([job('one')]);
    expect(dropping.double.deliveries.counts()).toEqual({ delivered: 0, rejected: 0, dropped: 2 });
    await closeDouble(dropping);
  });
});

describe('a hook whose receiver fails', () => {
  it('is paused at the fourth failure, ever longer, and comes back with a success', async () => {
    await hook();
    answer = plainly(500);
    started.pipeline([job('one')]);
    await started.double.deliveries.settled();
    await sendOne();
    expect(await status()).toBe('executable');
    await sendOne();
    expect(await status()).toBe('temporarily_disabled');
    await sendOne();
    expect(started.double.deliveries.counts()).toEqual({ delivered: 0, rejected: 4, dropped: 1 });
    await started.timers.advance(milliseconds(minutes(1) + 1));
    await sendOne();
    await started.timers.advance(minutes(1));
    expect(await status()).toBe('temporarily_disabled');
    await started.timers.advance(milliseconds(minutes(1) + 1));
    answer = plainly(204);
    await sendOne();
    expect(await status()).toBe('executable');
    expect(started.gitlab.hooks.find(1)).toMatchObject({ failures: 0, disabledUntil: undefined });
  });

  it('is paused for good at the fortieth', async () => {
    await hook();
    answer = plainly(401);
    started.pipeline([job('one')]);
    await started.double.deliveries.settled();
    for (let failures = 2; failures < 40; failures += 1) {
      await sendOne();
      await started.timers.advance(milliseconds(minutes(24 * 60) + 1));
    }
    expect(await status()).toBe('disabled');
    await sendOne();
    expect(started.double.deliveries.counts()).toEqual({ delivered: 0, rejected: 40, dropped: 1 });
  });

  it('may be one that does not listen', async () => {
    await hook();
    receiver.close();
    await once(receiver, 'close');
    started.pipeline([job('one')]);
    await started.double.deliveries.settled();
    expect(started.double.deliveries.counts()).toEqual({ delivered: 0, rejected: 2, dropped: 0 });
  });
});
