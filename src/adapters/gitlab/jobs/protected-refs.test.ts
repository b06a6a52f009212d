import { describe, expect, it } from 'vitest';
import { minutes } from '../../../engine/time.ts';
import { VirtualClock } from '../../memory/clock.ts';
import { GitLabClient } from '../client/client.ts';
import { ProtectedRefs } from './protected-refs.ts';

const signal = new AbortController().signal;

function scene(branches: readonly string[] | Response, tags: readonly string[] = []) {
  const clock = new VirtualClock();
  const notes: string[] = [];
  const client = new GitLabClient({
    url: 'https://gitlab.example',
    token: () => 'token',
    clock,
    version: '0.0.0',
    fetch: async (input) => {
      const asked = new URL(input instanceof Request ? input.url : input).pathname;
      const names = asked.endsWith('protected_tags') ? tags : branches;
      return names instanceof Response ? names.clone() : Response.json(names.map((name) => ({ name })));
    },
  });
  return { clock, notes, refs: new ProtectedRefs(client, clock, (message) => void notes.push(message)) };
}

describe('protected refs', () => {
  it.each([
    ['main', 'main', true],
    ['main', 'main2', false],
    ['release/*', 'release/1.x/hot', true],
    ['release/*', 'prerelease/1', false],
    ['*-stable', '18-1-stable', true],
    ['*.x', '18yx', false],
    ['*', 'anything', true],
  ])('%s protects the branch %s: %s', async (pattern, branch, expected) => {
    const { refs } = scene([pattern], ['v*']);
    await refs.read(7, signal);
    expect(refs.isProtected(7, { name: branch, tag: false })).toBe(expected);
    expect(refs.isProtected(7, { name: 'v1', tag: true })).toBe(true);
    expect(refs.isProtected(8, { name: branch, tag: false })).toBeUndefined();
  });

  it('are unknown, not absent, where the token may not read them', async () => {
    const { refs, notes } = scene(Response.json({ message: '403 Forbidden' }, { status: 403 }));
    await refs.read(7, signal);
    expect(refs.isProtected(7, { name: 'main', tag: false })).toBeUndefined();
    expect(refs.isProtected(7, { name: 'v1', tag: true })).toBe(false);
    expect(notes).toEqual([
      expect.stringMatching(/^whether branches are protected is not known: .*Maintainer/),
    ]);
  });

  it('are read again after ten minutes', async () => {
    const { refs, clock } = scene(['main']);
    await refs.read(7, signal);
    expect(refs.unread([7, 8])).toEqual([8]);
    await clock.advance(minutes(10));
    expect(refs.unread([7])).toEqual([7]);
  });
});
