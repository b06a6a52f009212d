import { afterEach, expect, it } from 'vitest';
import { API_TOKEN, closeDouble, gitlabDouble, READ_TOKEN } from '../../../test/support/gitlab-double.ts';
import { minutes, seconds } from '../../engine/time.ts';
import type { RateLimits } from './throttle.ts';

let started: Awaited<ReturnType<typeof gitlabDouble>>;

const start = async (limits: RateLimits) => {
  started = await gitlabDouble({
    limits,
    tokens: [
      { token: API_TOKEN, scopes: ['api'] },
      { token: READ_TOKEN, scopes: ['read_api'], user: 2 },
    ],
  });
};

afterEach(async () => {
  await closeDouble(started);
});

const statusOf = async (path: string, token?: string) =>
  (await started.api('GET', path, undefined, token)).status;

it('takes so many requests of one user, and tells when to come again', async () => {
  await start({ authenticated: 2 });
  await started.timers.advance(seconds(15));
  expect([await statusOf('/version'), await statusOf('/projects/1')]).toEqual([200, 200]);
  const query = { query: '{ currentUser { id } }' };
  const refused = await started.send('POST', '/api/graphql', query, { 'private-token': API_TOKEN });
  expect([refused.status, await refused.text()]).toEqual([429, 'Retry later\n']);
  expect(Object.fromEntries(refused.headers)).toMatchObject({
    'content-type': expect.stringContaining('text/plain'),
    'ratelimit-name': 'throttle_authenticated_api',
    'ratelimit-limit': '2',
    'ratelimit-observed': '3',
    'ratelimit-remaining': '0',
    'retry-after': '45',
    'ratelimit-reset': String(started.timers.now() / 1000 + 45),
  });
  expect(await statusOf('/version', READ_TOKEN)).toBe(200);
  await started.timers.advance(seconds(45));
  expect(await statusOf('/version')).toBe(200);
});

it('takes so many requests for the jobs of projects, whichever projects', async () => {
  await start({ projectJobs: 2 });
  started.gitlab.addProject({ path: 'acme/api' });
  expect([await statusOf('/projects/1/jobs'), await statusOf('/projects/2/jobs')]).toEqual([200, 200]);
  const refused = await started.api('GET', '/projects/1/jobs');
  expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toEqual([
    429,
    null,
    { message: { error: 'This endpoint has been requested too many times. Try again later.' } },
  ]);
  expect([await statusOf('/projects/1'), await statusOf('/projects/1/jobs', READ_TOKEN)]).toEqual([200, 200]);
  await started.timers.advance(minutes(1));
  expect(await statusOf('/projects/1/jobs')).toBe(200);
});

it('takes so many job requests with one token of a runner', async () => {
  await start({ jobRequests: 1 });
  const other = started.gitlab.addRunner({ tags: [], runUntagged: true });
  const request = async (token: string) =>
    (await started.send('POST', '/api/v4/jobs/request', { token, system_id: 'r_1' })).status;
  const { token } = started.contact;
  expect([await request(token), await request(token), await request(other.token)]).toEqual([204, 429, 204]);
});

it('counts requests by route, those that a fault answers included', async () => {
  await start({});
  await statusOf('/projects/1/jobs');
  await statusOf('/projects/acme%2Fweb/jobs?page=1');
  started.double.faults.failNext(1, 500);
  await statusOf('/projects/1/jobs');
  await statusOf('/runners/all');
  await started.send('POST', '/api/graphql', { query: '{ metadata { version } }' });
  await started.send('GET', '/api/nowhere');
  expect(Object.fromEntries(started.double.requests())).toEqual({
    'GET /api/v4/projects/:id/jobs': 3,
    'GET /api/v4/runners/all': 1,
    'POST /api/graphql': 1,
    'GET unknown': 1,
  });
});
