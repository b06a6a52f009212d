import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isPortError, type PortError } from '../../controller/errors.ts';
import { instant, type Duration } from '../../engine/time.ts';
import type { GitLabChange } from './call.ts';
import { GitLabClient } from './client.ts';

const TOKEN = 'glpat-very-secret-token';
const NAMED = z.object({ name: z.string() });

/** A connection that breaks. */
const BROKEN = Object.assign(new Error('fetch failed'), { code: 'ECONNRESET' });

/** A client whose requests get these answers one after the other, and the last again and again. */
function gitLab(...answers: readonly (() => Response)[]) {
  const requests: Request[] = [];
  const sleeps: Duration[] = [];
  const client = new GitLabClient({
    url: 'https://gitlab.example',
    token: () => TOKEN,
    clock: {
      now: () => instant(0),
      sleep: async (duration) => {
        sleeps.push(duration);
      },
    },
    version: '1.2.3',
    fetch: async (input, init) => {
      requests.push(new Request(input, init));
      const answer = answers[Math.min(requests.length, answers.length) - 1];
      return answer?.() ?? Promise.reject(BROKEN);
    },
  });
  return { client, requests, sleeps };
}

const json =
  (document: unknown, status = 200, headers: Record<string, string> = {}) =>
  (): Response =>
    Response.json(document, { status, headers });
const empty =
  (status: number, headers: Record<string, string> = {}) =>
  (): Response =>
    new Response(null, { status, headers });
const breaks = (): never => {
  throw BROKEN;
};

function change(method: GitLabChange['method'], body?: Record<string, unknown>): GitLabChange {
  const { signal } = new AbortController();
  const call = { doing: 'changing the thing', needs: 'the scope api', path: '/thing', signal };
  return { ...call, method, ...(body === undefined ? {} : { body }) };
}

async function failure(running: Promise<unknown>): Promise<PortError> {
  const error: unknown = await running.catch((thrown: unknown) => thrown);
  if (isPortError(error)) return error;
  throw new Error('expected a failure');
}

describe('a change', () => {
  it('sends JSON with the access token and reads the answer', async () => {
    const { client, requests } = gitLab(json({ name: 'made', more: 1 }, 201));
    expect(await client.change(change('POST', { tags: ['a'] }), NAMED)).toEqual({ name: 'made' });
    const [request] = requests;
    expect([request?.method, request?.url]).toEqual(['POST', 'https://gitlab.example/api/v4/thing']);
    expect(request?.headers.get('private-token')).toBe(TOKEN);
    expect(request?.headers.get('content-type')).toBe('application/json');
    expect(await request?.json()).toEqual({ tags: ['a'] });
  });

  it('needs neither body nor answer', async () => {
    const { client, requests } = gitLab(empty(204));
    expect(await client.change(change('DELETE'))).toBeUndefined();
    expect(requests[0]?.headers.get('content-type')).toBeNull();
  });

  it.each(['PUT', 'DELETE'] as const)('is tried again as a %s, which does the same twice', async (method) => {
    const { client, sleeps } = gitLab(empty(502), breaks, json({ name: 'done' }));
    expect(await client.change(change(method), NAMED)).toEqual({ name: 'done' });
    expect(sleeps).toEqual([1000, 2000]);
  });

  it('is tried again as a POST where GitLab throttled it', async () => {
    const { client, sleeps } = gitLab(empty(429, { 'retry-after': '2' }), json({ name: 'done' }));
    expect(await client.change(change('POST'), NAMED)).toEqual({ name: 'done' });
    expect(sleeps).toEqual([2000]);
  });

  it.each([
    ['an error of the server', empty(502)],
    ['a connection that breaks', breaks],
    ['a redirect', empty(307, { location: '/api/v4/other' })],
  ])('is not made twice as a POST after %s', async (_name, answer) => {
    const { client, requests } = gitLab(answer, json({ name: 'twice' }));
    await failure(client.change(change('POST'), NAMED));
    expect(requests).toHaveLength(1);
  });

  it('repeats neither the access token nor the secrets of its body in an error', async () => {
    const { client } = gitLab(json({ message: `${TOKEN} and hush are wrong` }, 400));
    const error = await failure(client.change({ ...change('PUT', { token: 'hush' }), secrets: ['hush'] }));
    expect(error.message).toContain('400: [secret] and [secret] are wrong');
  });
});
