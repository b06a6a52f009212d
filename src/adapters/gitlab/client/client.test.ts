import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { call, failure, gitLab, json, text, TOKEN } from '../../../../test/support/scripted-gitlab.ts';
import type { Clock } from '../../../controller/ports.ts';
import { after, minutes, seconds } from '../../../engine/time.ts';

const NAMED = z.object({ name: z.string() });
const NUMBERS = z.array(z.int());

describe('a request', () => {
  it('goes below the relative root, with token and User-Agent', async () => {
    const lab = await gitLab(json({ name: 'a', more: 1 }));
    const client = lab.client({ url: `${lab.url}/git/lab/` });
    expect(await client.get({ ...call(), query: [['scope[]', 'a b']] }, NAMED)).toEqual({ name: 'a' });
    const [request] = lab.requests;
    expect(request?.url).toBe('/git/lab/api/v4/thing?scope%5B%5D=a+b');
    expect(request?.headers).toMatchObject({ 'private-token': TOKEN, 'user-agent': 'runtide/1.2.3' });
  });

  it('leaves out a password in the URL, so that no error can repeat it', async () => {
    const lab = await gitLab((request) => request.socket.destroy());
    const error = await failure(
      lab.client({ url: lab.url.replace('//', '//me:hunter2@') }).get(call(), NAMED),
    );
    expect(error.kind).toBe('unreachable');
    expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
  });

  it('asks for the token each time', async () => {
    const lab = await gitLab(json({ name: 'a' }));
    const tokens = ['first', 'second'];
    const client = lab.client({ token: () => tokens.shift() ?? '' });
    await client.get(call(), NAMED);
    await client.get(call(), NAMED);
    expect(lab.requests.map(({ headers }) => headers['private-token'])).toEqual(['first', 'second']);
  });

  it('follows a moved project within the API, with the token', async () => {
    const lab = await gitLab(
      (_request, response) => response.writeHead(301, { location: '/api/v4/other?x=1' }).end(),
      json({ name: 'moved' }),
    );
    expect(await lab.client().get(call(), NAMED)).toEqual({ name: 'moved' });
    expect(lab.requests[1]?.url).toBe('/api/v4/other?x=1');
    expect(lab.requests[1]?.headers['private-token']).toBe(TOKEN);
  });

  it.each([
    'http://127.0.0.1:9/api/v4/thing?secret=1',
    '/users/sign_in?secret=1',
    '/api/v4/../v5/thing?secret=1',
  ])('does not follow a redirect to %s', async (location) => {
    const lab = await gitLab((_request, response) => response.writeHead(302, { location }).end());
    const error = await failure(lab.client().get(call(), NAMED));
    expect(error.kind).toBe('invalid-answer');
    expect(error.message).toMatch(/redirects to http:\/\/127\.0\.0\.1:\d+\/[\w/]+: set the URL/);
    expect(error.message).not.toContain('secret');
    expect(lab.requests).toHaveLength(1);
  });

  it('gives up redirects in a circle', async () => {
    const lab = await gitLab((_request, response) =>
      response.writeHead(302, { location: '/api/v4/thing' }).end(),
    );
    expect((await failure(lab.client().get(call(), NAMED))).message).toContain('more than 3 redirects');
  });
});

function link(href: string, rel = 'next'): { link: string } {
  return { link: `<${href}>; rel="first", <${href}>; rel="${rel}"` };
}

describe('a list', () => {
  it('follows the links to its end', async () => {
    const lab = await gitLab(
      json([1, 2], 200, link('/api/v4/thing?cursor=abc&scope%5B%5D=pending')),
      json([3], 200, link('/api/v4/thing?page=1', 'last')),
    );
    expect(await lab.client().list(call(), NUMBERS)).toEqual([1, 2, 3]);
    expect(lab.requests.map(({ url }) => url)).toEqual([
      '/api/v4/thing',
      '/api/v4/thing?cursor=abc&scope%5B%5D=pending',
    ]);
  });

  it('stays at the configured address whatever a link names', async () => {
    const lab = await gitLab(json([1], 200, link('https://evil.example/steal?cursor=2')), json([2]));
    expect(await lab.client().list(call(), NUMBERS)).toEqual([1, 2]);
    expect(lab.requests[1]?.url).toBe('/api/v4/thing?cursor=2');
  });

  it('counts pages where a proxy drops the links', async () => {
    const lab = await gitLab(json([1], 200, { 'x-next-page': '2' }), json([2], 200, { 'x-next-page': '' }));
    expect(await lab.client().list({ ...call(), query: [['per_page', '1']] }, NUMBERS)).toEqual([1, 2]);
    expect(lab.requests[1]?.url).toBe('/api/v4/thing?per_page=1&page=2');
  });

  it('does not go round in circles', async () => {
    const lab = await gitLab(json([1], 200, link('/api/v4/thing?page=2')));
    const error = await failure(lab.client().list(call(), NUMBERS));
    expect(error.kind).toBe('invalid-answer');
    expect(error.message).toContain('the next page is this page');
    expect(lab.requests).toHaveLength(2);
  });

  it('fails as a whole when a later page fails', async () => {
    const lab = await gitLab(
      json([1], 200, link('/api/v4/thing?page=2')),
      json({ message: '403 Forbidden' }, 403),
    );
    expect((await failure(lab.client().list(call(), NUMBERS))).kind).toBe('unauthorized');
  });
});

describe('retries', () => {
  const ok = json({ name: 'fine' });

  it.each([500, 502, 503, 504])('heal a %s', async (status) => {
    const lab = await gitLab(text('', status), text('', status), ok);
    expect(await lab.client().get(call(), NAMED)).toEqual({ name: 'fine' });
    expect(lab.clock.sleeps).toEqual([1000, 2000]);
  });

  it('heal a connection that breaks before and within the answer', async () => {
    const lab = await gitLab(
      (request) => request.socket.destroy(),
      (request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
        response.write('{', () => request.socket.destroy());
      },
      ok,
    );
    expect(await lab.client().get(call(), NAMED)).toEqual({ name: 'fine' });
    expect(lab.clock.sleeps).toEqual([1000, 2000]);
  });

  it('are at most two', async () => {
    const lab = await gitLab((request) => request.socket.destroy());
    expect((await failure(lab.client().get(call(), NAMED))).kind).toBe('unreachable');
    expect(lab.requests).toHaveLength(3);
  });

  it('wait as long as Retry-After says, if that is short', async () => {
    const lab = await gitLab(text('Retry later', 429, { 'retry-after': '4' }), ok);
    expect(await lab.client().get(call(), NAMED)).toEqual({ name: 'fine' });
    expect(lab.clock.sleeps).toEqual([4000]);
  });

  it('do not come for a long Retry-After of a failing GitLab', async () => {
    const lab = await gitLab(text('maintenance', 503, { 'retry-after': '120' }), ok);
    const error = await failure(lab.client().get(call(), NAMED));
    expect(error.details).toMatchObject({ kind: 'unavailable', retryAfter: 120_000 });
    expect(lab.requests).toHaveLength(1);
  });

  it('never come for what is refused', async () => {
    const lab = await gitLab(json({ message: '403 Forbidden' }, 403));
    await failure(lab.client().get(call(), NAMED));
    expect(lab.requests).toHaveLength(1);
  });
});

describe('throttling', () => {
  it('leaves GitLab alone until the time it asked for is over', async () => {
    const lab = await gitLab(text('Retry later\n', 429, { 'retry-after': '30' }), json({ name: 'fine' }));
    const client = lab.client();
    const first = await failure(client.get(call(), NAMED));
    expect(first.details).toMatchObject({ kind: 'throttled', retryAfter: 30_000, requestId: '01REQ1' });
    expect(first.message).toContain('429: Retry later (request');

    lab.clock.time = after(lab.clock.time, seconds(29));
    const second = await failure(client.get(call(), NAMED));
    expect(second.details).toMatchObject({ kind: 'throttled', retryAfter: 1000, requestId: '01REQ1' });
    const third = await failure(client.deleteAsRunner(call(), { token: 'glrt-x', system_id: 'r_1' }));
    expect(third.kind).toBe('throttled');
    expect(lab.requests).toHaveLength(1);

    lab.clock.time = after(lab.clock.time, seconds(1));
    expect(await client.get(call(), NAMED)).toEqual({ name: 'fine' });
  });

  it('lasts a minute where GitLab does not say, and an hour at most', async () => {
    const untold = await gitLab(text('Retry later', 429));
    expect((await failure(untold.client().get(call(), NAMED))).details.retryAfter).toBe(minutes(1));
    expect(untold.requests).toHaveLength(3);
    const absurd = await gitLab(text('Retry later', 429, { 'retry-after': '99999999999' }));
    expect((await failure(absurd.client().get(call(), NAMED))).details.retryAfter).toBe(minutes(60));
  });
});

describe('giving up', () => {
  it('ends the wait for another try', async () => {
    const caller = new AbortController();
    const lab = await gitLab(text('busy', 503));
    const impatient: Clock = { now: () => lab.clock.now(), sleep: async () => caller.abort() };
    const error = await failure(lab.client({ clock: impatient }).get(call(caller.signal), NAMED));
    expect(error.message).toContain('cancelled');
    expect(lab.requests).toHaveLength(1);
  });
});

describe('deleting as a runner', () => {
  it("sends the runner's token in the body and the access token not at all", async () => {
    const bodies: string[] = [];
    const lab = await gitLab((request, response) => {
      request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      request.on('end', () => response.writeHead(204).end());
    });
    await lab.client().deleteAsRunner(call(), { token: 'glrt-secret', system_id: 'r_1' });
    const [request] = lab.requests;
    expect([request?.method, request?.url]).toEqual(['DELETE', '/api/v4/thing']);
    expect(request?.headers['content-type']).toBe('application/json');
    expect(request?.headers['private-token']).toBeUndefined();
    expect(bodies.map((body) => JSON.parse(body))).toEqual([{ token: 'glrt-secret', system_id: 'r_1' }]);
  });

  it('is not repeated, and its error holds no token', async () => {
    const lab = await gitLab(json({ message: 'glrt-secret is broken' }, 500));
    const error = await failure(
      lab.client().deleteAsRunner(call(), { token: 'glrt-secret', system_id: 'r_1' }),
    );
    expect(error.kind).toBe('unavailable');
    expect(inspect(error)).not.toContain('glrt-secret');
    expect(lab.requests).toHaveLength(1);
  });
});
