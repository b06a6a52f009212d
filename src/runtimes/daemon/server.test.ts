import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { serve } from './server.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };

describe('a server', () => {
  it('answers, and tells the handler who asks', async () => {
    await using server = await serve(
      async (request, remote) =>
        Response.json({ method: request.method, body: await request.text(), remote }),
      LOOPBACK,
      'tests',
    );
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const answer = await fetch(`${server.url}/webhook`, { method: 'POST', body: 'hello' });
    expect(await answer.json()).toEqual({ method: 'POST', body: 'hello', remote: '127.0.0.1' });
  });

  it('says who else listens there, for what it was needed, and what to do', async () => {
    await using first = await serve(() => new Response('first'), LOOPBACK, 'tests');
    const port = Number(new URL(first.url).port);
    await expect(
      serve(() => new Response('second'), { host: '127.0.0.1', port }, 'the status API'),
    ).rejects.toThrow(
      new RegExp(
        `^listening on 127\\.0\\.0\\.1:${port} for the status API: .*EADDRINUSE.*; ` +
          'another process listens there: end it, or change the address in the configuration$',
      ),
    );
    expect(await (await fetch(first.url)).text()).toBe('first');
  });

  it('says what to do about an address that is not of this machine', async () => {
    await expect(serve(() => new Response(), { host: '203.0.113.7', port: 0 }, 'webhooks')).rejects.toThrow(
      /^listening on 203\.0\.113\.7:0 for webhooks: .*EADDRNOTAVAIL.*; change the address in the configuration$/,
    );
  });

  it('answers 500 where a handler fails, and goes on', async () => {
    let calls = 0;
    await using server = await serve(
      () => {
        calls += 1;
        if (calls === 1) throw new Error('boom');
        return new Response('fine');
      },
      LOOPBACK,
      'tests',
    );
    const failed = await fetch(server.url);
    expect(failed.status).toBe(500);
    expect(await failed.text()).not.toContain('boom');
    expect(await (await fetch(server.url)).text()).toBe('fine');
  });

  it('closes at once, whatever connections are open', async () => {
    const server = await serve(() => new Response('fine'), LOOPBACK, 'tests');
    const { port } = new URL(server.url);
    const idle = connect(Number(port), '127.0.0.1');
    await once(idle, 'connect');
    const ended = once(idle, 'close');
    // Whether it ends with a reset or an end is the system's.
    idle.on('error', () => undefined);
    await server[Symbol.asyncDispose]();
    await ended;
    await expect(fetch(server.url)).rejects.toThrow('fetch failed');
  });
});
