import { describe, expect, it } from 'vitest';
import { READ_TOKEN } from '../../../../test/support/gitlab-double.ts';
import { job } from '../../../../test/support/gitlab-world.ts';
import { hookReceiver } from '../../../../test/support/hook-receiver.ts';
import { type HookWorld, hookWorld, SECRETS } from '../../../../test/support/hook-world.ts';
import { milliseconds, minutes } from '../../../engine/time.ts';

const signal = AbortSignal.timeout(60_000);
const WEB = { kind: 'project', name: 'acme/web' } as const;
const INSTALL = 'run `runtide hooks install`';

/** Fails deliveries until GitLab has disabled the hook so often in a row. */
async function failUntil(world: HookWorld, failures: number): Promise<void> {
  const { gitlab, timers, endpoint } = world;
  endpoint.down = true;
  for (let count = 0; count < failures; count += 1) {
    gitlab.hooks.failed(1);
    if (count < failures - 1) await timers.advance(milliseconds(minutes(24 * 60) + 1));
  }
}

describe('the upkeep of webhooks', () => {
  it('finds nothing wrong where there is nothing, every ten minutes', async () => {
    await using world = await hookWorld();
    await world.hooks.install(WEB, signal);
    const upkeep = world.upkeep();
    expect([upkeep.name, upkeep.every()]).toEqual(['webhooks', minutes(10)]);
    expect(await upkeep.tend(signal)).toEqual([]);
    expect(world.notes).toEqual([]);
  });

  it('tells of missing ones and of those that have lost what they need', async () => {
    await using world = await hookWorld();
    const more = Array.from(
      { length: 7 },
      (_, index) => world.gitlab.addProject({ path: `acme/p${index}` }).path,
    );
    const upkeep = world.upkeep({ watched: { projects: ['acme/web', ...more], groups: [] } });
    await world.hooks.install(WEB, signal);
    await world.api('PUT', '/projects/1/hooks/1', { url: world.url, job_events: false, signing_token: '' });
    expect(await upkeep.tend(signal)).toEqual([
      {
        about: 'missing webhooks',
        why:
          `GitLab has none for ${world.url} in project acme/p0, project acme/p1, project acme/p2, ` +
          'project acme/p3, project acme/p4 and 2 more',
        next: INSTALL,
      },
      {
        about: 'incomplete webhooks',
        why: 'not as they must be: project acme/web (it is not told of jobs, it has no signing token)',
        next: INSTALL,
      },
    ]);
    for (const name of more) await world.hooks.install({ kind: 'project', name }, signal);
    await world.hooks.install(WEB, signal);
    expect(await upkeep.tend(signal)).toEqual([]);
  });

  it.each([
    ['for a while', 4],
    ['for good', 40],
  ])('wakes one that GitLab has disabled %s, once it arrives again', async (_how, failures) => {
    await using world = await hookWorld();
    await world.hooks.install(WEB, signal);
    await failUntil(world, failures);
    world.endpoint.down = false;
    expect(await world.upkeep().tend(signal)).toEqual([]);
    expect(world.gitlab.hooks.find(1)).toMatchObject({ failures: 0 });
    expect(world.notes).toEqual([
      'GitLab had disabled the webhook of project acme/web; a test delivery has enabled it again',
    ]);
  });

  it('tells of one that stays dead, and why', async () => {
    await using world = await hookWorld();
    await world.hooks.install(WEB, signal);
    await failUntil(world, 40);
    const upkeep = world.upkeep();
    expect(await upkeep.tend(signal)).toEqual([
      {
        about: 'disabled webhooks',
        why: expect.stringMatching(
          /^GitLab has disabled them: project acme\/web \(for good\); testing webhook 1 of project acme\/web: GitLab answered 422: bad gateway/,
        ),
        next: `make ${world.url} reachable from GitLab; it is tested again every 10 minutes`,
      },
    ]);
    world.endpoint.down = false;
    expect(await upkeep.tend(signal)).toEqual([]);
  });

  it('says until when one is disabled, and that it was refused here', async () => {
    await using world = await hookWorld();
    await world.hooks.install(WEB, signal);
    await failUntil(world, 4);
    world.endpoint.down = false;
    world.endpoint.secrets = { token: 'ce21a5d07be24c5586d1f0a9b7c4e213' };
    const until = new Date(world.gitlab.hooks.find(1)?.disabledUntil ?? 0).toISOString();
    const [concern] = await world.upkeep().tend(signal);
    expect(concern?.why).toContain(`project acme/web (until ${until})`);
    expect(concern?.why).toMatch(/GitLab answered 422: .*; it came, and was refused \(wrong-token\)$/);
    expect(concern?.why).not.toContain(SECRETS.token);
  });

  it('tells where somebody else answers at the address', async () => {
    await using world = await hookWorld();
    await using other = await hookReceiver();
    const elsewhere = world.hooksWith(undefined, { url: other.url });
    await elsewhere.install(WEB, signal);
    await failUntil(world, 4);
    const [concern] = await world.upkeep({ hooks: elsewhere }).tend(signal);
    expect(concern?.why).toContain(
      `a test delivery of project acme/web was answered by somebody else: ${other.url} does not lead here`,
    );
  });

  it('tests no more than three in vain', async () => {
    await using world = await hookWorld();
    const paths = Array.from(
      { length: 6 },
      (_, index) => world.gitlab.addProject({ path: `acme/p${index}` }).path,
    );
    for (const name of paths) await world.hooks.install({ kind: 'project', name }, signal);
    for (const { id } of world.gitlab.hooks.all())
      for (let count = 0; count < 4; count += 1) world.gitlab.hooks.failed(id);
    world.endpoint.down = true;
    const tests: string[] = [];
    const counting = world.hooksWith();
    const test = counting.test.bind(counting);
    counting.test = async (place, hook, either) => {
      tests.push(place.name);
      return test(place, hook, either);
    };
    const [concern] = await world
      .upkeep({ hooks: counting, watched: { projects: paths, groups: [] } })
      .tend(signal);
    expect(concern?.about).toBe('disabled webhooks');
    expect(tests).toEqual(paths.slice(0, 3));
  });

  it('reads many projects in turns, and forgets none meanwhile', async () => {
    await using world = await hookWorld();
    const paths = Array.from(
      { length: 5 },
      (_, index) => world.gitlab.addProject({ path: `acme/p${index}` }).path,
    );
    const upkeep = world.upkeep({ watched: { projects: paths, groups: [] }, perRound: 2 });
    const missing = async () => (await upkeep.tend(signal))[0]?.why.split(' in ')[1];
    expect(await missing()).toBe('project acme/p0, project acme/p1');
    expect(await missing()).toBe('project acme/p0, project acme/p1, project acme/p2, project acme/p3');
    for (const name of paths) await world.hooks.install({ kind: 'project', name }, signal);
    expect(await missing()).toBe('project acme/p0, project acme/p1, project acme/p2, project acme/p3');
    expect(await missing()).toBe('project acme/p2, project acme/p3');
    expect(await missing()).toBeUndefined();
  });

  it('is off, and says so once, where the token may not see webhooks', async () => {
    const roles = { acme: 'developer' } as const;
    await using world = await hookWorld({ tokens: [{ token: 'develops', scopes: ['api'], roles }] });
    const asked: string[] = [];
    const hooks = world.hooksWith('develops');
    const find = hooks.find.bind(hooks);
    hooks.find = async (place, either) => {
      asked.push(place.name);
      return find(place, either);
    };
    const upkeep = world.upkeep({ hooks });
    for (let round = 0; round < 3; round += 1) {
      expect(await upkeep.tend(signal)).toEqual([]);
      await world.timers.advance(minutes(10));
    }
    expect(asked).toEqual(['acme/web']);
    expect(world.notes).toEqual([
      expect.stringMatching(
        /^webhooks are not looked after: listing the webhooks of project acme\/web: GitLab answered 403.* the role Maintainer in acme\/web$/,
      ),
    ]);
    await world.timers.advance(minutes(6 * 60));
    await upkeep.tend(signal);
    expect(asked).toHaveLength(2);
    expect(world.notes).toHaveLength(1);
  });

  it('looks after what the token may see', async () => {
    const roles = { 'acme/web': 'maintainer', 'acme/api': 'developer' } as const;
    await using world = await hookWorld({ tokens: [{ token: 'both', scopes: ['api'], roles }] });
    world.gitlab.addProject({ path: 'acme/api' });
    const watched = { projects: ['acme/web', 'acme/api'], groups: [] };
    const upkeep = world.upkeep({ hooks: world.hooksWith('both'), watched });
    expect(await upkeep.tend(signal)).toMatchObject([{ about: 'missing webhooks' }]);
    expect(world.notes).toEqual([expect.stringContaining('project acme/api: GitLab answered 403')]);
  });

  it('tells of a dead one also where the token may not test', async () => {
    await using world = await hookWorld();
    await world.hooks.install(WEB, signal);
    await failUntil(world, 4);
    const [concern] = await world.upkeep({ hooks: world.hooksWith(READ_TOKEN) }).tend(signal);
    expect(concern?.why).toContain('the token is too narrow: it needs the scope api');
  });

  it('fails where GitLab does not answer, and knows what it knew', async () => {
    await using world = await hookWorld();
    const upkeep = world.upkeep();
    world.double.faults.set({ kind: 'status', status: 503, times: 3 });
    await expect(upkeep.tend(signal)).rejects.toThrow('GitLab answered 503');
    expect(await upkeep.tend(signal)).toMatchObject([{ about: 'missing webhooks' }]);
  });
});

describe('webhooks that sweeps do not agree with', () => {
  it('are tested: where the test arrives, GitLab drops them', async () => {
    await using world = await hookWorld({ webhookCallsPerMinute: 1 });
    await world.hooks.install(WEB, signal);
    world.pipeline([job('one'), job('two')]);
    await world.double.deliveries.settled();
    expect(world.double.deliveries.rateLimited).toBe(3);
    let agree: boolean | undefined = false;
    const upkeep = world.upkeep({ agree: () => agree });
    expect(await upkeep.tend(signal)).toEqual([
      {
        about: 'webhooks do not arrive',
        why: 'sweeps find jobs that no webhook told of; a test delivery arrives all the same',
        next: "look for GitLab's limit of webhook calls, and for what stands between GitLab and here",
      },
    ]);
    agree = true;
    expect(await upkeep.tend(signal)).toEqual([]);
  });

  it('are said to fail where the test fails, or nothing can be tested', async () => {
    await using world = await hookWorld();
    const upkeep = world.upkeep({ agree: () => false });
    const why = async () => (await upkeep.tend(signal)).find(({ about }) => /arrive/.test(about))?.why;
    expect(await why()).toContain('there is none that could be tested');
    await world.hooks.install(WEB, signal);
    world.endpoint.down = true;
    expect(await why()).toContain('GitLab answered 422: bad gateway');
  });
});
