import { describe, expect, it } from 'vitest';
import { gitlabWorld, job } from '../../../../test/support/gitlab-world.ts';

describe('listeners', () => {
  it('may change the model, and hear everything once and in order', () => {
    const { gitlab, contact, pipeline, events, statuses } = gitlabWorld();
    gitlab.onQueueChange(() => {
      const taken = gitlab.requestJob(contact);
      if (taken !== undefined) gitlab.updateJob(taken.token, { state: 'success' });
    });
    pipeline([job('one', { stage: 'a' }), job('two', { stage: 'b' })], ['a', 'b']);
    expect(statuses()).toEqual({ one: 'success', two: 'success' });
    expect(events.filter((event) => event.startsWith('one'))).toEqual([
      'one#1 created',
      'one#1 pending',
      'one#1 running',
      'one#1 success',
    ]);
  });

  it('get each event as it was, without the runner token', () => {
    const { gitlab, pipeline, run } = gitlabWorld();
    const seen: unknown[] = [];
    gitlab.onJobEvent(({ job: told, runner }) => seen.push([told.status, runner]));
    pipeline([job('one')]);
    run();
    expect(seen).toMatchObject([
      ['created', undefined],
      ['pending', undefined],
      ['running', { id: 1 }],
      ['success', { id: 1 }],
    ]);
    expect(JSON.stringify(seen)).not.toContain('glrt-');
  });
});

describe('scale', () => {
  it('runs 20,000 jobs of one pipeline in their order', () => {
    const { gitlab, project, contact } = gitlabWorld();
    const jobs = Array.from({ length: 20_000 }, (_, index) =>
      job(`job ${index}`, { tags: index % 2 ? ['linux'] : [] }),
    );
    gitlab.createPipeline(project.id, { stages: ['test'], jobs });
    let taken = 0;
    for (let next = gitlab.requestJob(contact); next !== undefined; next = gitlab.requestJob(contact)) {
      gitlab.updateJob(next.token, { state: 'success' });
      taken += 1;
      expect(next.id).toBe(taken);
    }
    expect(taken).toBe(20_000);
    expect(gitlab.jobCounts()).toEqual({ success: 20_000 });
  });
});
