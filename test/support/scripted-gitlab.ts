import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { afterEach } from 'vitest';
import { GitLabClient, type GitLabClientOptions } from '../../src/adapters/gitlab/client/client.ts';
import { isPortError, type PortError } from '../../src/controller/errors.ts';
import type { Clock } from '../../src/controller/ports.ts';
import { after, type Duration, type Instant, instant } from '../../src/engine/time.ts';

/** The access token of every client here. */
export const TOKEN = 'glpat-very-secret-token';

/** Sleeping takes no time but is written down. */
class RecordingClock implements Clock {
  time: Instant = instant(Date.UTC(2026, 0, 5));
  readonly sleeps: Duration[] = [];

  now(): Instant {
    return this.time;
  }

  async sleep(duration: Duration): Promise<void> {
    this.sleeps.push(duration);
    this.time = after(this.time, duration);
  }
}

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that is closed after the test; answers its address. */
export async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

/** How one request is answered. */
export type Step = (request: IncomingMessage, response: ServerResponse) => void;

/** A GitLab that plays the steps one request after the other, and repeats the last. */
export async function gitLab(...steps: Step[]) {
  const requests: IncomingMessage[] = [];
  const clock = new RecordingClock();
  const url = await listen((request, response) => {
    const step = steps[Math.min(requests.length, steps.length - 1)];
    requests.push(request);
    response.setHeader('x-request-id', `01REQ${requests.length}`);
    step?.(request, response);
  });
  const client = (options: Partial<GitLabClientOptions> = {}): GitLabClient =>
    new GitLabClient({ url, token: () => TOKEN, clock, version: '1.2.3', ...options });
  return { url, requests, clock, client };
}

/** Answers with a document. */
export function json(document: unknown, status = 200, headers: Record<string, string> = {}): Step {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(document));
  };
}

/** Answers with plain text. */
export function text(body: string, status: number, headers: Record<string, string> = {}): Step {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'text/plain', ...headers });
    response.end(body);
  };
}

/** Any call. */
export function call(signal: AbortSignal = new AbortController().signal) {
  return { doing: 'reading the thing', needs: 'the scope read_api', path: '/thing', signal };
}

/** The failure of what must fail. */
export async function failure(running: Promise<unknown>): Promise<PortError> {
  try {
    await running;
  } catch (error) {
    if (isPortError(error)) return error;
    throw error;
  }
  throw new Error('expected a failure');
}
