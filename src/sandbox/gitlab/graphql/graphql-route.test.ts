import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDouble, gitlabDouble, READ_TOKEN } from '../../../../test/support/gitlab-double.ts';
import { job } from '../../../../test/support/gitlab-world.ts';
import { GRAPHQL_TOKENS, graphqlOf, REPORTER } from '../../../../test/support/graphql.ts';

let started: Awaited<ReturnType<typeof gitlabDouble>>;
const { ask, data, said } = graphqlOf(() => started);

beforeEach(async () => {
  started = await gitlabDouble({ tokens: GRAPHQL_TOKENS });
});

afterEach(async () => {
  await closeDouble(started);
});

const groupQuery = (asked: string) =>
  `{ group(fullPath: "acme") { projects${asked} { nodes { fullPath } } } }`;
// A connection of 100 counts twice what it holds and itself: 2 × (1 + 3 + 1 + 1 + 2).
const costing16 = (name: string) =>
  `${name}: jobs { pageInfo { endCursor hasNextPage } nodes { id project { id } } }`;

const costing = (count: number) =>
  `{ ${Array.from({ length: count }, (_, index) => costing16(`a${index}`)).join(' ')} }`;

describe('projects', () => {
  it('show their jobs but for those merely created, to reporters', async () => {
    const { pipeline } = started;
    pipeline([job('one', { stage: 'a' }), job('two', { stage: 'b' })], ['a', 'b']);
    const query =
      '{ project(fullPath: "acme/web") { id jobs { nodes { name runnerManager { systemId } } } } }';
    expect(await data(query, {}, REPORTER)).toEqual({
      project: { id: 'gid://gitlab/Project/1', jobs: { nodes: [{ name: 'one', runnerManager: null }] } },
    });
    started.gitlab.addProject({ path: 'acme/secret' });
    expect(await data('{ project(fullPath: "acme/secret") { id } }', {}, REPORTER)).toEqual({
      project: null,
    });
  });

  it('show the jobs of one of them at a time', async () => {
    started.gitlab.addProject({ path: 'acme/api' });
    started.pipeline([job('one')]);
    const { status, body } = await ask(`{
      a: project(fullPath: "acme/web") { jobs { count } }
      b: project(fullPath: "acme/api") { jobs { count } }
    }`);
    expect([status, body]).toMatchObject([
      200,
      {
        data: { a: { jobs: { count: 1 } }, b: { jobs: null } },
        errors: [{ message: '"jobs" field can be requested only for 1 Project(s) at a time.' }],
      },
    ]);
  });

  it('are found by ids, by paths and by group', async () => {
    const { gitlab } = started;
    gitlab.addProject({ path: 'acme/tools/api' });
    const old = gitlab.addProject({ path: 'acme/old' });
    gitlab.updateProject(old.id, { archived: true });
    const paths = async (query: string) => JSON.stringify(await data(query)).match(/acme[\w/]+/g);
    expect(await paths('{ projects(ids: ["gid://gitlab/Project/2"]) { nodes { fullPath } } }')).toEqual([
      'acme/tools/api',
    ]);
    expect(await paths('{ projects(fullPaths: ["acme/web", "acme/none"]) { nodes { fullPath } } }')).toEqual([
      'acme/web',
    ]);
    expect(await paths(groupQuery(''))).toEqual(['acme/old', 'acme/web']);
    expect(await paths(groupQuery('(includeSubgroups: true, includeArchived: false)'))).toEqual([
      'acme/tools/api',
      'acme/web',
    ]);
    expect(await data('{ group(fullPath: "nobody") { id } }')).toEqual({ group: null });
    const many = Array.from({ length: 51 }, (_, index) => `acme/p${index}`);
    expect(await said('query($p: [String!]) { projects(fullPaths: $p) { count } }', { p: many })).toContain(
      'more than 50',
    );
  });
});

describe('a runner', () => {
  it('shows its managers in pages, newest first', async () => {
    const { gitlab, contact } = started;
    for (const systemId of ['r_1', 'r_2', 'r_3']) gitlab.touchManager({ ...contact, systemId });
    const query = `query($id: CiRunnerID!, $after: String) { runner(id: $id) {
      managers(first: 2, after: $after) { nodes { systemId status jobExecutionStatus } pageInfo { hasNextPage endCursor } }
    } }`;
    const id = 'gid://gitlab/Ci::Runner/1';
    const first = await data(query, { id });
    expect(first).toMatchObject({
      runner: {
        managers: {
          nodes: [
            { systemId: 'r_3', status: 'ONLINE', jobExecutionStatus: 'IDLE' },
            { systemId: 'r_2', status: 'ONLINE', jobExecutionStatus: 'IDLE' },
          ],
        },
      },
    });
    const after = /"endCursor":"([^"]+)"/.exec(JSON.stringify(first))?.[1];
    expect(await data(query, { id, after })).toMatchObject({
      runner: { managers: { nodes: [{ systemId: 'r_1' }], pageInfo: { hasNextPage: false } } },
    });
  });

  it('is not there for who may not see it', async () => {
    const { id } = started.gitlab.addRunner({ tags: [], runUntagged: true, projects: [1] });
    const { body } = await ask(`{ runner(id: "gid://gitlab/Ci::Runner/${id}") { id } }`, {}, REPORTER);
    expect(body).toMatchObject({ data: { runner: null }, errors: [{ path: ['runner'] }] });
    expect(await said('{ runner(id: "gid://gitlab/Ci::Runner/99") { id } }')).toContain('does not exist');
  });
});

describe('who asks', () => {
  it('is told to themselves', async () => {
    expect(await data('{ currentUser { id username } }')).toEqual({
      currentUser: { id: 'gid://gitlab/User/1', username: 'sandbox' },
    });
    const nobody = await started.send('POST', '/api/graphql', { query: '{ currentUser { id } }' });
    expect(await nobody.json()).toEqual({ data: { currentUser: null } });
  });

  it('is refused without a good token that may read', async () => {
    started.gitlab.users.add({ username: 'gone', name: 'Gone' });
    started.gitlab.blockUser(2);
    for (const token of ['glpat-unknown', 'glpat-runner', 'glpat-old', 'glpat-blocked']) {
      expect(await ask('{ currentUser { id } }', {}, token)).toEqual({
        status: 401,
        body: { errors: [{ message: 'Invalid token' }] },
      });
    }
  });

  it('may be refused by a proxy while the rest of the API works', async () => {
    started.double.faults.set({ kind: 'status', status: 403, path: '/api/graphql' });
    expect((await ask('{ currentUser { id } }')).status).toBe(403);
    expect((await started.api('GET', '/version')).status).toBe(200);
  });
});

describe('a query that GitLab does not answer', () => {
  it('is told what is wrong with it', async () => {
    expect((await ask('{ jobs { nodes { runnerManager { id } } } }')).body.errors).toMatchObject([
      {
        message: "Field 'runnerManager' doesn't exist on type 'CiJobInterface'",
        locations: [{ line: 1, column: 18 }],
        extensions: { code: 'undefinedField' },
      },
    ]);
    expect(await said('{ jobs {')).toContain('Syntax Error');
    expect((await ask('query($x: CiRunnerID!) { runner(id: $x) { id } }')).body.errors).toHaveLength(1);
  });

  it('is too complex above 250, and above 300 for administrators', async () => {
    expect(await said(costing(15), {}, READ_TOKEN)).toBeUndefined();
    expect((await ask(costing(16), {}, READ_TOKEN)).body).toEqual({
      errors: [{ message: 'Query has complexity of 256, which exceeds max complexity of 250' }],
    });
    expect(await said(costing(18))).toBeUndefined();
    expect(await said(costing(19))).toBe('Query has complexity of 304, which exceeds max complexity of 300');
  });

  it('is too large above 10,000 characters', async () => {
    expect(await ask(`{ currentUser { id } } ${' '.repeat(10_000)}`)).toEqual({
      status: 422,
      body: { errors: [{ message: 'Query too large' }] },
    });
  });
});
