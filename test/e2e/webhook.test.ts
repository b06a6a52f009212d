import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { jobHookBody, longMessage } from '../support/job-hook-bodies.ts';
import { openSandbox, succeeded, type WatchedSandbox } from '../support/watched-sandbox.ts';
import {
  jobEvent,
  post,
  type WebhookAnswer,
  webhookOf,
  type WebhookRequest,
} from '../support/webhook-requests.ts';

/** Pipelines that do not exist: the daemon asks for one when a webhook that names it was believed. */
const FORGED = 4711;
const GENUINE = 4712;

/** Bytes; more than any webhook has. */
const MUCH = 25 * 1024 * 1024 + 1;

interface Attack {
  readonly name: string;
  readonly request: WebhookRequest;
  readonly status: number;
  /** What the daemon's log says of it. */
  readonly line: Readonly<Record<string, unknown>>;
}

const rejected = (because: string) => ({ level: 'warn', msg: 'webhook rejected', because });
const ignored = (because: string) => ({ level: 'info', msg: 'webhook ignored', because });

/** Everything that somebody may send who wants the daemon to do something. */
function attacks(sandbox: WatchedSandbox): readonly Attack[] {
  const { genuine, late, token, watched } = webhookOf(sandbox);
  const body = jobEvent(watched, FORGED);
  const good = genuine(body);
  const change = (headers: Readonly<Record<string, string>>, text = body): WebhookRequest => ({
    headers: { ...good.headers, ...headers },
    body: text,
  });
  const unsigned = (text: string, headers: Readonly<Record<string, string>> = {}): WebhookRequest => ({
    headers: { 'x-gitlab-token': token, 'x-gitlab-event': 'Job Hook', ...headers },
    body: text,
  });
  const wrong = genuine(`${body} `).headers['webhook-signature'] ?? '';
  return [
    { name: 'no token', request: { headers: {}, body }, status: 401, line: rejected('no-credentials') },
    {
      name: 'a wrong token',
      request: unsigned(body, { 'x-gitlab-token': 'a-guess' }),
      status: 401,
      line: rejected('wrong-token'),
    },
    {
      name: 'a wrong signature beside the right token',
      request: change({ 'webhook-signature': wrong }),
      status: 401,
      line: rejected('wrong-signature'),
    },
    { name: 'one of an hour ago', request: late(body), status: 401, line: rejected('untimely') },
    {
      name: 'more than 25 MiB beside the right token',
      request: { ...unsigned('{'), announced: MUCH },
      status: 413,
      line: rejected('too-large'),
    },
    {
      name: 'no JSON beside the right token',
      request: unsigned('{"object_kind":"build"'),
      status: 400,
      line: rejected('invalid-json'),
    },
    {
      name: 'a job event without a pipeline',
      request: unsigned('{"object_kind":"build"}'),
      status: 400,
      line: rejected('invalid-shape'),
    },
    {
      name: 'another event',
      request: unsigned(body, { 'x-gitlab-event': 'Push Hook' }),
      status: 200,
      line: ignored('other-event'),
    },
    {
      name: 'a project that is not watched',
      request: genuine(jobEvent({ id: 999, path: 'acme/other' }, FORGED)),
      status: 200,
      line: ignored('unwatched-project'),
    },
  ];
}

/** Pipelines that the daemon has asked GitLab for since `from`. */
function pipelinesAskedFor({ exchanges }: WatchedSandbox): readonly number[] {
  return exchanges.flatMap(({ path }) => {
    const id = /\/pipelines\/(\d+)\/jobs$/.exec(path)?.[1];
    return id === undefined ? [] : [Number(id)];
  });
}

describe('a hostile webhook', () => {
  it('is refused, logged, and moves nothing', async () => {
    await using sandbox = await openSandbox();
    // No sweep comes in between: every pass after the first was woken.
    await sandbox.restart([['pollInterval'], '5m'], [['log', 'level'], 'debug']);
    const { url, watched, genuine } = webhookOf(sandbox);
    await eventually('the first pass is over', async () => (await sandbox.status()).totals.passes === 1);
    for (const { name, request, status, line } of attacks(sandbox)) {
      const answer = await post(url, request);
      expect([name, answer.status]).toEqual([name, status]);
      expect(answer.body).not.toMatch(/token|signature/);
      expect(await sandbox.log()).toContainEqual(expect.objectContaining(line));
    }
    // The connection breaks under what nobody reads, so that the answer may not be seen.
    await post(url, { ...genuine('x'.repeat(MUCH)), announced: 'nothing' }).catch(() => undefined);
    await eventually('it was too large', async () => {
      const { webhooks } = (await sandbox.status()).totals;
      return webhooks['rejected: too-large'] === 2;
    });
    const repeated = genuine(jobEvent(watched, GENUINE));
    const answers: WebhookAnswer[] = [await post(url, repeated), await post(url, repeated)];
    expect(answers.map(({ status }) => status)).toEqual([202, 200]);
    expect(await sandbox.log()).toContainEqual(expect.objectContaining({ because: 'duplicate' }));
    const after = await eventually('the genuine one has had its pass', async () => {
      const status = await sandbox.status();
      return status.totals.passes > 1 && status;
    });
    expect(after.totals.passes).toBe(2);
    expect(pipelinesAskedFor(sandbox)).toEqual([GENUINE]);
    expect(sandbox.ec2.instances()).toEqual([]);
    expect(after.totals.webhooks).toMatchObject({ accepted: 1, 'ignored: duplicate': 1 });
  });
});

describe('a webhook with a commit message of 20 MB', () => {
  it('is believed, and wakes a pass', async () => {
    await using sandbox = await openSandbox();
    const { url, watched, genuine } = webhookOf(sandbox);
    const [sample] = fc.sample(jobHookBody(), { numRuns: 1, seed: 3 });
    const body = {
      ...sample,
      project_id: watched.id,
      pipeline_id: GENUINE,
      build_status: 'pending',
      commit: { ...sample?.commit, message: longMessage(20_000_000) },
      project: { ...sample?.project, id: watched.id, path_with_namespace: watched.path },
    };
    const answer = await post(url, genuine(JSON.stringify(body)));
    expect(answer.status).toBe(202);
    await eventually('its pipeline is read', () => pipelinesAskedFor(sandbox).includes(GENUINE));
  });
});

describe('a flood of anonymous requests', () => {
  it('is shed, while passes go on and a job that comes meanwhile runs', async () => {
    await using sandbox = await openSandbox();
    await sandbox.reload([['pollInterval'], '1s']);
    const { url, watched } = webhookOf(sandbox);
    const flood = new Flood(url, jobEvent(watched, FORGED));
    const begun = Date.now();
    const before = await sandbox.status();
    const running = flood.run(3000);
    const jobs = sandbox.submit({ name: 'works', tags: ['linux'], script: ['echo works'] });
    await succeeded(jobs);
    const during = await eventually('two passes have gone by', async () => {
      const status = await sandbox.status();
      return status.totals.passes >= before.totals.passes + 2 && status;
    });
    const seconds = (Date.now() - begun) / 1000;
    flood.stop();
    await running;
    expect(flood.count).toBeGreaterThanOrEqual(3000);
    expect(flood.statuses).toEqual(new Set([401, 429]));
    // One a second at most, whatever wakes them.
    expect(during.totals.passes - before.totals.passes).toBeLessThanOrEqual(seconds + 2);
    expect(pipelinesAskedFor(sandbox)).not.toContain(FORGED);
    expect(sandbox.double.deliveries.counts()).toMatchObject({ rejected: 0 });
    const refusals = (await sandbox.log()).filter(({ msg }) => msg === 'webhook rejected');
    // Two kinds, a line a second each.
    expect(refusals.length).toBeLessThanOrEqual(2 * (seconds + 2));
    expect(refusals.some(({ alike }) => Number(alike) > 10)).toBe(true);
  });
});

const LANES = 16;

/** Posts without credentials, over and over. */
class Flood {
  readonly statuses = new Set<number>();
  count = 0;
  readonly #url: string;
  readonly #body: string;
  #stopped = false;

  constructor(url: string, body: string) {
    this.#url = url;
    this.#body = body;
  }

  /** Goes on until it is stopped, but at least for that many requests. */
  async run(fewest: number): Promise<void> {
    const lane = async (): Promise<void> => {
      while (!this.#stopped || this.count < fewest) await this.#send();
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }

  stop(): void {
    this.#stopped = true;
  }

  async #send(): Promise<void> {
    this.count += 1;
    const response = await fetch(this.#url, { method: 'POST', body: this.#body });
    await response.body?.cancel();
    this.statuses.add(response.status);
  }
}
