import { describe, expect, it } from 'vitest';
import { GitLabClient } from '../../src/adapters/gitlab/client/client.ts';
import { gitLabJobs } from '../../src/adapters/gitlab/jobs/jobs.ts';
import { systemIdOf } from '../../src/controller/system-id.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { GitLabFetch } from '../support/gitlab-fetch.ts';
import { terminations } from '../support/interruption-world.ts';
import { World, worldPool } from '../support/world.ts';

/** A world that reads its jobs over GitLab's REST API. */
function overRest() {
  const made: GitLabFetch[] = [];
  const world = new World({
    pools: [worldPool({ max: 10, idle: { slots: 0, time: minutes(1) } })],
    jobs: ({ gitlab, clock, project }) => {
      const answering = new GitLabFetch(gitlab);
      made.push(answering);
      const { url, fetch } = answering;
      const client = new GitLabClient({ url, fetch, clock, token: () => 'glpat-token', version: '0.0.0' });
      return gitLabJobs({ client, clock, projects: [String(project)], note: () => undefined });
    },
  });
  world.start();
  const [gitlab] = made;
  if (gitlab === undefined) throw new Error('the world does not read over REST');
  return { world, gitlab };
}

const instanceId = (index: number): string => `i-${index.toString(16).padStart(17, '0')}`;
const json = (status: number, document: unknown) => (): Response => Response.json(document, { status });
const invalid = (words: string) => json(401, { error: 'invalid_token', error_description: words });

const REFUSALS: readonly (readonly [string, () => Response, string])[] = [
  [
    'whose token was revoked',
    invalid('Token was revoked. You have to re-authorize from the user.'),
    'was revoked',
  ],
  [
    'whose token has expired',
    invalid('Token is expired. You can either do re-authorization or token refresh.'),
    'has expired',
  ],
  [
    'whose token is too narrow',
    json(403, { error: 'insufficient_scope', scope: 'api read_api' }),
    'needs the scope read_api',
  ],
  [
    'whose owner is blocked',
    json(403, { message: '403 Forbidden - Your account has been blocked.' }),
    'is blocked',
  ],
  [
    'that asks to slow down in plain text',
    () => new Response('Retry later\n', { status: 429 }),
    'Retry later',
  ],
  ['that fails', json(500, { message: '500 Internal Server Error' }), 'GitLab answered 500'],
  [
    'that shows a web page',
    () => new Response('<html></html>', { headers: { 'content-type': 'text/html' } }),
    'HTML',
  ],
];

describe.each(REFUSALS)('a GitLab %s', (_, fault, words) => {
  it('says so once; nothing is bought or ended by what is not known, and it goes on by itself', async () => {
    const { world, gitlab } = overRest();
    world.submit(2, { duration: minutes(20) });
    await world.advanceUntil(() => world.jobs('running') === 2);
    await world.advance(seconds(20));
    gitlab.fault = fault;
    world.submit(5);
    await world.advance(minutes(60));
    // One for the jobs, and one for the pipeline that a webhook named.
    const failures = world.eventsNamed('read failed');
    expect(failures.map(({ source }) => source).toSorted()).toEqual(['jobs', 'named pipelines']);
    expect(failures.map(({ why }) => why).join('\n')).toContain(words);
    expect([world.bought(), terminations(world)]).toEqual([2, 0]);
    // What is there takes them: nobody lets it go on doubt.
    expect(world.jobs('success')).toBe(7);
    expect(world.alive()).toHaveLength(2);
    gitlab.fault = undefined;
    world.submit(4);
    await world.advance(minutes(30));
    expect(world.jobs('success')).toBe(11);
    expect(world.alive()).toEqual([]);
    expect(world.jobs('failed')).toBe(0);
  });
});

describe('jobs that nobody may take', () => {
  it('of a blocked user stop counting, raise an alarm and keep no machine', async () => {
    const world = new World();
    world.start();
    world.gitlab.blockUser(1);
    world.submit(3);
    await world.advance(minutes(30));
    expect(world.jobs('pending')).toBe(3);
    const kinds = new Set(world.eventsNamed('alarm raised').map(({ alarm }) => alarm.alarm));
    expect([...kinds]).toEqual(['unserved']);
    await world.advance(minutes(120));
    // Each is tried again after growing pauses: a machine at a time, and none stays.
    expect(world.mostInstances).toBeLessThanOrEqual(3);
    expect(world.bought()).toBeLessThanOrEqual(12);
    world.gitlab.blockUser(1, false);
    await world.advance(minutes(150));
    expect([world.jobs('success'), world.alive().length]).toEqual([3, 0]);
  });

  it('of a runner that is paused buy nothing until it is resumed', async () => {
    const world = new World();
    const [runner] = world.gitlab.runners();
    world.gitlab.updateRunner(runner?.id ?? 0, { paused: true });
    world.start();
    world.submit(3);
    await world.advance(minutes(30));
    expect(world.bought()).toBe(0);
    expect(world.eventsNamed('alarm raised').map(({ alarm }) => alarm)).toEqual([
      { alarm: 'refused', pool: 'linux', project: world.project, because: 'paused', jobs: 3 },
    ]);
    world.gitlab.updateRunner(runner?.id ?? 0, { paused: false });
    await world.advance(minutes(15));
    expect([world.jobs('success'), world.bought(), world.alive().length]).toEqual([3, 3, 0]);
    expect(world.eventsNamed('alarm cleared')).toHaveLength(1);
  });
});

describe('a runner with thousands of managers', () => {
  it('of machines long gone is served as ever, and is rid of them', async () => {
    const world = new World();
    for (let index = 1; index <= 5000; index++) {
      world.contact('linux', systemIdOf(instanceId(index)));
    }
    await world.advance(minutes(121));
    world.start();
    world.submit(8);
    await world.advance(minutes(5));
    expect(Math.max(...world.waits())).toBeLessThan(60);
    await world.advance(minutes(30));
    expect([world.jobs('success'), world.alive().length, world.managers()]).toEqual([8, 0, 0]);
  });
});
