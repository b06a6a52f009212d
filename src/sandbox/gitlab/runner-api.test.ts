import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDouble, gitlabDouble } from '../../../test/support/gitlab-double.ts';
import { job } from '../../../test/support/gitlab-world.ts';
import { minutes } from '../../engine/time.ts';

const FEATURES = { two_phase_job_commit: true, cancel_gracefully: true, refspecs: true };
const INFO = {
  name: 'gitlab-runner',
  version: '19.4.0',
  revision: 'd79f3e7b',
  platform: 'linux',
  architecture: 'amd64',
  executor: 'shell',
  shell: 'bash',
  config: { gpus: '' },
};

let started: Awaited<ReturnType<typeof gitlabDouble>>;

beforeEach(async () => {
  started = await gitlabDouble();
});

afterEach(async () => {
  await closeDouble(started);
});

const asRunner = (method: string, path: string, body: object = {}) =>
  started.send(method, `/api/v4${path}`, {
    token: started.runner.token,
    system_id: 'r_000000000001',
    ...body,
  });
const request = (features: object = FEATURES) =>
  asRunner('POST', '/jobs/request', { info: { ...INFO, features } });
const update = (id: number, token: string, body: object) =>
  started.send('PUT', `/api/v4/jobs/${id}`, { token, info: { ...INFO, features: FEATURES }, ...body });
const patch = (id: number, token: string, start: number, text: string) =>
  fetch(`${started.double.url}/api/v4/jobs/${id}/trace?debug_trace=false`, {
    method: 'PATCH',
    headers: {
      'content-type': 'text/plain',
      'content-range': `${start}-${start + text.length - 1}`,
      'job-token': token,
    },
    body: text,
  });
const tokenOf = (id: number): string => started.gitlab.job(id)?.token ?? '';

describe('a runner process', () => {
  it('is known by its token and its system id', async () => {
    const response = await asRunner('POST', '/runners/verify', { info: INFO });
    expect([response.status, await response.json()]).toEqual([
      200,
      { id: 1, token: started.runner.token, token_expires_at: null },
    ]);
    expect(started.gitlab.managers(1)).toMatchObject([
      { systemId: 'r_000000000001', info: { version: '19.4.0', architecture: 'amd64', executor: 'shell' } },
    ]);
    const unknown = await started.send('POST', '/api/v4/runners/verify', {
      token: 'glrt-none',
      system_id: 'r_1',
    });
    expect([unknown.status, await unknown.json()]).toEqual([403, { message: '403 Forbidden' }]);
    expect((await started.send('POST', '/api/v4/runners/verify', {})).status).toBe(400);
  });

  it('leaves as a manager while its runner stays', async () => {
    await asRunner('POST', '/runners/verify');
    expect((await asRunner('DELETE', '/runners/managers')).status).toBe(204);
    expect((await asRunner('DELETE', '/runners/managers')).status).toBe(404);
    expect(started.gitlab.managers(1)).toEqual([]);
    expect(started.gitlab.runner(1)).toBeDefined();
    const unknown = await started.send('DELETE', '/api/v4/runners/managers?token=glrt-none&system_id=r_1');
    expect(unknown.status).toBe(403);
  });

  it('may take its runner along, get a new token, and finds no registration and no job router', async () => {
    const { token: old } = started.runner;
    expect(
      (await started.send('POST', '/api/v4/runners/reset_authentication_token', { token: old })).status,
    ).toBe(201);
    expect((await started.send('DELETE', '/api/v4/runners', { token: old })).status).toBe(403);
    const { token } = started.runner;
    expect((await started.send('DELETE', '/api/v4/runners', { token })).status).toBe(204);
    expect(started.gitlab.runner(1)).toBeUndefined();
    expect((await started.send('POST', '/api/v4/runners', { token: 'GR1348941' })).status).toBe(410);
    expect((await started.send('GET', '/api/v4/runners/router/discovery')).status).toBe(501);
  });
});

describe('a job', () => {
  it('is not there: 204 and the state of the queue', async () => {
    const response = await request();
    expect(response.status).toBe(204);
    expect(response.headers.get('x-gitlab-last-update')).toBe(started.gitlab.runner(1)?.lastUpdate);
    expect((await started.send('POST', '/api/v4/jobs/request', { token: 'glrt-none' })).status).toBe(403);
  });

  it('comes in the shape and the types that gitlab-runner decodes', async () => {
    started.pipeline([
      job('one', { script: ['echo hi', 'exit 0'], variables: { COLOR: 'blue' }, timeout: minutes(10) }),
    ]);
    const response = await request();
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toMatchObject({
      id: 1,
      token: expect.stringMatching(/^glcbt-/),
      allow_git_fetch: false,
      job_info: {
        name: 'one',
        stage: 'test',
        project_id: 1,
        time_in_queue_seconds: 0,
        project_jobs_running_on_instance_runners_count: '0',
      },
      git_info: {
        ref: 'main',
        ref_type: 'branch',
        refspecs: [],
        depth: 0,
        sha: expect.stringMatching(/^[0-9a-f]{40}$/),
      },
      runner_info: { timeout: 600 },
      variables: expect.arrayContaining([
        { key: 'GIT_STRATEGY', value: 'none', public: true, masked: false },
        { key: 'COLOR', value: 'blue', public: true, masked: false },
      ]),
      steps: [
        {
          name: 'script',
          script: ['echo hi', 'exit 0'],
          timeout: 600,
          when: 'on_success',
          allow_failure: false,
        },
      ],
      image: null,
      services: [],
      features: { failure_reasons: expect.arrayContaining(['runner_interrupted', 'script_failure']) },
    });
  });

  it('is handed over, kept alive, confirmed, run and ended', async () => {
    started.pipeline([job('one')]);
    await request();
    const token = tokenOf(1);
    expect(started.gitlab.job(1)?.status).toBe('pending');
    expect((await patch(1, token, 0, 'too early')).status).toBe(403);
    expect((await update(1, token, { state: 'pending' })).status).toBe(200);
    expect((await update(1, token, { state: 'success' })).status).toBe(400);
    const confirmed = await update(1, token, { state: 'running' });
    expect([confirmed.status, confirmed.headers.get('job-status')]).toEqual([200, 'running']);
    expect(confirmed.headers.get('x-gitlab-trace-update-interval')).toBe('3');
    const output = { checksum: 'crc32:00000000', bytesize: 0 };
    const ended = await update(1, token, {
      state: 'failed',
      failure_reason: 'script_failure',
      exit_code: 3,
      output,
    });
    expect(ended.status).toBe(200);
    expect(started.gitlab.job(1)).toMatchObject({
      status: 'failed',
      failureReason: 'script_failure',
      exitCode: 3,
    });
    const late = await update(1, token, { state: 'running' });
    expect([late.status, late.headers.get('job-status')]).toEqual([403, 'failed']);
    expect(await late.json()).toEqual({ message: '403 Forbidden - Job is not processing on runner' });
  });

  it('runs at once for a runner without two-phase commit', async () => {
    started.pipeline([job('one')]);
    expect((await request({})).status).toBe(201);
    expect(started.gitlab.job(1)?.status).toBe('running');
  });

  it('tells a cancel by Job-Status', async () => {
    started.pipeline([job('one'), job('two')]);
    await request();
    await request({});
    await update(1, tokenOf(1), { state: 'running' });
    started.gitlab.cancelPipeline(1);
    expect((await update(1, tokenOf(1), { state: 'running' })).headers.get('job-status')).toBe('canceling');
    expect((await patch(1, tokenOf(1), 0, 'bye')).headers.get('job-status')).toBe('canceling');
    expect((await patch(2, tokenOf(2), 0, 'bye')).headers.get('job-status')).toBe('canceled');
    await update(1, tokenOf(1), { state: 'failed' });
    expect(started.gitlab.job(1)?.status).toBe('canceled');
  });

  it('is nobody else’s', async () => {
    started.pipeline([job('one'), job('two')]);
    await request({});
    await request({});
    expect((await update(1, tokenOf(2), { state: 'success' })).status).toBe(403);
    expect((await patch(1, tokenOf(2), 0, 'x')).status).toBe(403);
    expect((await update(99, tokenOf(1), { state: 'success' })).status).toBe(403);
  });
});

describe('a job’s log', () => {
  beforeEach(async () => {
    started.pipeline([job('one')]);
    await request({});
  });

  it('grows part by part', async () => {
    const first = await patch(1, tokenOf(1), 0, 'one ');
    expect([first.status, first.headers.get('range')]).toEqual([202, '0-4']);
    await patch(1, tokenOf(1), 4, 'two');
    expect(started.gitlab.job(1)?.trace.text()).toBe('one two');
  });

  it('is resumed where GitLab says', async () => {
    await patch(1, tokenOf(1), 0, 'one ');
    const gap = await patch(1, tokenOf(1), 9, 'two');
    expect([gap.status, gap.headers.get('range')]).toEqual([416, '0-4']);
    expect(started.gitlab.job(1)?.trace.text()).toBe('one ');
  });

  it('needs a Content-Range', async () => {
    const response = await fetch(`${started.double.url}/api/v4/jobs/1/trace`, {
      method: 'PATCH',
      headers: { 'job-token': tokenOf(1) },
      body: 'text',
    });
    expect(response.status).toBe(400);
  });

  it('takes artifacts and keeps none', async () => {
    const form = new FormData();
    form.append('file', new Blob(['zip']), 'artifacts.zip');
    const url = `${started.double.url}/api/v4/jobs/1/artifacts?artifact_format=zip&artifact_type=archive`;
    const stored = await fetch(url, { method: 'POST', headers: { 'job-token': tokenOf(1) }, body: form });
    expect(stored.status).toBe(201);
    expect((await fetch(url, { method: 'POST', headers: { 'job-token': 'wrong' }, body: form })).status).toBe(
      403,
    );
  });
});
