import { createWebhook, type Webhook } from '../src/adapters/gitlab/webhook/webhook.ts';
import { hex, type Random, seededRandom } from '../src/adapters/memory/random.ts';
import { systemClock } from '../src/runtimes/system-clock.ts';
import { signatureHeaders } from '../src/sandbox/gitlab/webhook-signature.ts';
import type { Bench, Figure, Report } from './bench.ts';
import { timed } from './durations.ts';

const REQUESTS = 5000;
const WARM_UP = 2000;
/** A job event with its commit message is about this long. */
const BODY_BYTES = 4096;
const REMOTES = 50;

const TOKEN = 'the secret token of the bench';
const SIGNING_TOKEN = `whsec_${btoa('the signing key of the bench: 32 b')}`;
const NO_LIMIT = { burst: 1e9, perSecond: 1e9 };

/** One kind of request, and what is to become of it. */
interface Kind {
  readonly name: string;
  readonly status: number;
  /** Whether strangers are held back as by default; else all of them are looked at. */
  readonly throttled: boolean;
  readonly headers: (random: Random) => Readonly<Record<string, string>>;
}

function body(): string {
  const event = {
    object_kind: 'build',
    project_id: 7,
    pipeline_id: 100,
    build_status: 'pending',
    message: '',
  };
  const rest = BODY_BYTES - JSON.stringify(event).length;
  return JSON.stringify({ ...event, message: 'x'.repeat(rest) });
}

const BODY = body();
const JOB_HOOK = { 'content-type': 'application/json', 'x-gitlab-event': 'Job Hook' };

function signed(random: Random, key: string): Readonly<Record<string, string>> {
  return { ...JOB_HOOK, ...signatureHeaders(key, hex(random, 32), systemClock.now(), BODY) };
}

const KINDS: readonly Kind[] = [
  { name: 'anonymous, held back', status: 429, throttled: true, headers: () => JOB_HOOK },
  { name: 'anonymous, looked at', status: 401, throttled: false, headers: () => JOB_HOOK },
  {
    name: 'wrong token, looked at',
    status: 401,
    throttled: false,
    headers: (random) => ({ ...JOB_HOOK, 'x-gitlab-token': hex(random, 32) }),
  },
  {
    name: 'wrong signature, looked at',
    status: 401,
    throttled: false,
    headers: (random) => signed(random, `whsec_${btoa('another key that is 32 bytes long')}`),
  },
  {
    name: 'accepted by its token',
    status: 202,
    throttled: true,
    headers: (random) => ({ ...JOB_HOOK, 'x-gitlab-token': TOKEN, 'idempotency-key': hex(random, 32) }),
  },
  {
    name: 'accepted by its signature',
    status: 202,
    throttled: false,
    headers: (random) => signed(random, SIGNING_TOKEN),
  },
];

function newWebhook(throttled: boolean): Webhook {
  return createWebhook({
    secrets: () => ({ token: TOKEN, signingToken: SIGNING_TOKEN }),
    clock: systemClock,
    wake: () => undefined,
    note: () => undefined,
    watches: ({ id }) => id === 7,
    ...(!throttled && { throttle: { perRemote: NO_LIMIT, overall: NO_LIMIT } }),
  });
}

/** Sends requests one after the other, and answers how many had the status. */
async function send(webhook: Webhook, requests: readonly Request[], status: number): Promise<number> {
  let expected = 0;
  for (const [index, request] of requests.entries()) {
    const response = await webhook(request, `198.51.100.${index % REMOTES}`);
    if (response.status === status) expected += 1;
  }
  return expected;
}

async function measure(kind: Kind, random: Random): Promise<Figure> {
  const webhook = newWebhook(kind.throttled);
  // Made beforehand: what is measured is what becomes of a request, not how it came in.
  const requests = Array.from(
    { length: WARM_UP + REQUESTS },
    () =>
      new Request('http://127.0.0.1/webhook', { method: 'POST', headers: kind.headers(random), body: BODY }),
  );
  // What strangers may send at first is used up here.
  await send(webhook, requests.slice(0, WARM_UP), kind.status);
  let expected = 0;
  const took = await timed(
    async () => (expected = await send(webhook, requests.slice(WARM_UP), kind.status)),
  );
  // A few that are looked at come between those that are held back.
  if (expected < REQUESTS * 0.9) {
    throw new Error(
      `measuring ${kind.name}: only ${expected} of ${REQUESTS} were answered with ${kind.status}`,
    );
  }
  return { name: kind.name, value: (REQUESTS / took) * 1000, unit: 'per second' };
}

async function measureAll(seed: number): Promise<Report> {
  const random = seededRandom(seed);
  const figures: Figure[] = [];
  for (const kind of KINDS) figures.push(await measure(kind, random));
  return { settings: { requests: REQUESTS, bodyBytes: BODY.length, remotes: REMOTES, seed }, figures };
}

/** How many webhooks one process judges, without the network before it. */
export const webhookBench: Bench = {
  name: 'webhook',
  about: 'webhook requests that are rejected and accepted in one process, one after the other',
  run: ({ seed }) => measureAll(seed),
};
