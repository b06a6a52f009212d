import { describe, expect, it } from 'vitest';
import { READ_TOKEN } from '../../../../test/support/gitlab-double.ts';
import { job } from '../../../../test/support/gitlab-world.ts';
import { hookWorld, SECRETS } from '../../../../test/support/hook-world.ts';
import type { HookPlace } from './hook-place.ts';

const WEB: HookPlace = { kind: 'project', name: 'acme/web' };
const ACME: HookPlace = { kind: 'group', name: 'acme' };
const signal = AbortSignal.timeout(60_000);

describe.each([WEB, ACME])('the webhook of $kind $name', (place) => {
  const path = `/${place.kind}s/${encodeURIComponent(place.name)}/hooks`;

  it('is created for jobs alone, with both secrets, and arrives', async () => {
    await using world = await hookWorld();
    const { hooks, gitlab } = world;
    expect(await hooks.install(place, signal)).toEqual({
      hook: 1,
      done: 'created',
      differences: [],
      removed: [],
    });
    expect(gitlab.hooks.find(1)?.settings).toMatchObject({
      url: world.url,
      name: 'Runtide acme',
      ...SECRETS,
      events: new Set(['job_events']),
    });
    world.pipeline([job('one')]);
    await world.double.deliveries.settled();
    expect(world.double.deliveries.counts()).toEqual({ delivered: 2, rejected: 0, dropped: 0 });
    expect(await hooks.find(place, signal)).toEqual([
      { id: 1, alert: 'executable', lacks: [], differences: [] },
    ]);
  });

  it('stays one however often it is installed, and gets its secrets again', async () => {
    await using world = await hookWorld();
    await world.hooks.install(place, signal);
    await world.api('PUT', `${path}/1`, { url: world.url, token: 'another token' });
    expect(await world.hooks.install(place, signal)).toEqual({
      hook: 1,
      done: 'confirmed',
      differences: [],
      removed: [],
    });
    expect(world.gitlab.hooks.all()).toHaveLength(1);
    expect(world.gitlab.hooks.find(1)?.settings.token).toBe(SECRETS.token);
  });

  it('is mended where somebody has changed it', async () => {
    await using world = await hookWorld();
    await world.hooks.install(place, signal);
    await world.api('PUT', `${path}/1`, {
      url: world.url,
      name: 'mine',
      token: '',
      signing_token: '',
      job_events: false,
      pipeline_events: true,
      push_events: true,
    });
    const differences = [
      'it is not told of jobs',
      'it has no token',
      'it has no signing token',
      'it is told of more than jobs: push_events, pipeline_events',
      'it has another name',
    ];
    expect(await world.hooks.find(place, signal)).toMatchObject([
      { lacks: differences.slice(0, 3), differences },
    ]);
    expect(await world.hooks.install(place, signal)).toMatchObject({ hook: 1, done: 'updated', differences });
    expect(await world.hooks.find(place, signal)).toMatchObject([{ lacks: [], differences: [] }]);
  });

  it('is the oldest of several; the others go, and those of others stay', async () => {
    await using world = await hookWorld();
    for (const url of ['https://other.example.com/webhook', world.url, world.url, `${world.url}/x`])
      await world.api('POST', path, { url, job_events: true });
    expect(await world.hooks.install(place, signal)).toMatchObject({
      hook: 2,
      done: 'updated',
      removed: [3],
    });
    expect(world.gitlab.hooks.all().map(({ id }) => id)).toEqual([4, 2, 1]);
    expect(await world.hooks.remove(place, signal)).toEqual([2]);
    expect(await world.hooks.remove(place, signal)).toEqual([]);
    expect(world.gitlab.hooks.all().map(({ id }) => id)).toEqual([4, 1]);
  });

  it('is tested with a job, or with a push where there is none', async () => {
    await using world = await hookWorld();
    await world.hooks.install(place, signal);
    const start = world.timers.now();
    await world.hooks.test(place, 1, signal);
    expect(world.arrivals.admittedSince(start)).toBe(true);
    world.pipeline([job('one')]);
    await world.hooks.test(place, 1, signal);
    world.endpoint.down = true;
    await expect(world.hooks.test(place, 1, signal)).rejects.toThrow(
      new RegExp(
        `^testing webhook 1 of ${place.kind} ${place.name}: GitLab answered 422: bad gateway \\(request`,
      ),
    );
  });

  it('is left as it is by a token that may only read', async () => {
    await using world = await hookWorld();
    const reader = world.hooksWith(READ_TOKEN);
    expect(await reader.find(place, signal)).toEqual([]);
    const role = place.kind === 'group' ? 'Owner' : 'Maintainer';
    await expect(reader.install(place, signal)).rejects.toThrow(
      new RegExp(`the token is too narrow: it needs the scope api and the role ${role} in ${place.name}$`),
    );
  });
});

describe('a webhook', () => {
  it('verifies certificates where there are any', async () => {
    await using world = await hookWorld();
    const url = 'https://runtide.example.com/webhook';
    const hooks = world.hooksWith(undefined, { url });
    await world.api('POST', '/projects/1/hooks', { url, job_events: true, enable_ssl_verification: false });
    expect((await hooks.install(WEB, signal)).differences).toContain('certificates are not verified');
    expect(world.gitlab.hooks.find(1)?.settings.verifySsl).toBe(true);
  });

  it('is refused without words of its secrets', async () => {
    await using world = await hookWorld();
    const weak = { ...SECRETS, signingToken: `whsec_${'c2VjcmV0'.repeat(4)}` };
    const error: unknown = await world
      .hooksWith(undefined, { secrets: weak })
      .install(WEB, signal)
      .catch((failure: unknown) => failure);
    expect(String(error)).toMatch(
      /creating the webhook of project acme\/web: GitLab answered 422: Signing token/,
    );
    expect(String(error)).not.toContain(weak.signingToken);
    expect(String(error)).not.toContain(SECRETS.token);
  });

  it('is not created twice where GitLab fails, and is tried again where it throttles', async () => {
    await using world = await hookWorld();
    world.double.faults.set({ kind: 'rate-limit', retryAfter: 2, times: 1 });
    expect(await world.hooks.install(WEB, signal)).toMatchObject({ done: 'created' });
    expect(world.gitlab.hooks.all()).toHaveLength(1);
  });
});

describe('where webhooks belong', () => {
  it('is in groups, and in projects that lie in none of them', async () => {
    await using world = await hookWorld();
    world.gitlab.addProject({ path: 'other/tool' });
    const watched = { groups: ['acme'], projects: ['acme/web', 'other/tool', 'acme-two/web', 'Other/Tool'] };
    const notes: string[] = [];
    expect(await world.hooks.places(watched, (note) => notes.push(note), signal)).toEqual([
      ACME,
      { kind: 'project', name: 'Other/Tool' },
      { kind: 'project', name: 'acme-two/web' },
    ]);
    expect(notes).toEqual([]);
  });

  it('is in each project of a group whose webhooks GitLab does not give away', async () => {
    await using world = await hookWorld({ premium: false });
    for (const path of ['acme/tools/cli', 'acme/api']) world.gitlab.addProject({ path });
    const notes: string[] = [];
    const places = await world.hooks.places(
      { groups: ['acme'], projects: [] },
      (note) => notes.push(note),
      signal,
    );
    expect(places.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'project acme/web',
      'project acme/tools/cli',
      'project acme/api',
    ]);
    expect(notes).toEqual([
      expect.stringMatching(
        /^group acme has no webhooks for this token \(.* GitLab answered 404.*\): each of/,
      ),
    ]);
  });

  it('stays unknown for a group that is not there', async () => {
    await using world = await hookWorld();
    const watched = { groups: ['gone'], projects: [] };
    const places = await world.hooks.places(watched, () => undefined, signal);
    expect(places).toEqual([{ kind: 'group', name: 'gone' }]);
    await expect(world.hooks.install({ kind: 'group', name: 'gone' }, signal)).rejects.toThrow(
      /GitLab answered 404: 404 Group Not Found/,
    );
  });
});
