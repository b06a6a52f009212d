import { createServer, type RequestListener, type Server } from 'node:http';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { isPortError, type PortError } from '../../../controller/errors.ts';
import { milliseconds, seconds } from '../../../engine/time.ts';
import { isConnectionReset } from './errors.ts';
import { send } from './transport.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(answer: RequestListener): Promise<URL> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return new URL(`http://127.0.0.1:${address.port}/thing`);
}

interface Fields {
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly token?: string;
}

function sendTo(url: URL, { timeout = seconds(20), signal, token = 'glpat-secret' }: Fields = {}) {
  return send(
    { timeout: milliseconds(timeout), maxBytes: 1_000_000, fetch },
    {
      doing: 'reading the thing',
      needs: 'the scope read_api',
      path: '/thing',
      signal: signal ?? new AbortController().signal,
    },
    { method: 'GET', url, headers: { 'private-token': token }, secrets: [token] },
  );
}

async function failure(running: Promise<unknown>): Promise<PortError> {
  try {
    await running;
  } catch (error) {
    if (isPortError(error)) return error;
    throw error;
  }
  throw new Error('expected a failure');
}

describe('one request', () => {
  it('answers whatever the status', async () => {
    const url = await listen((_request, response) => response.writeHead(418).end('teapot'));
    const answer = await sendTo(url);
    expect([answer.status, answer.text]).toEqual([418, 'teapot']);
  });

  it('does not follow a redirect', async () => {
    const url = await listen((_request, response) =>
      response.writeHead(302, { location: '/elsewhere' }).end(),
    );
    expect((await sendTo(url)).status).toBe(302);
  });

  it('gives up an answer that is too large', async () => {
    const url = await listen((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    const error = await failure(sendTo(url));
    expect(error.kind).toBe('invalid-answer');
    expect(error.message).toContain('too large: more than 1000000 bytes');
  });

  it('is unreachable where nobody listens', async () => {
    const error = await failure(sendTo(new URL('http://127.0.0.1:1/thing')));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toMatch(/^reading the thing: no answer from http:\/\/127\.0\.0\.1:1 \(/);
    expect(isConnectionReset(error.details.cause)).toBe(false);
  });

  it.each<[string, RequestListener]>([
    ['no answer', () => undefined],
    ['no end of its answer', (_request, response) => void response.writeHead(200).write('{"name":')],
  ])('is unreachable when there is %s in time', async (_name, answer) => {
    const url = await listen(answer);
    const error = await failure(sendTo(url, { timeout: 40 }));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toContain(`no whole answer from ${url.origin} within 40 ms`);
  });

  it.each<[string, RequestListener]>([
    ['before', (request) => request.socket.destroy()],
    [
      'within',
      (request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{', () => request.socket.destroy());
      },
    ],
  ])('knows a connection that breaks %s the answer', async (_name, answer) => {
    const error = await failure(sendTo(await listen(answer)));
    expect(error.kind).toBe('unreachable');
    expect(isConnectionReset(error.details.cause)).toBe(true);
  });

  it('ends when the caller gives up', async () => {
    const caller = new AbortController();
    const url = await listen(() => caller.abort());
    expect((await failure(sendTo(url, { signal: caller.signal }))).message).toContain('cancelled');
  });

  it('does not repeat a token that no header may carry', async () => {
    const error = await failure(sendTo(new URL('http://127.0.0.1:1'), { token: 'glpat-secret\nx' }));
    expect(error.kind).toBe('unauthorized');
    expect(inspect(error, { depth: 10 })).not.toContain('glpat-secret');
  });
});
