import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDouble, gitlabDouble } from '../../../test/support/gitlab-double.ts';
import { job } from '../../../test/support/gitlab-world.ts';
import { until } from '../../../test/support/until.ts';
import { minutes, seconds } from '../../engine/time.ts';

const HOLD = seconds(50);

let started: Awaited<ReturnType<typeof gitlabDouble>>;

beforeEach(async () => {
  started = await gitlabDouble({ longPoll: HOLD });
});

afterEach(async () => {
  await closeDouble(started);
});

const poll = (lastUpdate: string | undefined, signal?: AbortSignal) =>
  fetch(`${started.double.url}/api/v4/jobs/request`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      token: started.runner.token,
      system_id: 'r_000000000001',
      last_update: lastUpdate,
    }),
    ...(signal === undefined ? {} : { signal }),
  });
const lastUpdate = (): string | undefined => started.gitlab.runner(1)?.lastUpdate;

/** Resolves once the double holds that many requests. */
const held = (count: number): Promise<void> => until(() => started.watched() === count);

describe('a long poll', () => {
  it('is not held without last_update, or with an old one', async () => {
    expect((await poll(undefined)).status).toBe(204);
    expect((await poll('0123456789')).status).toBe(204);
  });

  it('ends with the job that is queued meanwhile', async () => {
    const answer = poll(lastUpdate());
    await held(1);
    started.pipeline([job('other', { tags: ['mac'] })]);
    started.pipeline([job('one')]);
    const response = await answer;
    expect([response.status, await response.json()]).toMatchObject([201, { id: 2 }]);
  });

  it('gives one job to one of two, and the other goes on empty-handed', async () => {
    const answers = [poll(lastUpdate()), poll(lastUpdate())];
    await held(2);
    started.pipeline([job('one')]);
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.toSorted((one, other) => one - other)).toEqual([201, 204]);
  });

  it('ends after its time without being a contact', async () => {
    started.gitlab.touchManager(started.contact);
    const contactedAt = started.timers.now();
    await started.timers.advance(minutes(1));
    const answer = poll(lastUpdate());
    await held(1);
    await started.timers.advance(HOLD);
    const response = await answer;
    expect([response.status, response.headers.get('x-gitlab-last-update')]).toEqual([204, lastUpdate()]);
    expect(started.gitlab.managers(1)).toMatchObject([{ contactedAt }]);
  });

  it('leaves the job to others when its caller has gone', async () => {
    const caller = new AbortController();
    const answer = poll(lastUpdate(), caller.signal).catch((error: unknown) => error);
    await held(1);
    caller.abort();
    await answer;
    await held(0);
    started.pipeline([job('one')]);
    expect(started.gitlab.job(1)?.status).toBe('pending');
  });

  it('ends when the double closes', async () => {
    const answer = poll(lastUpdate()).catch(() => 'cut off');
    await held(1);
    await started.double.close();
    expect(await answer).toBeDefined();
    started = await gitlabDouble();
  });
});

describe('without holding', () => {
  it('an unchanged queue is answered at once and counts as a contact', async () => {
    const plain = await gitlabDouble();
    const body = {
      token: plain.runner.token,
      system_id: 'r_1',
      last_update: plain.gitlab.runner(1)?.lastUpdate,
    };
    const response = await plain.send('POST', '/api/v4/jobs/request', body);
    expect(response.status).toBe(204);
    expect(plain.gitlab.managers(1)).toHaveLength(1);
    await closeDouble(plain);
  });
});
