import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';

/** One request to GitLab. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const ATTEMPTS = 5;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 60_000;

/** Sends a request; up to five times while GitLab is failing or asks to slow down. Rejects when there is no answer. */
export async function sendWithRetries(request: HttpRequest): Promise<HttpReply> {
  for (let attempt = 1; ; attempt += 1) {
    const reply = await send(request);
    if (attempt === ATTEMPTS || !isPassing(reply.status)) return reply;
    await pause(pauseBefore(attempt, reply.headers), undefined, { signal: request.signal });
  }
}

function isPassing(status: number): boolean {
  return [408, 429, 500, 502, 503, 504].includes(status) || status >= 512;
}

function pauseBefore(attempt: number, headers: IncomingHttpHeaders): number {
  const asked = Number(headers['retry-after']);
  if (asked > 0) return Math.min(asked * 1000, LONGEST_PAUSE);
  const longest = Math.min(FIRST_PAUSE * 2 ** attempt, LONGEST_PAUSE);
  return FIRST_PAUSE + Math.random() * (longest - FIRST_PAUSE);
}

function send(request: HttpRequest): Promise<HttpReply> {
  const start = request.url.startsWith('https:') ? httpsRequest : httpRequest;
  const headers = { ...request.headers, 'content-length': String(request.body.length) };
  return new Promise((resolve, reject) => {
    const outgoing = start(request.url, { method: request.method, headers, signal: request.signal });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(parts).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    outgoing.end(request.body);
  });
}
