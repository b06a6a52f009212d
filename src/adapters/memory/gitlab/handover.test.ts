import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../engine/time.ts';
import { gitlabWorld, job } from '../../../../test/support/gitlab-world.ts';

describe('handover', () => {
  it('keeps the job pending with a runner until it is accepted', () => {
    const { pipeline, gitlab, contact, runner } = gitlabWorld();
    pipeline([job('one')]);
    const handed = gitlab.requestJob({ ...contact, twoPhase: true });
    expect(handed).toMatchObject({ status: 'pending', runner: { id: runner.id }, manager: undefined });
    expect(handed?.handover?.manager.systemId).toBe(contact.systemId);
    expect(gitlab.requestJob(contact)).toBeUndefined();
    expect(gitlab.acceptJob(handed?.token ?? '')).toBe(true);
    expect(handed).toMatchObject({
      status: 'running',
      manager: { systemId: contact.systemId },
      handover: undefined,
    });
    expect(gitlab.acceptJob(handed?.token ?? '')).toBe(false);
  });

  it('is given up after its time-out: the job fails and a new one takes its place, without a skip', async () => {
    const { pipeline, gitlab, contact, timers, statuses, events } = gitlabWorld();
    pipeline([job('one', { stage: 'a' }), job('two', { stage: 'b' })], ['a', 'b']);
    const handed = gitlab.requestJob({ ...contact, twoPhase: true });
    await timers.advance(seconds(119));
    expect(handed?.status).toBe('pending');
    await timers.advance(seconds(1));
    expect(handed).toMatchObject({
      status: 'failed',
      failureReason: 'runner_provisioning_timeout',
      retried: true,
    });
    expect(statuses()['two']).toBe('created');
    expect(events.slice(-3)).toEqual(['one#1 failed', 'one#3 created', 'one#3 pending']);
    expect(gitlab.requestJob(contact)).toMatchObject({ id: 3, retries: 1, status: 'running' });
  });

  it('is not tried for ever', async () => {
    const { pipeline, gitlab, contact, timers, statuses } = gitlabWorld();
    pipeline([job('one')]);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(gitlab.requestJob({ ...contact, twoPhase: true })?.retries).toBe(attempt);
      await timers.advance(minutes(2));
    }
    expect(gitlab.requestJob(contact)).toBeUndefined();
    expect(statuses()).toEqual({ one: 'failed' });
  });

  it('is kept alive by a manager that still prepares', async () => {
    const { pipeline, gitlab, contact, timers } = gitlabWorld();
    pipeline([job('one')]);
    const handed = gitlab.requestJob({ ...contact, twoPhase: true });
    for (let kept = 0; kept < 3; kept += 1) {
      await timers.advance(seconds(100));
      expect(gitlab.updateJob(handed?.token ?? '', { state: 'pending' }).outcome).toBe('ok');
    }
    expect(handed?.status).toBe('pending');
    expect(gitlab.updateJob(handed?.token ?? '', { state: 'success' }).outcome).toBe('invalid');
  });

  it('ends when the job is canceled', async () => {
    const { pipeline, gitlab, contact, timers } = gitlabWorld();
    const created = pipeline([job('one')]);
    const handed = gitlab.requestJob({ ...contact, twoPhase: true });
    gitlab.cancelPipeline(created.id);
    await timers.advance(minutes(5));
    expect(handed?.status).toBe('canceled');
    expect(gitlab.jobsOfProject(1)).toHaveLength(1);
  });
});
