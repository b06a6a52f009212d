import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { closeDouble, gitlabDouble } from '../../../test/support/gitlab-double.ts';
import { PortError } from '../../controller/errors.ts';
import { type Duration, instant, milliseconds, minutes, seconds } from '../../engine/time.ts';
import type { AccessToken as KnownToken } from '../../sandbox/gitlab/access-tokens.ts';
import { AccessToken } from './access-token.ts';
import { GitLabClient } from './client.ts';
import { replacementIn, type TokenParameter } from './token-parameter.ts';
import type { TokenNeed } from './token-scopes.ts';
import { tokenUpkeep } from './token-upkeep.ts';

const FIRST = 'glpat-the-first';
const DAY = 86_400_000;
const NEVER = new AbortController().signal;
const READS: readonly TokenNeed[] = [{ scopes: ['read_api'], by: 'reading jobs and runners' }];

/** Where a token is kept, and what goes wrong with it. */
class KeptToken implements TokenParameter {
  readonly name = 'SSM parameter /runtide/gitlab-token';
  value: string;
  /** The writes that fail, counted from one. */
  readonly refused = new Set<number>();
  writes = 0;
  reads = 0;

  constructor(value: string) {
    this.value = value;
  }

  async read(): Promise<string> {
    this.reads += 1;
    return this.value;
  }

  async write(token: string): Promise<void> {
    this.writes += 1;
    if (this.refused.has(this.writes)) {
      const doing = `writing ${this.name}`;
      throw new PortError({ kind: 'unauthorized', system: 'ssm', doing, why: 'AccessDeniedException' });
    }
    this.value = token;
  }
}

const worlds: Awaited<ReturnType<typeof gitlabDouble>>[] = [];

afterEach(async () => {
  for (const world of worlds.splice(0)) await closeDouble(world);
});

type Given = Omit<KnownToken, 'token'>;

/** A GitLab with one token, and whoever looks after it. `rotating` says how many days before its end. */
async function looking(
  given: Given,
  { rotating, needs = READS }: { rotating?: number; needs?: readonly TokenNeed[] } = {},
) {
  const world = await gitlabDouble({ tokens: [{ token: FIRST, ...given }] });
  worlds.push(world);
  const { timers } = world;
  const sleeps: Duration[] = [];
  const clock = {
    now: () => timers.now(),
    sleep: async (duration: Duration) => {
      sleeps.push(duration);
    },
  };
  const token = new AccessToken(FIRST);
  const parameter = new KeptToken(FIRST);
  const notes: string[] = [];
  const client = new GitLabClient({
    url: world.double.url,
    token: () => token.current(),
    replaced: replacementIn(parameter, token, clock),
    clock,
    timeout: seconds(20),
    version: '1.2.3',
  });
  const before = milliseconds((rotating ?? 0) * DAY);
  const upkeep = tokenUpkeep({
    client,
    needs,
    clock,
    note: (message) => notes.push(message),
    ...(rotating !== undefined && { rotation: { client, token, parameter, before, clock } }),
  });
  const self = async (secret: string) => {
    const response = await world.api('GET', '/personal_access_tokens/self', undefined, secret);
    return response.json();
  };
  return {
    ...world,
    upkeep,
    token,
    parameter,
    notes,
    sleeps,
    self,
    tend: () => upkeep.tend(NEVER),
    days: (count: number) => timers.advance(milliseconds(count * DAY)),
  };
}

// Whoever asks GitLab first waits for its OpenAPI document.
beforeAll(async () => {
  const { self } = await looking({ scopes: ['api'] });
  await self(FIRST);
}, 60_000);

describe('the access token', () => {
  it.each<Given>([
    { scopes: ['read_api'] },
    { scopes: ['api'] },
    { scopes: ['read_api', 'manage_runner'], expiresAt: '2026-01-20' },
  ])('is in order as %j', async (given) => {
    const { tend, upkeep } = await looking(given);
    expect(await tend()).toEqual([]);
    expect(upkeep.every()).toBe(minutes(360));
  });

  it.each([
    ['2026-01-19', '14 days'],
    ['2026-01-12', '7 days'],
    ['2026-01-06', '1 day'],
  ])('that expires on %s expires in %s', async (expiresAt, left) => {
    const { tend, upkeep } = await looking({ scopes: ['api'], name: 'runtide', expiresAt });
    expect(await tend()).toEqual([
      {
        about: 'access token',
        why: `token runtide expires in ${left}, on ${expiresAt}`,
        next: 'make a new one, and put it where `gitlab.token` comes from',
      },
    ]);
    expect(upkeep.every()).toBe(minutes(10));
  });

  it('is too narrow for what the configuration asks for', async () => {
    const needs = [...READS, { scopes: ['self_rotate'], by: '`gitlab.rotation`' } as const];
    const { tend } = await looking({ scopes: ['read_user'], name: 'runtide' }, { needs });
    expect(await tend()).toEqual([
      {
        about: 'scopes of the access token',
        why: 'token runtide lacks read_api or api for reading jobs and runners, and self_rotate or api for `gitlab.rotation`',
        next: 'make one with these scopes, and put it where `gitlab.token` comes from',
      },
    ]);
  });

  it.each<[string, Given, RegExp]>([
    [
      'expired',
      { scopes: ['api'], expiresAt: '2026-01-05' },
      /^the access token has expired: make a new one/,
    ],
    ['revoked', { scopes: ['api'], revoked: true }, /^the access token was revoked: make a new one/],
  ])('is %s', async (_name, given, next) => {
    const { tend } = await looking(given);
    expect(await tend()).toEqual([
      {
        about: 'access token',
        why: expect.stringContaining('GitLab answered 401: invalid_token'),
        next: expect.stringMatching(next),
      },
    ]);
  });

  it('is of a user who is blocked', async () => {
    const { tend, gitlab } = await looking({ scopes: ['api'] });
    gitlab.users.block(1, true);
    expect(await tend()).toMatchObject([
      { about: 'access token', next: expect.stringContaining('who owns the access token is blocked') },
    ]);
    gitlab.users.block(1, false);
    expect(await tend()).toEqual([]);
  });

  it('raises nothing when GitLab says nothing of it, and tells that once', async () => {
    const notes: string[] = [];
    const clock = { now: () => instant(0), sleep: async () => undefined };
    const client = new GitLabClient({
      url: 'https://gitlab.example',
      token: () => 'a-token-of-oauth',
      clock,
      version: '1.2.3',
      fetch: async () =>
        Response.json({ message: '400 Bad request - This endpoint requires …' }, { status: 400 }),
    });
    const upkeep = tokenUpkeep({ client, needs: READS, clock, note: (message) => notes.push(message) });
    expect([await upkeep.tend(NEVER), await upkeep.tend(NEVER)]).toEqual([[], []]);
    expect(notes).toEqual(['GitLab does not tell what the access token may do, nor when it ends']);
  });

  it('is no reason for an alarm while GitLab cannot be asked', async () => {
    const { tend, double } = await looking({ scopes: ['api'] });
    double.faults.set({ kind: 'status', status: 500, times: 3, path: '/api/v4/personal_access_tokens/self' });
    await expect(tend()).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('rotation', () => {
  const ROTATES: Given = { scopes: ['read_api', 'self_rotate'], name: 'runtide', expiresAt: '2026-04-05' };

  it('waits for its time, and gives a token that lives as long', async () => {
    const { tend, days, token, parameter, self } = await looking(ROTATES, { rotating: 14 });
    await days(74);
    expect(await tend()).toEqual([]);
    expect([token.current(), parameter.writes]).toEqual([FIRST, 0]);
    await days(2);
    expect(await tend()).toEqual([]);
    expect(token.current()).not.toBe(FIRST);
    expect(parameter.value).toBe(token.current());
    expect(token.isKept()).toBe(true);
    // 90 days from 22 March on.
    expect(await self(token.current())).toMatchObject({ name: 'runtide', expires_at: '2026-06-20' });
    expect(await self(FIRST)).toMatchObject({ error_description: expect.stringContaining('revoked') });
    const after = token.current();
    expect(await tend()).toEqual([]);
    expect(token.current()).toBe(after);
  });

  it('does not rotate a short-lived token again and again', async () => {
    const { tend, days, token } = await looking({ ...ROTATES, expiresAt: '2026-01-12' }, { rotating: 14 });
    expect(await tend()).toEqual([]);
    expect(token.current()).toBe(FIRST);
    await days(4);
    expect(await tend()).toEqual([]);
    const second = token.current();
    expect(second).not.toBe(FIRST);
    expect(await tend()).toEqual([]);
    expect(token.current()).toBe(second);
  });

  it('does not begin where the parameter cannot be written', async () => {
    const { tend, days, token, parameter, self } = await looking(ROTATES, { rotating: 14 });
    parameter.refused.add(1);
    await days(80);
    expect(await tend()).toEqual([
      {
        about: 'rotation of the access token',
        why: 'writing SSM parameter /runtide/gitlab-token: AccessDeniedException',
      },
      expect.objectContaining({ about: 'access token', why: expect.stringContaining('expires in 10 days') }),
    ]);
    expect(token.current()).toBe(FIRST);
    expect(await self(FIRST)).toMatchObject({ active: true });
  });

  it('tries several times to keep the new token', async () => {
    const { tend, days, token, parameter, sleeps } = await looking(ROTATES, { rotating: 14 });
    for (const write of [2, 3, 4]) parameter.refused.add(write);
    await days(80);
    expect(await tend()).toEqual([]);
    expect(parameter.value).toBe(token.current());
    expect(sleeps).toEqual([seconds(2), seconds(4), seconds(8)]);
  });

  it('goes on with a token that could not be kept, says so, and keeps it later', async () => {
    const { tend, days, token, parameter, upkeep } = await looking(ROTATES, { rotating: 14 });
    for (let write = 2; write <= 13; write++) parameter.refused.add(write);
    await days(80);
    const alarm = {
      about: 'rotation of the access token',
      why: expect.stringMatching(/^the new token is in the memory of this process alone, .*AccessDenied/),
      next: 'do not end this process before SSM parameter /runtide/gitlab-token can be written; it is tried every ten minutes',
    };
    const concerns = await tend();
    expect(concerns).toEqual([alarm]);
    expect(JSON.stringify(concerns)).not.toContain(token.current());
    expect(upkeep.every()).toBe(minutes(10));
    expect(parameter.value).toBe(FIRST);
    // A reload finds the old one, which is worth nothing any more.
    token.found(FIRST);
    expect(token.current()).not.toBe(FIRST);
    expect(await tend()).toEqual([alarm]);
    expect(await tend()).toEqual([]);
    expect(parameter.value).toBe(token.current());
  });

  it('takes a token that somebody else has put there instead', async () => {
    const { tend, days, token, parameter, self } = await looking(ROTATES, { rotating: 14 });
    await days(80);
    parameter.value = 'glpat-by-hand';
    expect(await tend()).toEqual([]);
    expect([token.current(), parameter.writes]).toEqual(['glpat-by-hand', 0]);
    expect(await self(FIRST)).toMatchObject({ active: true });
  });

  it('says what GitLab refuses, and that the token ends', async () => {
    const { tend, days, double, parameter } = await looking(ROTATES, { rotating: 14 });
    await days(80);
    double.faults.set({
      kind: 'status',
      status: 400,
      times: 1,
      path: '/api/v4/personal_access_tokens/self/rotate',
    });
    expect(await tend()).toMatchObject([
      {
        about: 'rotation of the access token',
        why: expect.stringContaining('rotating the access token: GitLab answered 400'),
      },
      { about: 'access token' },
    ]);
    expect(parameter.value).toBe(FIRST);
    expect(await tend()).toEqual([]);
    expect(parameter.value).not.toBe(FIRST);
  });

  it('is not asked for twice when its answer is lost', async () => {
    const { tend, days, double, parameter } = await looking(ROTATES, { rotating: 14 });
    await days(80);
    double.faults.set({
      kind: 'status',
      status: 502,
      times: 1,
      path: '/api/v4/personal_access_tokens/self/rotate',
    });
    expect(await tend()).toMatchObject([
      {
        about: 'rotation of the access token',
        next: expect.stringContaining('it was replaced and the answer was lost'),
      },
      { about: 'access token' },
    ]);
    expect([parameter.value, parameter.writes]).toEqual([FIRST, 1]);
  });
});

describe('a token that another process has rotated', () => {
  it('is read again once it is refused', async () => {
    const { tend, api, parameter, token } = await looking({ scopes: ['api'], expiresAt: '2026-04-05' });
    const rotated = await api(
      'POST',
      '/personal_access_tokens/self/rotate',
      { expires_at: '2026-05-05' },
      FIRST,
    );
    ({ token: parameter.value } = z.object({ token: z.string() }).parse(await rotated.json()));
    expect(await tend()).toEqual([]);
    expect(token.current()).toBe(parameter.value);
    expect(parameter.reads).toBe(1);
  });

  it('is not looked for more often than once a minute', async () => {
    const { tend, parameter, timers } = await looking({ scopes: ['api'], revoked: true });
    expect(await tend()).toMatchObject([{ about: 'access token' }]);
    await tend();
    expect(parameter.reads).toBe(1);
    await timers.advance(minutes(1));
    await tend();
    expect(parameter.reads).toBe(2);
  });
});
