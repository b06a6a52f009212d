import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { API_TOKEN, closeDouble, gitlabDouble, READ_TOKEN } from '../../../test/support/gitlab-double.ts';
import { job } from '../../../test/support/gitlab-world.ts';
import { type HookReceiver, hookReceiver } from '../../../test/support/hook-receiver.ts';
import { milliseconds, minutes } from '../../engine/time.ts';

let started: Awaited<ReturnType<typeof gitlabDouble>>;
let receiver: HookReceiver;

beforeEach(async () => {
  [started, receiver] = await Promise.all([gitlabDouble(), hookReceiver()]);
});

afterEach(async () => {
  await closeDouble(started);
  await receiver[Symbol.asyncDispose]();
});

const PROJECT = '/projects/1';

async function hookOf(place: string, settings: object = {}): Promise<void> {
  const body = { url: receiver.url, push_events: false, token: 'a secret', ...settings };
  expect((await started.api('POST', `${place}/hooks`, body)).status).toBe(201);
}

async function tested(place: string, trigger = 'job_events', token = API_TOKEN): Promise<readonly unknown[]> {
  const response = await started.api('POST', `${place}/hooks/1/test/${trigger}`, undefined, token);
  return [response.status, await response.json()];
}

const CREATED = [201, { message: '201 Created' }];
const shown = async (place: string): Promise<unknown> =>
  (await started.api('GET', `${place}/hooks/1`)).json();

describe.each([PROJECT, '/groups/acme'])('a test delivery to a hook of %s', (place) => {
  it('tells of the newest job, whatever the hook wants', async () => {
    await hookOf(place);
    started.pipeline([job('one'), job('two')]);
    expect(await tested(place)).toEqual(CREATED);
    expect(receiver.received).toMatchObject([
      {
        headers: { 'x-gitlab-event': 'Job Hook', 'x-gitlab-token': 'a secret' },
        body: { object_kind: 'build', build_name: 'two', build_status: 'pending' },
      },
    ]);
  });

  it('may tell of a push, also where there are no jobs', async () => {
    await hookOf(place);
    expect(await tested(place)).toEqual([422, { message: 'Ensure the project has CI jobs.' }]);
    expect(await tested(place, 'push_events')).toEqual(CREATED);
    expect(receiver.received).toMatchObject([
      { headers: { 'x-gitlab-event': 'Push Hook' }, body: { object_kind: 'push', project_id: 1 } },
    ]);
  });

  it('says what the receiver answered, and disables at the fourth and fortieth failure', async () => {
    await hookOf(place);
    receiver.status = 500;
    receiver.text = 'out of order';
    for (let failures = 1; failures <= 4; failures += 1) {
      expect(await tested(place, 'push_events')).toEqual([422, { message: 'out of order' }]);
      const alert = failures < 4 ? 'executable' : 'temporarily_disabled';
      expect(await shown(place)).toMatchObject({ alert_status: alert });
    }
    for (let failures = 5; failures <= 40; failures += 1) {
      await started.timers.advance(milliseconds(minutes(24 * 60) + 1));
      await tested(place, 'push_events');
    }
    expect(await shown(place)).toMatchObject({
      alert_status: 'disabled',
      disabled_until: expect.any(String),
    });
    receiver.status = 200;
    await started.timers.advance(minutes(1));
    expect(await tested(place, 'push_events')).toEqual(CREATED);
    expect(await shown(place)).toMatchObject({ alert_status: 'executable', disabled_until: null });
  });

  it('is refused at the sixth in a minute, and without the scope api', async () => {
    await hookOf(place);
    for (let count = 0; count < 5; count += 1) expect(await tested(place, 'push_events')).toEqual(CREATED);
    const error = 'This endpoint has been requested too many times. Try again later.';
    expect(await tested(place, 'push_events')).toEqual([429, { message: { error } }]);
    await started.timers.advance(minutes(1));
    expect(await tested(place, 'push_events')).toEqual(CREATED);
    expect((await tested(place, 'push_events', READ_TOKEN))[0]).toBe(403);
  });
});

describe('a test delivery', () => {
  it('says why a receiver could not be reached', async () => {
    await hookOf(PROJECT);
    await receiver[Symbol.asyncDispose]();
    expect(await tested(PROJECT, 'push_events')).toEqual([
      422,
      { message: expect.stringContaining('ECONNREFUSED') },
    ]);
    receiver = await hookReceiver();
  });

  it('is only of events that the double can make up', async () => {
    await hookOf(PROJECT);
    expect((await tested(PROJECT, 'issues_events'))[0]).toBe(400);
    expect((await tested('/projects/2'))[0]).toBe(404);
  });
});
