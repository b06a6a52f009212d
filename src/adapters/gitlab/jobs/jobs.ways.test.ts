import { describe, expect, it } from 'vitest';
import { API_TOKEN, READ_TOKEN } from '../../../../test/support/gitlab-double.ts';
import { type GitLabWire, gitlabWire } from '../../../../test/support/gitlab-wire.ts';
import { job } from '../../../../test/support/gitlab-world.ts';
import { isPortError } from '../../../controller/errors.ts';
import { minutes } from '../../../engine/time.ts';
import { GitLabClient } from '../client/client.ts';
import { type GitLabJobsOptions, gitLabJobs } from './jobs.ts';

const signal = new AbortController().signal;

/** A double with 20 projects in a group, one job in each of the first three, and a source that reads them. */
async function scene(token: string | (() => string), options: Partial<GitLabJobsOptions> = {}) {
  const wire = await gitlabWire();
  const { gitlab, clock } = wire;
  const requests: string[] = [];
  const client = new GitLabClient({
    url: wire.url,
    token: typeof token === 'string' ? () => token : token,
    clock: { now: () => clock.now(), sleep: (duration) => clock.advance(duration) },
    version: '0.0.0',
    fetch: (input, init) => {
      requests.push(new URL(input instanceof Request ? input.url : input).pathname);
      return fetch(input, init);
    },
  });
  const projects = Array.from({ length: 20 }, (_, index) => gitlab.addProject({ path: `big/p${index}` }).id);
  for (const project of projects.slice(0, 3)) submit(wire, project);
  const { id } = gitlab.addRunner({ tags: ['linux'], runUntagged: true });
  const notes: string[] = [];
  const note = (message: string): void => void notes.push(message);
  const jobs = gitLabJobs({ client, clock, groups: ['big'], runners: () => [id], note, ...options });
  const pending = async (): Promise<number> =>
    (await jobs.sweep(signal)).jobs.demand.flatMap((kind) => kind.pending).length;
  return { wire, gitlab, clock, requests, projects, notes, jobs, pending };
}

function submit({ gitlab }: GitLabWire, project: number): void {
  gitlab.createPipeline(project, { stages: ['test'], jobs: [job('unit', { tags: ['linux'] })] });
}

describe('the way to learn of jobs', () => {
  it('is one request for an administrator, whatever the number of projects', async () => {
    const { wire, requests, jobs, pending } = await scene(API_TOKEN);
    await using world = wire;
    void world;
    expect(await pending()).toBe(3);
    expect(await pending()).toBe(3);
    expect(requests).toEqual(['/api/v4/groups/big/projects', '/api/graphql', '/api/graphql']);
    expect(jobs.describe()).toMatchObject({ source: 'GraphQL jobs of runner 2', projects: 20, requests: 1 });
  });

  it('is eight projects a request for others, who are shown no jobs of runners', async () => {
    const { wire, requests, notes, jobs, pending } = await scene(READ_TOKEN);
    await using world = wire;
    void world;
    expect(await pending()).toBe(3);
    expect(requests.filter((path) => path === '/api/graphql')).toHaveLength(4);
    expect(jobs.describe()).toMatchObject({ source: 'GraphQL by project, 8 a request', requests: 3 });
    await pending();
    expect(notes).toEqual([]);
  });

  it.each([
    ['by a proxy', { kind: 'status', status: 403, path: '/api/graphql' }],
    ['by its absence', { kind: 'status', status: 404, path: '/api/graphql' }],
    ['by a web page', { kind: 'html', path: '/api/graphql' }],
  ] as const)('is REST where GraphQL is refused %s, and that is told once', async (_how, fault) => {
    const { wire, requests, notes, jobs, pending, clock } = await scene(READ_TOKEN);
    await using world = wire;
    void world;
    wire.fault(fault);
    expect(await pending()).toBe(3);
    expect(jobs.describe()).toMatchObject({ source: 'REST by project', requests: 20 });
    await pending();
    // Once for the jobs of runners, and at the same time for three times eight projects.
    expect(requests.filter((path) => path === '/api/graphql')).toHaveLength(4);
    expect(notes).toEqual([expect.stringMatching(/^GraphQL by project, 8 a request cannot be used: /)]);
    wire.fault({ kind: 'none' });
    await clock.advance(minutes(30));
    await pending();
    expect(jobs.describe().source).toBe('GraphQL by project, 8 a request');
    expect(notes).toEqual([expect.stringMatching(/^GraphQL by project, 8 a request cannot be used: /)]);
  });

  it('takes fewer projects a request where GitLab finds them too complex', async () => {
    await using wire = await gitlabWire();
    const asked: number[] = [];
    const message = 'Query has complexity of 99, which exceeds max complexity of 50';
    const client = new GitLabClient({
      url: wire.url,
      token: () => READ_TOKEN,
      clock: wire.clock,
      version: '0.0.0',
      fetch: async (input, init) => {
        const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined;
        if (!Array.isArray(body)) return fetch(input, init);
        asked.push(body.length);
        return body.length > 2
          ? Response.json(body.map(() => ({ errors: [{ message }] })))
          : fetch(input, init);
      },
    });
    const projects = Array.from({ length: 9 }, (_, at) => wire.gitlab.addProject({ path: `few/p${at}` }).id);
    for (const project of projects) submit(wire, project);
    const jobs = gitLabJobs({ client, clock: wire.clock, groups: ['few'], concurrency: 1 });
    const reading = await jobs.sweep(signal);
    expect(reading.jobs.demand.flatMap((kind) => kind.pending)).toHaveLength(9);
    expect(asked).toEqual([8, 4, 2, 2, 2, 2, 1]);
    expect(jobs.describe().source).toBe('GraphQL by project, 2 a request');
  });

  it('is another one as soon as GitLab shows the token nothing any more', async () => {
    let token = API_TOKEN;
    const { wire, jobs, pending } = await scene(() => token);
    await using world = wire;
    void world;
    expect(await pending()).toBe(3);
    expect(jobs.describe().source).toBe('GraphQL jobs of runner 2');
    token = READ_TOKEN;
    expect(await pending()).toBe(3);
    expect(jobs.describe().source).toBe('GraphQL by project, 8 a request');
  });
});

describe('the whole instance', () => {
  it('is read with an administrator’s token, every project of it', async () => {
    const { wire, gitlab, jobs, pending } = await scene(API_TOKEN, { groups: [], instance: true });
    await using world = wire;
    void world;
    submit(wire, gitlab.addProject({ path: 'elsewhere/web' }).id);
    expect(await pending()).toBe(4);
    expect(jobs.describe()).not.toHaveProperty('projects');
    const fresh = gitlab.addProject({ path: 'elsewhere/new' }).id;
    const { id } = gitlab.createPipeline(fresh, { stages: ['test'], jobs: [job('a', { tags: ['linux'] })] });
    const { demand } = (await jobs.refresh([{ project: fresh, pipeline: id }], signal)).jobs;
    expect(demand.map(({ kind }) => kind.project)).toContain(fresh);
    expect(jobs.watches(fresh)).toBe(true);
  });

  it('needs one', async () => {
    const { wire, jobs } = await scene(READ_TOKEN, { groups: [], instance: true });
    await using world = wire;
    void world;
    for (let sweep = 0; sweep < 2; sweep++) {
      await expect(jobs.sweep(signal)).rejects.toSatisfy(
        (error) => isPortError(error, 'unauthorized') && /administrator's token/.test(error.message),
      );
    }
  });
});

describe('a group that cannot be listed', () => {
  it('is an error where nothing else is watched, and unknown beside others', async () => {
    const { wire, jobs, projects } = await scene(READ_TOKEN, { groups: ['no-such-group'] });
    await using world = wire;
    void world;
    await expect(jobs.sweep(signal)).rejects.toSatisfy((error) => isPortError(error, 'not-found'));
    const [project] = projects;
    const beside = await scene(READ_TOKEN, { groups: ['no-such-group'], projects: [String(project)] });
    await using second = beside.wire;
    void second;
    expect(await beside.pending()).toBe(1);
    expect((await beside.jobs.sweep(signal)).jobs.partial).toMatch(
      /^listing the projects of group no-such-group/,
    );
  });
});

describe('protected refs', () => {
  it('are known of jobs that wait, where a pool asks for it', async () => {
    let needs = false;
    const { wire, gitlab, requests, jobs } = await scene(API_TOKEN, { needsProtection: () => needs });
    await using world = wire;
    void world;
    const project = gitlab.addProject({ path: 'big/guarded', protectedBranches: ['release/*'] }).id;
    for (const ref of ['release/1.x', 'topic']) {
      gitlab.createPipeline(project, { ref, stages: ['test'], jobs: [job('a', { tags: ['linux'] })] });
    }
    const kinds = async () =>
      (await jobs.sweep(signal)).jobs.demand
        .filter(({ kind }) => kind.project === project)
        .map(({ kind }) => kind.protected);
    expect(await kinds()).toEqual([undefined]);
    needs = true;
    expect((await kinds()).toSorted((one, other) => Number(one) - Number(other))).toEqual([false, true]);
    await kinds();
    const asked = requests.filter((path) => path.includes(`/${project}/protected_`));
    expect(asked).toHaveLength(2);
  });
});
