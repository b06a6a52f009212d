import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closeDouble } from '../../../../test/support/gitlab-double.ts';
import { FIRST, type Given, READS, tokenWorld } from '../../../../test/support/token-world.ts';
import { instant, minutes } from '../../../engine/time.ts';
import { GitLabClient } from '../client/client.ts';
import { tokenUpkeep } from './token-upkeep.ts';

const NEVER = new AbortController().signal;

const worlds: Awaited<ReturnType<typeof tokenWorld>>[] = [];

async function looking(...how: Parameters<typeof tokenWorld>) {
  const world = await tokenWorld(...how);
  worlds.push(world);
  return world;
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await closeDouble(world);
});

// Whoever asks GitLab first waits for its OpenAPI document.
beforeAll(async () => {
  const world = await tokenWorld({ scopes: ['api'] });
  await world.self(FIRST);
  await closeDouble(world);
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
