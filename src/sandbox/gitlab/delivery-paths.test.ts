import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDouble, gitlabDouble } from '../../../test/support/gitlab-double.ts';
import { job } from '../../../test/support/gitlab-world.ts';
import { type HookReceiver, hookReceiver } from '../../../test/support/hook-receiver.ts';
import { minutes, seconds } from '../../engine/time.ts';

let started: Awaited<ReturnType<typeof gitlabDouble>>;
let receiver: HookReceiver;

beforeEach(async () => {
  [started, receiver] = await Promise.all([gitlabDouble({ webhookCallsPerMinute: 4 }), hookReceiver()]);
});

afterEach(async () => {
  await closeDouble(started);
  await receiver[Symbol.asyncDispose]();
});

async function hook(place = '/projects/1'): Promise<void> {
  const body = { url: receiver.url, job_events: true, push_events: false };
  expect((await started.api('POST', `${place}/hooks`, body)).status).toBe(201);
}

const script = (asked: object) => started.send('POST', '/sandbox/webhooks', asked);
const sent = async () => {
  await started.double.deliveries.settled();
  return receiver.received.map(({ body }) => `${String(body['build_name'])} ${String(body['build_status'])}`);
};

describe('the limit of deliveries', () => {
  it('is one for a top-level group and minute, and drops silently', async () => {
    await hook();
    await hook('/groups/acme');
    const other = started.gitlab.addProject({ path: 'other/web' });
    await hook(`/projects/${other.id}`);
    started.pipeline([job('one'), job('two')]);
    started.gitlab.createPipeline(other.id, { stages: ['test'], jobs: [job('three')] });
    expect(await sent()).toHaveLength(4 + 2);
    expect(started.double.deliveries.counts()).toEqual({ delivered: 6, rejected: 0, dropped: 4 });
    expect(started.double.deliveries.rateLimited).toBe(4);
    const listed = await (await started.api('GET', '/projects/1/hooks/1')).json();
    expect(listed).toMatchObject({ alert_status: 'executable' });
    await started.timers.advance(minutes(1));
    started.run();
    expect(await sent()).toHaveLength(6 + 4);
  });

  it('does not count test deliveries', async () => {
    await hook();
    started.pipeline([job('one'), job('two')]);
    await sent();
    expect((await started.api('POST', '/projects/1/hooks/1/test/job_events')).status).toBe(201);
    expect(await sent()).toHaveLength(5);
  });
});

describe('scripted faults of deliveries', () => {
  it('double them under one key', async () => {
    await hook();
    await script({ duplicate: 1 });
    started.pipeline([job('one')]);
    expect((await sent()).toSorted()).toEqual(['one created', 'one created', 'one pending', 'one pending']);
    const keys = receiver.received.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(2);
  });

  it('delay them, and let later ones overtake', async () => {
    await hook();
    await script({ delay: '5s', reorder: 0.5, seed: 3 });
    started.pipeline([job('one')]);
    started.run();
    await started.timers.advance(seconds(4));
    expect(await sent()).toEqual([]);
    for (let second = 0; second < 11; second += 1) {
      await started.timers.advance(seconds(1));
      await sent();
    }
    const told = await sent();
    expect(told.toSorted()).toEqual(['one created', 'one pending', 'one running', 'one success']);
    expect(told).not.toEqual(['one created', 'one pending', 'one running', 'one success']);
  });

  it('lose some, and are over when they are taken back', async () => {
    await hook();
    await script({ drop: true });
    started.pipeline([job('one')]);
    expect(await sent()).toEqual([]);
    await script({});
    started.run();
    expect(await sent()).toHaveLength(2);
    expect(started.double.deliveries.counts()).toEqual({ delivered: 2, rejected: 0, dropped: 2 });
  });

  it('are refused when they are not understood', async () => {
    for (const wrong of [{ drop: 2 }, { delay: 'long' }, { lose: 1 }, 'all']) {
      expect((await script(Object(wrong))).status).toBe(400);
    }
    expect(started.double.deliveries.faults.script).toEqual({});
  });

  it('end with the double, also what is still held back', async () => {
    await hook();
    await script({ delay: '1m' });
    started.pipeline([job('one')]);
    await started.double.close();
    await started.timers.advance(minutes(2));
    expect(await sent()).toEqual([]);
    started = await gitlabDouble();
  });
});
