import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isPortError, type PortError } from '../../../controller/errors.ts';
import { instant } from '../../../engine/time.ts';
import { GitLabClient } from './client.ts';

const TOKEN = 'glpat-very-secret-token';
const HTML = '<!DOCTYPE html><html><body>Sign in</body></html>';

/** What a client says that gets this answer, again and again. */
async function failureOf(
  answer: (request: Request) => Response,
  shape: z.ZodType = z.object({ name: z.string() }),
) {
  let asked = 0;
  const client = new GitLabClient({
    url: 'https://gitlab.example',
    token: () => TOKEN,
    clock: { now: () => instant(0), sleep: async () => undefined },
    version: '0.0.0',
    fetch: async (input, init) => {
      asked += 1;
      const response = answer(new Request(input, init));
      response.headers.set('x-request-id', `01REQ${asked}`);
      return response;
    },
  });
  const { signal } = new AbortController();
  const call = { doing: 'reading the thing', needs: 'the scope read_api', path: '/thing', signal };
  try {
    await client.get(call, shape);
  } catch (error) {
    if (isPortError(error)) return { error, asked };
    throw error;
  }
  throw new Error('expected a failure');
}

const json = (document: unknown, status: number) => () => Response.json(document, { status });

const text = (body: string, status: number, type: string) => () =>
  new Response(body, { status, headers: { 'content-type': type } });

/** All that a log could show of an error. */
function everything(error: PortError): string {
  return `${inspect(error, { depth: 10 })}${JSON.stringify(error.details)}`;
}

describe('a failure', () => {
  const revoked = { error: 'invalid_token', error_description: 'Token was revoked.' };
  const narrow = {
    error: 'insufficient_scope',
    error_description: 'Higher privileges',
    scope: 'api read_api',
  };

  it.each<[string, () => Response, string, RegExp]>([
    [
      '401',
      json({ message: '401 Unauthorized' }, 401),
      'unauthorized',
      /401 Unauthorized.*not expired.*read_api/,
    ],
    [
      '403',
      json({ message: '403 Forbidden' }, 403),
      'unauthorized',
      /403 Forbidden.*the token is known, and its owner may not do this: it needs the scope read_api/,
    ],
    [
      'a revoked token',
      json(revoked, 401),
      'unauthorized',
      /invalid_token: Token was revoked.*the access token was revoked: make a new one/,
    ],
    [
      'an expired token',
      json({ error: 'invalid_token', error_description: 'Token is expired. You can refresh it.' }, 401),
      'unauthorized',
      /the access token has expired: make a new one, and put it where `gitlab\.token` comes from/,
    ],
    [
      'a token of a blocked user',
      json({ message: '403 Forbidden - Your account has been blocked.' }, 403),
      'unauthorized',
      /the user who owns the access token is blocked: let an administrator unblock it/,
    ],
    [
      'a token of a user who waits for approval',
      json(
        {
          message:
            '403 Forbidden - Your account is pending approval from your administrator and hence blocked.',
        },
        403,
      ),
      'unauthorized',
      /waits for approval: let an administrator approve it/,
    ],
    [
      'a token of a deactivated user',
      json({ message: '403 Forbidden - Your account has been deactivated by your administrator.' }, 403),
      'unauthorized',
      /is deactivated: let an administrator activate it/,
    ],
    [
      'a token of a user who has to accept terms',
      json(
        { message: '403 Forbidden - You (@bot) must accept the Terms of Service in order to go on.' },
        403,
      ),
      'unauthorized',
      /has to accept the terms of service/,
    ],
    [
      'a token of a user whose password expired',
      json(
        { message: '403 Forbidden - Your password expired. Please access GitLab from a web browser.' },
        403,
      ),
      'unauthorized',
      /the password of the user .* has expired/,
    ],
    [
      'an impersonation token that is no longer taken',
      json(
        {
          error: 'invalid_token',
          error_description: 'Token is an impersonation token but impersonation was disabled.',
        },
        401,
      ),
      'unauthorized',
      /is an impersonation token, which GitLab no longer takes/,
    ],
    [
      'a narrow token',
      json(narrow, 403),
      'unauthorized',
      /insufficient_scope: Higher privileges.*the token is too narrow: it needs the scope read_api/,
    ],
    [
      '404',
      json({ message: '404 Project Not Found' }, 404),
      'not-found',
      /404 Project Not Found.*check that it exists/,
    ],
    ['400', json({ message: { scope: ['is invalid'] } }, 400), 'refused', /\{"scope":\["is invalid"\]\}/],
    ['400 with a bare word', json('no', 400), 'refused', /answered 400: no/],
    ['429', text('Retry later\n', 429, 'text/plain'), 'throttled', /answered 429: Retry later \(/],
    ['500', text('oops', 500, 'text/plain'), 'unavailable', /answered 500: oops/],
    ["a proxy's page", text(HTML, 502, 'text/html'), 'unavailable', /answered 502 \(/],
    ['HTML', text(HTML, 200, 'text/html; charset=utf-8'), 'invalid-answer', /HTML, is the URL right\?/],
    ['HTML in disguise', text(HTML, 200, 'application/json'), 'invalid-answer', /HTML, is the URL right\?/],
    ['no JSON', text('pong', 200, 'text/plain'), 'invalid-answer', /is no JSON/],
    ['an empty answer', text('', 200, 'application/json'), 'invalid-answer', /is no JSON/],
    ['another shape', json({ name: 7 }, 200), 'invalid-answer', /not as documented: name: .*expected string/],
    ['no document', json(null, 200), 'invalid-answer', /not as documented: .*expected object/],
  ])('says what %s means', async (_name, answer, kind, message) => {
    const { error, asked } = await failureOf(answer);
    expect(error.kind).toBe(kind);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^reading the thing: /);
    expect(error.details).toMatchObject({ system: 'gitlab', requestId: `01REQ${asked}` });
  });

  it('names the place of a wrong shape within a list', async () => {
    const { error } = await failureOf(
      json([{ id: 1 }, { id: 'two' }], 200),
      z.array(z.object({ id: z.int() })),
    );
    expect(error.message).toMatch(/: 1\.id: .*expected number/);
  });

  it('quotes no more than a line', async () => {
    const { error } = await failureOf(text(`a\nb\t${'x'.repeat(5000)}`, 400, 'text/plain'));
    expect(error.message).toContain('answered 400: a b xxx');
    expect(error.message.length).toBeLessThan(300);
  });
});

describe('secrets', () => {
  it.each([400, 401, 403, 404, 429, 500])(
    'stay out of the error of a %s that repeats the request',
    async (status) => {
      const { error } = await failureOf(({ headers }) =>
        Response.json({ message: `you sent ${headers.get('private-token') ?? ''}` }, { status }),
      );
      expect(error.message).toContain('you sent [secret]');
      expect(everything(error)).not.toContain(TOKEN);
    },
  );

  it('stay out of what is said of an invalid answer', async () => {
    const { error } = await failureOf(({ headers }) =>
      Response.json({ name: [headers.get('private-token')] }),
    );
    expect(error.kind).toBe('invalid-answer');
    expect(everything(error)).not.toContain(TOKEN);
  });
});
