import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { closeDouble } from '../../../../test/support/gitlab-double.ts';
import { FIRST, type Given, tokenWorld } from '../../../../test/support/token-world.ts';
import { minutes, seconds } from '../../../engine/time.ts';

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
