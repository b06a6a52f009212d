import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobHookBody, longMessage } from '../../../../test/support/job-hook-bodies.ts';
import {
  JOB_STATUSES,
  type JobHook,
  jobHookShape,
  NEWER_FIELDS,
} from '../../../../test/support/job-hook-shape.ts';
import type { PipelineRef } from '../../../controller/ports.ts';
import { VirtualClock } from '../../memory/clock.ts';
import type { NamedProject } from './job-event.ts';
import { createWebhook } from './webhook.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** The statuses that change what is known of a job. */
const WAKING: readonly string[] = ['pending', 'running', 'canceling', 'success', 'failed', 'canceled'];

/** Sends one body as GitLab does, and answers with all that has come of it. */
async function deliver(body: string, event = 'Job Hook') {
  const woken: PipelineRef[] = [];
  const events: WebhookEvent[] = [];
  const asked: NamedProject[] = [];
  const webhook = createWebhook({
    secrets: () => ({ token: 'right' }),
    clock: new VirtualClock(),
    wake: (ref) => void woken.push(ref),
    note: (noted) => void events.push(noted),
    watches: (project) => asked.push(project) > 0,
  });
  const headers = { 'x-gitlab-event': event, 'x-gitlab-token': 'right' };
  const request = new Request('https://runtide.example/webhook', { method: 'POST', headers, body });
  const { status } = await webhook(request, '192.0.2.1');
  return { status, woken, events, asked };
}

/** What must have arrived of a job event. */
function arrival({ project_id: project, pipeline_id: pipeline, build_status: status }: JobHook) {
  const job = { project, pipeline, status };
  return WAKING.includes(status)
    ? { status: 202, woken: [{ project, pipeline }], events: [{ outcome: 'accepted', ...job }] }
    : { status: 200, woken: [], events: [{ outcome: 'ignored', because: 'status', ...job }] };
}

describe('a body as GitLab sends it', { timeout: 120_000 }, () => {
  it('arrives without loss, whatever is in it', async () => {
    const seen = new Set<string>();
    const property = fc.asyncProperty(jobHookBody(), async (body) => {
      expect(jobHookShape.parse(body)).toEqual(body);
      const { id, path_with_namespace: path } = body.project;
      expect(await deliver(JSON.stringify(body))).toEqual({ ...arrival(body), asked: [{ id, path }] });
      seen.add(body.build_status);
    });
    await fc.assert(property, { numRuns: 500 });
    expect(seen).toEqual(new Set(JOB_STATUSES));
  });

  it('arrives from a GitLab that leaves out the newer fields', async () => {
    const property = fc.asyncProperty(jobHookBody(), async (body) => {
      const older = Object.fromEntries(Object.entries(body).filter(([key]) => !NEWER_FIELDS.includes(key)));
      const arrived = await deliver(JSON.stringify(older));
      expect(arrived).toEqual({ ...arrival(body), asked: [{ id: body.project_id }] });
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it('arrives with fields and statuses that a newer GitLab adds', async () => {
    const property = fc.asyncProperty(jobHookBody(), fc.jsonValue(), async (body, more) => {
      const newer = { ...body, build_tags: more, runner_manager: more, commit: more };
      expect(await deliver(JSON.stringify(newer))).toMatchObject(arrival(body));
      const status = 'waiting_for_step_2';
      const other = await deliver(JSON.stringify({ ...newer, build_status: status }));
      expect(other).toMatchObject({ status: 200, woken: [], events: [{ because: 'status', status }] });
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it('arrives with a commit message that fills it to the last of 25 MiB', async () => {
    const [sample] = fc.sample(jobHookBody(fc.constant('')), { numRuns: 1, seed: 1 });
    if (sample === undefined) throw new Error('there is no sample');
    const body: JobHook = { ...sample, build_status: 'pending', commit: { ...sample.commit, message: '' } };
    const room = 25 * 1024 * 1024 - Buffer.byteLength(JSON.stringify(body));
    const filled = JSON.stringify({ ...body, commit: { ...body.commit, message: longMessage(room) } });
    expect(Buffer.byteLength(filled)).toBe(25 * 1024 * 1024);
    expect(await deliver(filled)).toMatchObject(arrival(body));
  });

  it.each(['Pipeline Hook', 'Push Hook', 'Deployment Hook', 'Some Newer Hook'])(
    'is ignored as a %s',
    async (event) => {
      const kind = event.toLowerCase().replace(/ hook$/, '');
      const arrived = await deliver(JSON.stringify({ object_kind: kind, builds: [{ id: 1 }] }), event);
      expect(arrived).toEqual({
        status: 200,
        woken: [],
        asked: [],
        events: [{ outcome: 'ignored', because: 'other-event' }],
      });
    },
  );
});
