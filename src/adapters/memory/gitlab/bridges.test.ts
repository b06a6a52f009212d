import { describe, expect, it } from 'vitest';
import { gitlabWorld, job } from '../../../../test/support/gitlab-world.ts';
import type { Trigger } from './job.ts';
import { minutes } from '../../../engine/time.ts';

const STAGES = ['a', 'b', 'c'];
const child = (strategy?: 'depend'): Trigger => ({
  pipeline: { stages: ['inner'], jobs: [job('inside', { stage: 'inner' })] },
  ...(strategy === undefined ? {} : { strategy }),
});

describe('a bridge', () => {
  it('starts a child pipeline of the project, and is no job to anybody', () => {
    const { pipeline, gitlab, project, statuses, events } = gitlabWorld();
    const parent = pipeline(
      [job('one', { stage: 'a', trigger: child() }), job('two', { stage: 'b' })],
      STAGES,
    );
    expect(statuses()).toEqual({ two: 'pending', inside: 'pending' });
    expect(gitlab.pipeline(2)).toMatchObject({ project: project.id, ref: 'main', status: 'pending' });
    expect(gitlab.jobsOfPipeline(parent.id).map(({ name }) => name)).toEqual(['two']);
    expect(gitlab.jobsOfPipeline(2).map(({ name }) => name)).toEqual(['inside']);
    expect(events.some((event) => event.startsWith('one'))).toBe(false);
    expect(gitlab.job(1)).toBeUndefined();
  });

  it('that depends on its child waits for it, and ends as it did', () => {
    const { pipeline, statuses, run } = gitlabWorld();
    const parent = pipeline(
      [job('one', { stage: 'a', trigger: child('depend') }), job('two', { stage: 'b' })],
      STAGES,
    );
    expect(parent.status).toBe('running');
    expect(statuses()).toEqual({ two: 'created', inside: 'pending' });
    run();
    expect(statuses()).toEqual({ two: 'pending', inside: 'success' });
    run();
    expect(parent.status).toBe('success');
  });

  it('fails with its child, and runs again when a job of the child does', () => {
    const { pipeline, statuses, run, gitlab } = gitlabWorld();
    const parent = pipeline(
      [job('one', { stage: 'a', trigger: child('depend') }), job('two', { stage: 'b' })],
      STAGES,
    );
    const { id } = run('failed');
    expect(statuses()['two']).toBe('skipped');
    expect(parent.status).toBe('failed');
    gitlab.retryJob(id);
    expect(parent.status).toBe('running');
    expect(statuses()['two']).toBe('created');
    run();
    run();
    expect(parent.status).toBe('success');
  });

  it('takes its child along when it is canceled, and is canceled with it', () => {
    const { pipeline, statuses, gitlab } = gitlabWorld();
    const both = [job('one', { stage: 'a', trigger: child('depend') }), job('two', { stage: 'b' })];
    const first = pipeline(both, STAGES);
    gitlab.cancelPipeline(first.id);
    expect(statuses()).toEqual({ two: 'canceled', inside: 'canceled' });
    expect([first.status, gitlab.pipeline(2)?.status]).toEqual(['canceled', 'canceled']);
    const second = pipeline(both, STAGES);
    gitlab.cancelPipeline(4);
    expect(second.status).toBe('canceled');
  });

  it('may start bridges, wait for others and for a person', () => {
    const { pipeline, statuses, run } = gitlabWorld();
    const outer: Trigger = {
      pipeline: { stages: ['x'], jobs: [job('middle', { stage: 'x', trigger: child('depend') })] },
      strategy: 'depend',
    };
    const parent = pipeline(
      [
        job('build', { stage: 'a' }),
        job('start', { stage: 'c', needs: ['build'], trigger: outer }),
        job('later', { stage: 'a', when: 'manual', trigger: child() }),
      ],
      STAGES,
    );
    expect(statuses()).toEqual({ build: 'pending' });
    run();
    expect(statuses()).toEqual({ build: 'success', inside: 'pending' });
    run();
    expect(parent.status).toBe('success');
  });
});

const delayed = (name: string) => job(name, { stage: 'a', when: 'delayed' as const, startIn: minutes(10) });

describe('a delayed job', () => {
  it('is scheduled, and waits for a runner when its time has come', async () => {
    const { pipeline, statuses, timers, events } = gitlabWorld();
    const created = pipeline([delayed('one'), job('two', { stage: 'b' })], STAGES);
    expect(statuses()).toEqual({ one: 'scheduled', two: 'created' });
    expect(created.status).toBe('scheduled');
    expect(events).toEqual(['one#1 created', 'two#2 created']);
    await timers.advance(minutes(9));
    expect(statuses()['one']).toBe('scheduled');
    await timers.advance(minutes(1));
    expect(statuses()['one']).toBe('pending');
    expect(events.at(-1)).toBe('one#1 pending');
  });

  it('can be started before its time, or canceled', async () => {
    const { pipeline, statuses, timers, gitlab, events } = gitlabWorld();
    pipeline([delayed('one'), delayed('two')], STAGES);
    expect(gitlab.playJob(1)).toBe(true);
    gitlab.cancelJob(2);
    expect(statuses()).toEqual({ one: 'pending', two: 'canceled' });
    await timers.advance(minutes(20));
    expect(statuses()).toEqual({ one: 'pending', two: 'canceled' });
    expect(events.filter((event) => event === 'one#1 pending')).toHaveLength(1);
  });
});
