import { afterEach, describe, expect, it } from 'vitest';
import { closeDouble, gitlabDouble, READ_TOKEN } from '../../../test/support/gitlab-double.ts';
import { isPortError } from '../../controller/errors.ts';
import { seconds } from '../../engine/time.ts';
import { systemClock } from '../../runtimes/system-clock.ts';
import { GitLabClient } from './client/client.ts';
import { gitLabJobs } from './jobs/jobs.ts';
import { probe } from './client/probe.ts';
import { gitLabRunners } from './runners/runners.ts';

const NEVER = new AbortController().signal;

type World = Awaited<ReturnType<typeof gitlabDouble>>;
const worlds: World[] = [];

afterEach(async () => {
  for (const world of worlds.splice(0)) await closeDouble(world);
});

/** A GitLab below a path, and a client that is told this address. */
async function below(addressOf: (url: string) => string = (url) => url) {
  const world = await gitlabDouble({ root: '/git/lab' });
  worlds.push(world);
  const client = new GitLabClient({
    url: addressOf(world.double.url),
    token: () => READ_TOKEN,
    clock: systemClock,
    timeout: seconds(20),
    version: '1.2.3',
  });
  return { ...world, client };
}

describe('a GitLab below a path', () => {
  it('is asked below that path, page after page', async () => {
    const { client, pipeline, project } = await below();
    const names = Array.from({ length: 120 }, (_, index) => `job-${index}`);
    pipeline(names.map((name) => ({ name, stage: 'test', tags: ['linux'] })));
    const source = gitLabJobs({ client, projects: [project.path], clock: systemClock });
    const { jobs } = await source.sweep(NEVER);
    expect(jobs.demand.reduce((sum, { pending }) => sum + pending.length, 0)).toBe(120);
  }, 30_000);

  it('tells of itself, of the token and of runners, also where the address ends with a slash', async () => {
    const { client, runner } = await below((url) => `${url}/`);
    expect(await probe(client, NEVER)).toMatchObject({ token: { scopes: ['read_api'] } });
    const runners = gitLabRunners({
      client,
      pools: { linux: async () => [{ runnerId: runner.id, token: async () => runner.token }] },
    });
    expect(await runners.describe('linux', NEVER)).toMatchObject([{ id: runner.id }]);
    expect(await runners.managers('linux', NEVER)).toEqual([]);
  });

  it('is said to be elsewhere where the path is missing', async () => {
    const { client } = await below((url) => new URL(url).origin);
    const error: unknown = await probe(client, NEVER).catch((thrown: unknown) => thrown);
    expect(isPortError(error, 'not-found')).toBe(true);
  });
});
