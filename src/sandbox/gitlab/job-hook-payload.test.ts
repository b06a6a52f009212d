import { describe, expect, it } from 'vitest';
import { gitlabWorld, job } from '../../../test/support/gitlab-world.ts';
import { jobHookShape } from '../../../test/support/job-hook-shape.ts';
import { milliseconds, seconds } from '../../engine/time.ts';
import { jobHookPayload } from './job-hook-payload.ts';

/** Everything that the double would send of what happens here. */
async function told() {
  const { gitlab, timers, pipeline, run, take } = gitlabWorld();
  const payloads: unknown[] = [];
  gitlab.onJobEvent((event) => payloads.push(jobHookPayload(event, 'http://127.0.0.1:1234')));
  pipeline([job('größer 🚀', { stage: 'a' }), job('two', { stage: 'b', when: 'manual' })], ['a', 'b']);
  await timers.advance(milliseconds(1500));
  run('failed');
  pipeline([job('three')]);
  take();
  await timers.advance(seconds(1));
  const last = pipeline([job('four')]);
  gitlab.cancelPipeline(last.id);
  return payloads.map((payload): unknown => JSON.parse(JSON.stringify(payload)));
}

describe('the body of a job hook', () => {
  it('has every field that GitLab sends, and no other', async () => {
    const payloads = await told();
    expect(payloads.length).toBeGreaterThan(6);
    for (const payload of payloads) expect(jobHookShape.parse(payload)).toEqual(payload);
    const statuses = payloads.map((payload) => jobHookShape.parse(payload).build_status);
    expect(new Set(statuses)).toEqual(new Set(['created', 'pending', 'running', 'failed', 'canceled']));
  });
});
