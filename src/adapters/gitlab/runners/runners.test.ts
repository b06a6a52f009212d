import { describe, expect, it } from 'vitest';
import { isPortError } from '../../../controller/errors.ts';
import { systemIdOf } from '../../../controller/system-id.ts';
import { VirtualClock } from '../../memory/clock.ts';
import { GitLabClient } from '../client/client.ts';
import { probe } from '../client/probe.ts';
import { gitLabRunners } from './runners.ts';

const INSTANCE = 'i-0123456789abcdef0';
const NEVER = new AbortController().signal;

/** The client and the runners of a GitLab that gives one answer after the other. */
function gitLab(...answers: Response[]) {
  const requests: Request[] = [];
  const client = new GitLabClient({
    url: 'https://gitlab.example',
    token: () => 'glpat-secret',
    clock: new VirtualClock(),
    version: '0.0.0',
    fetch: async (input, init) => {
      requests.push(new Request(input, init));
      return answers.shift() ?? new Response(null, { status: 599 });
    },
  });
  const runners = gitLabRunners({
    client,
    pools: { linux: async () => [{ runnerId: 12, token: async () => 'glrt-secret' }] },
  });
  return { client, runners, requests };
}

function manager(fields: object = {}) {
  return {
    id: 8,
    system_id: systemIdOf(INSTANCE),
    version: '18.9.0',
    created_at: '2026-01-05T08:00:00.000Z',
    contacted_at: '2026-01-05T08:01:00.500Z',
    status: 'online',
    job_execution_status: 'idle',
    ...fields,
  };
}

async function messageOf(running: Promise<unknown>): Promise<string> {
  try {
    await running;
  } catch (error) {
    if (isPortError(error)) return `${error.kind}: ${error.message}`;
    throw error;
  }
  throw new Error('expected a failure');
}

describe('managers', () => {
  it.each([
    ['idle', {}, { instance: INSTANCE, contactedAt: Date.UTC(2026, 0, 5, 8, 1, 0, 500), active: false }],
    [
      'busy',
      { job_execution_status: 'active' },
      { instance: INSTANCE, contactedAt: Date.UTC(2026, 0, 5, 8, 1, 0, 500), active: true },
    ],
    ['never in contact', { contacted_at: null }, { instance: INSTANCE, active: false }],
    ['of a machine that is not ours', { system_id: 's_abc', contacted_at: null }, { active: false }],
  ])('%s', async (_name, fields, expected) => {
    const sent = manager(fields);
    const { runners, requests } = gitLab(Response.json([sent]));
    expect(await runners.managers('linux', NEVER)).toEqual([
      { systemId: sent.system_id, firstSeenAt: Date.UTC(2026, 0, 5, 8), ...expected },
    ]);
    expect(requests[0]?.url).toBe('https://gitlab.example/api/v4/runners/12/managers');
  });

  it('are read to the last page, should GitLab give pages', async () => {
    const { runners } = gitLab(
      Response.json([manager()], { headers: { link: '</api/v4/runners/12/managers?page=2>; rel="next"' } }),
      Response.json([manager({ system_id: 's_2' })]),
    );
    expect(await runners.managers('linux', NEVER)).toHaveLength(2);
  });

  it.each([
    ['job_execution_status', { job_execution_status: undefined }],
    ['job_execution_status', { job_execution_status: 'dreaming' }],
    ['created_at', { created_at: 'yesterday' }],
    ['system_id', { system_id: null }],
  ])('without a proper %s are an invalid answer', async (field, fields) => {
    const { runners } = gitLab(Response.json([manager(), manager(fields)]));
    expect(await messageOf(runners.managers('linux', NEVER))).toMatch(
      new RegExp(`^invalid-answer: listing the managers of pool linux's runner: .*: 1\\.${field}: `),
    );
  });

  it.each(['windows', 'constructor'])('of pool %s, which has no runner, are not found', async (pool) => {
    const { runners, requests } = gitLab();
    expect(await messageOf(runners.managers(pool, NEVER))).toBe(
      `not-found: listing the managers of pool ${pool}'s runner: no runner is configured for this pool; ` +
        "name the pool's runner in the configuration",
    );
    expect(requests).toEqual([]);
  });

  it('name the role that the token lacks', async () => {
    const { runners } = gitLab(Response.json({ message: '403 Forbidden' }, { status: 403 }));
    expect(await messageOf(runners.managers('linux', NEVER))).toMatch(/^unauthorized: .*role Maintainer/);
  });
});

describe('forgetting a manager', () => {
  it("sends the runner's token in the body, and nothing in the URL", async () => {
    const { runners, requests } = gitLab(new Response(null, { status: 204 }));
    await runners.forget('linux', 'r_1', NEVER);
    const [request] = requests;
    expect([request?.method, request?.url]).toEqual([
      'DELETE',
      'https://gitlab.example/api/v4/runners/managers',
    ]);
    expect(await request?.json()).toEqual({ token: 'glrt-secret', system_id: 'r_1' });
    expect(request?.headers.get('private-token')).toBeNull();
  });

  it('that is already gone is no error', async () => {
    const gone = Response.json({ message: '404 Runner manager not found Not Found' }, { status: 404 });
    const { runners, requests } = gitLab(gone);
    expect(await runners.forget('linux', 'r_1', NEVER)).toBeUndefined();
    expect(requests).toHaveLength(1);
  });

  it('with a token that GitLab does not accept is unauthorized', async () => {
    const { runners } = gitLab(Response.json({ message: '403 Forbidden' }, { status: 403 }));
    const message = await messageOf(runners.forget('linux', 'r_1', NEVER));
    expect(message).toMatch(
      /^unauthorized: removing manager r_1 of pool linux's runner: .*pool linux's runner token/,
    );
    expect(message).not.toContain('glrt-secret');
  });
});

describe('runners of single instances', () => {
  const OTHER = 'i-0123456789abcdef1';

  /** A pool with a runner for each of two instances, or none yet. */
  function isolated(has: boolean, ...answers: Response[]) {
    const { client, requests } = gitLab(...answers);
    const own = [INSTANCE, OTHER].map((instance, index) => ({
      runnerId: 21 + index,
      instance,
      token: async () => `glrt-${21 + index}`,
    }));
    const runners = gitLabRunners({
      client,
      pools: { linux: async () => (has ? own : []) },
      unmade: async () => ({ paused: false, protectedOnly: true }),
    });
    return { runners, requests };
  }

  it('may go while they are asked', async () => {
    const gone = Response.json({ message: '404 Not found' }, { status: 404 });
    const { runners } = isolated(true, Response.json([manager()]), gone);
    expect((await runners.managers('linux', NEVER)).map(({ instance }) => instance)).toEqual([INSTANCE]);
  });

  it('forget the manager of their own instance, and are not asked for that of another', async () => {
    const { runners, requests } = isolated(
      true,
      Response.json([manager({ system_id: systemIdOf(OTHER) })]),
      new Response(null, { status: 204 }),
    );
    await runners.forget('linux', systemIdOf(OTHER), NEVER);
    expect(requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      'GET /api/v4/runners/22/managers',
      'DELETE /api/v4/runners/managers',
    ]);
  });

  it('have the scope of one of them, and of one that would be made while there is none', async () => {
    const none = isolated(false);
    expect(await none.runners.scope('linux', NEVER)).toEqual({ paused: false, protectedOnly: true });
    expect(none.requests).toEqual([]);
    const sent = {
      id: 22,
      runner_type: 'project_type',
      tag_list: [],
      run_untagged: true,
      paused: false,
      locked: true,
      access_level: 'not_protected',
    };
    const some = isolated(true, Response.json(sent));
    expect(await some.runners.scope('linux', NEVER)).toEqual({ paused: false, protectedOnly: false });
    expect(some.requests.map(({ url }) => new URL(url).pathname)).toEqual(['/api/v4/runners/22']);
  });
});

describe('a description', () => {
  const sent = {
    id: 12,
    description: 'linux pool',
    runner_type: 'group_type',
    tag_list: ['linux', 'docker'],
    run_untagged: false,
    paused: true,
    locked: false,
    access_level: 'ref_protected',
    maximum_timeout: 3600,
  };

  it("tells how the pool's runner is set up", async () => {
    const { runners, requests } = gitLab(Response.json(sent));
    expect(await runners.describe('linux', NEVER)).toEqual([
      {
        id: 12,
        description: 'linux pool',
        type: 'group_type',
        tags: ['linux', 'docker'],
        runUntagged: false,
        paused: true,
        locked: false,
        accessLevel: 'ref_protected',
        maximumTimeout: 3600,
      },
    ]);
    expect(requests[0]?.url).toBe('https://gitlab.example/api/v4/runners/12?include_projects=false');
  });

  it('leaves out what GitLab leaves out', async () => {
    const { runners } = gitLab(Response.json({ ...sent, description: null, maximum_timeout: null }));
    const [description] = await runners.describe('linux', NEVER);
    expect(description?.description).toBe('');
    expect(description).not.toHaveProperty('maximumTimeout');
  });
});

describe('a probe', () => {
  const token = { name: 'runtide', scopes: ['read_api'], active: true, expires_at: '2026-12-31' };

  it("tells GitLab's version and the token's scopes and end", async () => {
    const { client, requests } = gitLab(Response.json({ version: '19.5.0-ee' }), Response.json(token));
    expect(await probe(client, NEVER)).toEqual({
      version: '19.5.0-ee',
      token: { name: 'runtide', scopes: ['read_api'], active: true, expiresAt: Date.UTC(2026, 11, 31) },
    });
    expect(requests.map(({ url }) => new URL(url).pathname)).toEqual([
      '/api/v4/version',
      '/api/v4/personal_access_tokens/self',
    ]);
  });

  it('tells of a token without end', async () => {
    const { client } = gitLab(
      Response.json({ version: '19.5.0' }),
      Response.json({ ...token, expires_at: null }),
    );
    expect((await probe(client, NEVER)).token).not.toHaveProperty('expiresAt');
  });

  it('fails when the token is not accepted', async () => {
    const { client } = gitLab(Response.json({ message: '401 Unauthorized' }, { status: 401 }));
    expect(await messageOf(probe(client, NEVER))).toMatch(/^unauthorized: reading GitLab's version: /);
  });
});
