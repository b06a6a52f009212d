import { describe, expect, it } from 'vitest';
import { minutes } from '../../../engine/time.ts';
import { gitlabWorld, job } from '../../../../test/support/gitlab-world.ts';

describe('stages', () => {
  it('start one after the other', () => {
    const { pipeline, statuses, run } = gitlabWorld();
    const created = pipeline([job('one', { stage: 'a' }), job('two', { stage: 'b' })], ['a', 'b']);
    expect(statuses()).toEqual({ one: 'pending', two: 'created' });
    run();
    expect(statuses()).toEqual({ one: 'success', two: 'pending' });
    run();
    expect(created.status).toBe('success');
  });

  it('skip what comes after a failure', () => {
    const { pipeline, statuses, run, events } = gitlabWorld();
    const created = pipeline([job('one', { stage: 'a' }), job('two', { stage: 'b' })], ['a', 'b']);
    run('failed');
    expect(statuses()).toEqual({ one: 'failed', two: 'skipped' });
    expect(created.status).toBe('failed');
    expect(events).toEqual([
      'one#1 created',
      'two#2 created',
      'one#1 pending',
      'one#1 running',
      'one#1 failed',
    ]);
  });

  it('go on after a failure that is allowed', () => {
    const { pipeline, statuses, run } = gitlabWorld();
    pipeline([job('one', { stage: 'a', allowFailure: true }), job('two', { stage: 'b' })], ['a', 'b']);
    run('failed');
    expect(statuses()).toEqual({ one: 'failed', two: 'pending' });
  });

  it('wait for all jobs of the stage before', () => {
    const { pipeline, statuses, run } = gitlabWorld();
    pipeline(
      [job('one', { stage: 'a' }), job('two', { stage: 'a' }), job('three', { stage: 'b' })],
      ['a', 'b'],
    );
    run('failed');
    expect(statuses()['three']).toBe('created');
    run();
    expect(statuses()['three']).toBe('skipped');
  });

  it('pass an optional manual job by and wait for a blocking one', () => {
    const { pipeline, statuses, gitlab, run } = gitlabWorld();
    const blocked = pipeline(
      [
        job('optional', { stage: 'a', when: 'manual' }),
        job('gate', { stage: 'b', when: 'manual', allowFailure: false }),
        job('last', { stage: 'c' }),
      ],
      ['a', 'b', 'c'],
    );
    expect(statuses()).toEqual({ optional: 'manual', gate: 'manual', last: 'created' });
    expect(blocked.status).toBe('manual');
    expect(gitlab.playJob(2)).toBe(true);
    expect(gitlab.playJob(2)).toBe(false);
    run();
    expect(statuses()['last']).toBe('pending');
  });

  it('refuse a job of a stage that the pipeline does not have', () => {
    const { pipeline } = gitlabWorld();
    expect(() => pipeline([job('one', { stage: 'nowhere' })])).toThrow('no stage is called nowhere');
  });
});

describe('the end of a job', () => {
  it('frees its manager', () => {
    const { pipeline, gitlab, runner, take } = gitlabWorld();
    pipeline([job('one')]);
    const taken = take();
    expect(gitlab.isRunnerBusy(runner.id)).toBe(true);
    expect(gitlab.managers(runner.id)[0]?.running).toEqual(new Set([taken.id]));
    gitlab.updateJob(taken.token, { state: 'success' });
    expect(gitlab.isRunnerBusy(runner.id)).toBe(false);
    expect(gitlab.updateJob(taken.token, { state: 'running' }).outcome).toBe('forbidden');
    expect(gitlab.appendTrace(taken.token, 0, 'late').outcome).toBe('forbidden');
  });

  it('comes by itself when its time is over', async () => {
    const { pipeline, gitlab, timers, take } = gitlabWorld();
    pipeline([job('one', { timeout: minutes(5) })]);
    const taken = take();
    await timers.advance(minutes(5));
    expect(taken.status).toBe('running');
    await timers.advance(minutes(1));
    expect(taken).toMatchObject({ status: 'failed', failureReason: 'stuck_or_timeout_failure' });
    expect(gitlab.managers(1)[0]?.running.size).toBe(0);
  });

  it('is capped by the runner', async () => {
    const { pipeline, gitlab, runner, timers, take } = gitlabWorld();
    gitlab.updateRunner(runner.id, { maximumTimeout: minutes(1) });
    pipeline([job('one', { timeout: minutes(50) })]);
    const taken = take();
    await timers.advance(minutes(2));
    expect(taken.status).toBe('failed');
  });

  it('waits for a graceful cancel and is canceled whatever the manager reports', () => {
    const { pipeline, gitlab, contact } = gitlabWorld();
    const created = pipeline([job('one')]);
    const taken = gitlab.requestJob({ ...contact, cancelsGracefully: true });
    gitlab.cancelPipeline(created.id);
    expect(taken?.status).toBe('canceling');
    expect(gitlab.updateJob(taken?.token ?? '', { state: 'failed' }).outcome).toBe('ok');
    expect(taken).toMatchObject({ status: 'canceled', failureReason: undefined });
    expect(created.status).toBe('canceled');
  });

  it('can be forced while it is being canceled', () => {
    const { pipeline, gitlab, contact } = gitlabWorld();
    pipeline([job('one')]);
    const taken = gitlab.requestJob({ ...contact, cancelsGracefully: true });
    gitlab.cancelJob(1);
    gitlab.cancelJob(1);
    expect(taken?.status).toBe('canceling');
    gitlab.cancelJob(1, true);
    expect(taken?.status).toBe('canceled');
  });

  it('may be followed by a retry, and the skipped jobs wait again', () => {
    const { pipeline, gitlab, statuses, run } = gitlabWorld();
    const created = pipeline([job('one', { stage: 'a' }), job('two', { stage: 'b' })], ['a', 'b']);
    expect(gitlab.retryJob(1)).toBeUndefined();
    run('failed');
    expect(gitlab.retryJob(2)).toBeUndefined();
    expect(gitlab.retryJob(1)).toMatchObject({ id: 3, retries: 1, status: 'pending' });
    expect(gitlab.retryJob(1)).toBeUndefined();
    expect(statuses()['two']).toBe('created');
    run();
    run();
    expect(created.status).toBe('success');
    expect(gitlab.jobsOfPipeline(created.id).map(({ id }) => id)).toEqual([3, 2]);
    expect(gitlab.jobsOfPipeline(created.id, true).map(({ id }) => id)).toEqual([3, 2, 1]);
  });
});
