import { isUtf8 } from 'node:buffer';
import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { jobHookBody } from '../../../../test/support/job-hook-bodies.ts';
import type { PipelineRef } from '../../../controller/ports.ts';
import { VirtualClock } from '../../memory/clock.ts';
import { createWebhook } from './webhook.ts';

/** How many bodies are tried; 100,000 take about half a minute. */
const BODIES = Number(process.env['RUNTIDE_FUZZED_BODIES'] ?? 20_000);
const KEY = Buffer.alloc(32, 7);
const WATCHED = [7, 8];

/** A JSON object as its keys and the text of their values, which may be no JSON. */
type Entries = readonly (readonly [key: string, value: string])[];

/** Bodies that GitLab may send, half of them of a watched project. */
const GENUINE: readonly Entries[] = fc
  .sample(jobHookBody(), { numRuns: 100, seed: 7 })
  .map((body, index) => ({ ...body, project_id: [7, 9][index % 2] }))
  .map((body) => Object.entries(body).map(([key, value]) => [key, JSON.stringify(value)]));

const genuine = fc.constantFrom(...GENUINE);

const anyKey = fc.oneof(
  // The fields that are read, and others.
  fc.constantFrom('object_kind', 'project_id', 'pipeline_id', 'build_status', 'project'),
  fc.constantFrom('commit', 'runner', 'build_id', '__proto__', 'constructor', 'toString', '', '\ud800'),
);

const anyNesting = fc
  .tuple(fc.constantFrom(3, 500, 20_000), fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[', '']))
  .map(([depth, [open = '', close = '']]) => `${open.repeat(depth)}1${close.repeat(depth)}`);

/** What may stand in place of a value; some of it is no JSON. */
const anyWord = fc.oneof(
  fc.constantFrom('null', 'true', '[]', '{}', '""', '"7"', '[7]', '{"id":7}', '"build"', '"pipeline"'),
  fc.constantFrom('"pending"', '"Pending"', '"a status\\n"', `"${'a'.repeat(65)}"`, '"__proto__"'),
  fc.constantFrom('0', '-1', '-0', '7.0', '7.5', '7e0', '1e999', '9007199254740993', `1${'0'.repeat(400)}`),
  fc.constantFrom('NaN', '07', '0x7', 'undefined', "'7'", '', '"\\ud800"', '"\ud800"', '"\u0000"', '"\\x"'),
  fc.constantFrom('{"__proto__":{"path_with_namespace":"acme/web"}}', '{"path_with_namespace":["acme/web"]}'),
  fc.integer({ min: 1, max: 9 }).map(String),
);

const anyValue = fc.oneof({ arbitrary: anyWord, weight: 60 }, { arbitrary: anyNesting, weight: 1 });

/** What may happen to the fields of a body. */
const anyChange: fc.Arbitrary<(entries: Entries) => Entries> = fc
  .tuple(fc.constantFrom('set', 'repeat', 'precede', 'remove'), anyKey, anyValue)
  .map(([how, key, value]) => (entries) => {
    const others = entries.filter(([one]) => one !== key);
    if (how === 'remove') return others;
    if (how === 'repeat') return [...entries, [key, value]];
    return how === 'precede' ? [[key, value], ...entries] : [...others, [key, value]];
  });

const textOf = (entries: Entries): string =>
  `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;

/** What may happen to a whole body. */
const anyDamage: fc.Arbitrary<(text: string) => Uint8Array<ArrayBuffer> | string> = fc.oneof(
  { arbitrary: fc.constant((text: string) => text), weight: 6 },
  fc.double({ min: 0, max: 1, noNaN: true }).map((share) => (text: string) => {
    const bytes = new TextEncoder().encode(text);
    return bytes.slice(0, Math.floor(share * bytes.length));
  }),
  fc
    .array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
    .map((spots) => (text: string) => {
      const bytes = new TextEncoder().encode(text);
      for (const [at, byte] of spots) bytes[at % bytes.length] = byte;
      return bytes;
    }),
  fc.constantFrom(
    (text: string) => `\ufeff${text}`,
    (text: string) => `[${text}]`,
    (text: string) => `${text}${text}`,
    (text: string) => JSON.stringify(text),
    (text: string) => new Uint8Array(Buffer.from(text, 'utf16le')),
    (text: string) => `/**/${text}`,
  ),
);

const mutated = fc
  .tuple(genuine, fc.array(anyChange, { maxLength: 4 }), anyDamage)
  .map(([entries, changes, damage]) => damage(textOf(changes.reduce((so, change) => change(so), entries))));

const anyBody = fc.oneof(
  { arbitrary: mutated, weight: 18 },
  { arbitrary: fc.string({ unit: 'binary' }), weight: 1 },
  { arbitrary: fc.uint8Array().map((bytes) => new Uint8Array(bytes)), weight: 1 },
);

const anyEvent = fc.oneof(
  { arbitrary: fc.constant('Job Hook'), weight: 10 },
  { arbitrary: fc.constantFrom('Pipeline Hook', undefined), weight: 1 },
);

/** A job event that is worth a pass, said in other words than the code under test. */
const worthAPass = z.looseObject({
  object_kind: z.literal('build'),
  project_id: z.literal(WATCHED),
  pipeline_id: z.number().refine((id) => Number.isSafeInteger(id) && id > 0),
  build_status: z.literal(['pending', 'running', 'canceling', 'success', 'failed', 'canceled']),
});

/** The pipeline that the body must wake a pass for, if any. */
function pipelineToRead(event: string | undefined, body: Uint8Array): PipelineRef | undefined {
  if (event === 'Pipeline Hook' || !isUtf8(body)) return undefined;
  const text = Buffer.from(body)
    .toString('utf8')
    .replace(/^\ufeff/, '');
  const job = worthAPass.safeParse(parsed(text));
  return job.success ? { project: job.data.project_id, pipeline: job.data.pipeline_id } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A webhook that knows the signing token alone, and how GitLab sends to it. */
function scene() {
  const clock = new VirtualClock();
  const woken: PipelineRef[] = [];
  const webhook = createWebhook({
    secrets: () => ({ signingToken: `whsec_${KEY.toString('base64')}` }),
    clock,
    wake: (ref) => void woken.push(ref),
    note: () => undefined,
    watches: ({ id }) => WATCHED.includes(id),
    throttle: { perRemote: { burst: 1, perSecond: 0 }, overall: { burst: 1, perSecond: 0 } },
  });
  let sent = 0;
  const send = async (event: string | undefined, body: Uint8Array<ArrayBuffer>): Promise<number> => {
    const id = `msg_${sent++}`;
    const timestamp = String(clock.now() / 1000);
    const signature = createHmac('sha256', KEY).update(`${id}.${timestamp}.`).update(body).digest('base64');
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
      ...(event !== undefined && { 'x-gitlab-event': event }),
    };
    const request = new Request('http://127.0.0.1/webhook', { method: 'POST', headers, body });
    return (await webhook(request, '192.0.2.1')).status;
  };
  return { send, woken };
}

describe('a body under a right signature', () => {
  it(
    `may be anything: ${BODIES} of them break nothing, and wake for job events of watched projects alone`,
    { timeout: 600_000 },
    async () => {
      const { send, woken } = scene();
      const statuses = new Map<number, number>();
      const property = fc.asyncProperty(anyEvent, anyBody, async (event, content) => {
        const body = typeof content === 'string' ? new TextEncoder().encode(content) : content;
        woken.length = 0;
        const status = await send(event, body);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        const wanted = pipelineToRead(event, body);
        const answers = wanted === undefined ? [200, 400] : [202];
        expect([...woken, answers.includes(status)]).toEqual([
          ...(wanted === undefined ? [] : [wanted]),
          true,
        ]);
      });
      await fc.assert(property, { numRuns: BODIES });
      // Each kind of answer is tried often enough to mean something.
      for (const status of [200, 202, 400]) expect(statuses.get(status)).toBeGreaterThan(BODIES / 20);
    },
  );
});
