import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  call,
  failure,
  gitLab,
  json,
  text,
  TOKEN,
  type Step,
} from '../../../../test/support/scripted-gitlab.ts';

const NAMED = z.object({ name: z.string() });

function change(method: 'POST' | 'PUT' | 'DELETE', body?: Record<string, unknown>) {
  return { ...call(), method, ...(body === undefined ? {} : { body }) };
}

describe('a change', () => {
  it('sends JSON with the access token and reads the answer', async () => {
    const bodies: string[] = [];
    const lab = await gitLab((request, response) => {
      request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      request.on('end', () => json({ name: 'made', more: 1 }, 201)(request, response));
    });
    expect(await lab.client().change(change('POST', { tags: ['a'] }), NAMED)).toEqual({ name: 'made' });
    const [request] = lab.requests;
    expect([request?.method, request?.url]).toEqual(['POST', '/api/v4/thing']);
    expect(request?.headers).toMatchObject({ 'private-token': TOKEN, 'content-type': 'application/json' });
    expect(bodies).toEqual(['{"tags":["a"]}']);
  });

  it('needs neither body nor answer', async () => {
    const lab = await gitLab((_request, response) => response.writeHead(204).end());
    expect(await lab.client().change(change('DELETE'))).toBeUndefined();
    expect(lab.requests[0]?.headers['content-type']).toBeUndefined();
  });

  it.each(['PUT', 'DELETE'] as const)('is tried again as a %s, which does the same twice', async (method) => {
    const lab = await gitLab(text('', 502), (request) => request.socket.destroy(), json({ name: 'done' }));
    expect(await lab.client().change(change(method), NAMED)).toEqual({ name: 'done' });
    expect(lab.clock.sleeps).toEqual([1000, 2000]);
  });

  it('is tried again as a POST where GitLab throttled it', async () => {
    const lab = await gitLab(text('Retry later', 429, { 'retry-after': '2' }), json({ name: 'done' }));
    expect(await lab.client().change(change('POST'), NAMED)).toEqual({ name: 'done' });
    expect(lab.clock.sleeps).toEqual([2000]);
  });

  it.each<[string, Step]>([
    ['an error of the server', text('', 502)],
    ['a connection that breaks', (request) => request.socket.destroy()],
    ['a redirect', (_request, response) => response.writeHead(307, { location: '/api/v4/other' }).end()],
  ])('is not made twice as a POST after %s', async (_name, step) => {
    const lab = await gitLab(step, json({ name: 'twice' }));
    await failure(lab.client().change(change('POST'), NAMED));
    expect(lab.requests).toHaveLength(1);
  });

  it('repeats neither the access token nor the secrets of its body in an error', async () => {
    const lab = await gitLab(json({ message: `${TOKEN} and hush are wrong` }, 400));
    const error = await failure(
      lab.client().change({ ...change('PUT', { token: 'hush' }), secrets: ['hush'] }),
    );
    expect(error.message).toContain('400: [secret] and [secret] are wrong');
  });
});
