import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { closeDouble, gitlabDouble, READ_TOKEN } from '../../../../test/support/gitlab-double.ts';
import { job } from '../../../../test/support/gitlab-world.ts';
import { GRAPHQL_TOKENS, graphqlOf, REPORTER } from '../../../../test/support/graphql.ts';
import { seconds } from '../../../engine/time.ts';

let started: Awaited<ReturnType<typeof gitlabDouble>>;
const { ask, data, said } = graphqlOf(() => started);

beforeEach(async () => {
  started = await gitlabDouble({ tokens: GRAPHQL_TOKENS });
});

afterEach(async () => {
  await closeDouble(started);
});

const jobIds = z.object({
  jobs: z.object({
    nodes: z.array(z.object({ id: z.string() })),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string() }),
  }),
});

const PENDING = `query($runner: CiRunnerID, $after: String) {
  jobs(statuses: [PENDING], compatibleRunnerId: $runner, first: 2, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id tags }
  }
}`;

describe('the jobs of the whole instance', () => {
  it('are shown to administrators, with GitLab’s ids and times', async () => {
    const { pipeline, timers, contact, gitlab } = started;
    pipeline([job('one', { tags: ['linux'] })]);
    await timers.advance(seconds(90));
    gitlab.requestJob(contact);
    expect(
      await data(`{ jobs(statuses: [RUNNING]) { count nodes {
        id name status tags createdAt queuedAt queuedDuration refName stuck retried
        pipeline { id } project { id fullPath archived } runner { id runnerType }
        ... on CiJob { runnerManager { id systemId } }
      } } }`),
    ).toEqual({
      jobs: {
        count: 1,
        nodes: [
          {
            id: 'gid://gitlab/Ci::Build/1',
            name: 'one',
            status: 'RUNNING',
            tags: ['linux'],
            createdAt: '2026-01-05T08:00:00Z',
            queuedAt: '2026-01-05T08:00:00Z',
            queuedDuration: 90,
            refName: 'main',
            stuck: false,
            retried: false,
            pipeline: { id: 'gid://gitlab/Ci::Pipeline/1' },
            project: { id: 'gid://gitlab/Project/1', fullPath: 'acme/web', archived: false },
            runner: { id: 'gid://gitlab/Ci::Runner/1', runnerType: 'INSTANCE_TYPE' },
            runnerManager: { id: 'gid://gitlab/Ci::RunnerManager/1', systemId: contact.systemId },
          },
        ],
      },
    });
  });

  it('are none to anybody else', async () => {
    started.pipeline([job('one')]);
    const query = '{ jobs { count nodes { id } } }';
    expect(await data(query, {}, READ_TOKEN)).toEqual({ jobs: { count: 0, nodes: [] } });
    const nobody = await started.send('POST', '/api/graphql', { query });
    expect(await nobody.json()).toEqual({ data: { jobs: { count: 0, nodes: [] } } });
  });

  it('come in pages of at most 100, newest first', async () => {
    started.pipeline(Array.from({ length: 130 }, (_, index) => job(`job ${index}`)));
    const first = await data('{ jobs(first: 500) { nodes { id } pageInfo { endCursor hasNextPage } } }');
    expect(first).toMatchObject({ jobs: { nodes: { length: 100 }, pageInfo: { hasNextPage: true } } });
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { jobs } = jobIds.parse(await data(PENDING.replace('first: 2', 'first: 60'), { after }));
      seen.push(...jobs.nodes.map(({ id }) => id));
      after = jobs.pageInfo.hasNextPage ? jobs.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toHaveLength(130);
    expect([seen[0], seen.at(-1)]).toEqual(['gid://gitlab/Ci::Build/130', 'gid://gitlab/Ci::Build/1']);
    const { body } = await ask(PENDING, { after: 'nonsense' });
    expect(body).toMatchObject({
      data: { jobs: null },
      errors: [{ message: 'Please provide a valid cursor' }],
    });
  });

  it('are stuck while no runner that is online may take them', async () => {
    const { pipeline, gitlab, contact, timers } = started;
    pipeline([job('one'), job('two', { tags: ['gpu'] })]);
    const stuck = '{ jobs { nodes { name stuck } } }';
    gitlab.touchManager(contact);
    expect(await data(stuck)).toEqual({
      jobs: {
        nodes: [
          { name: 'two', stuck: true },
          { name: 'one', stuck: false },
        ],
      },
    });
    await timers.advance(seconds(3 * 3600));
    expect(await data(stuck)).toMatchObject({ jobs: { nodes: [{ stuck: true }, { stuck: true }] } });
  });
});

describe('the jobs that a runner could take', () => {
  const runner = 'gid://gitlab/Ci::Runner/1';

  it('are those that fit it, whoever else could', async () => {
    started.pipeline([job('one', { tags: ['linux'] }), job('two', { tags: ['gpu'] }), job('three')]);
    expect(await data(PENDING, { runner })).toMatchObject({
      jobs: {
        nodes: [{ id: 'gid://gitlab/Ci::Build/3' }, { id: 'gid://gitlab/Ci::Build/1', tags: ['linux'] }],
      },
    });
  });

  it('are asked for by status pending only', async () => {
    const { body } = await ask(PENDING.replace('PENDING', 'RUNNING'), { runner });
    expect(body).toEqual({
      data: { jobs: null },
      errors: [
        expect.objectContaining({
          message: 'compatibleRunnerId can only be used when the `statuses` argument is set to "PENDING"',
          path: ['jobs'],
        }),
      ],
    });
    expect(await said(PENDING, { runner: 'gid://gitlab/Project/1' })).toContain(
      'does not represent an instance of Ci::Runner',
    );
  });

  it('are for administrators, or for maintainers of the runner where the double says so', async () => {
    started.pipeline([job('one')]);
    expect(await data(PENDING, { runner }, READ_TOKEN)).toMatchObject({ jobs: { nodes: [] } });
    await closeDouble(started);
    started = await gitlabDouble({ tokens: GRAPHQL_TOKENS, compatibleJobsFor: 'runner-maintainers' });
    const own = started.gitlab.addRunner({ tags: [], runUntagged: true, projects: [1] });
    started.pipeline([job('one')]);
    const owned = { runner: `gid://gitlab/Ci::Runner/${own.id}` };
    expect(await data(PENDING, owned, READ_TOKEN)).toMatchObject({ jobs: { nodes: [{}] } });
    expect(await data(PENDING, owned, REPORTER)).toMatchObject({ jobs: { nodes: [] } });
    expect(await data(PENDING, { runner }, READ_TOKEN)).toMatchObject({ jobs: { nodes: [] } });
  });

  it('cannot be asked for before GitLab 18.1', async () => {
    await closeDouble(started);
    started = await gitlabDouble({ tokens: GRAPHQL_TOKENS, version: '18.0.3' });
    const { status, body } = await ask(PENDING, { runner });
    expect([status, body]).toMatchObject([
      200,
      {
        errors: [
          {
            message: "Field 'jobs' doesn't accept argument 'compatibleRunnerId'",
            extensions: { code: 'argumentNotAccepted' },
          },
        ],
      },
    ]);
    expect(await data('{ metadata { version enterprise } }')).toEqual({
      metadata: { version: '18.0.3', enterprise: false },
    });
  });
});
