import { describe, expect, it } from 'vitest';
import { gitlabWorld, job } from '../../../../test/support/gitlab-world.ts';

const STAGES = ['a', 'b', 'c'];

describe('needs', () => {
  it('start a job when they are done, whatever its stage', () => {
    const { pipeline, statuses, run } = gitlabWorld();
    pipeline(
      [
        job('build', { stage: 'a' }),
        job('lint', { stage: 'a' }),
        job('test', { stage: 'b', needs: ['build'] }),
        job('report', { stage: 'c' }),
      ],
      STAGES,
    );
    run();
    expect(statuses()).toEqual({ build: 'success', lint: 'pending', test: 'pending', report: 'created' });
    run();
    expect(statuses()['report']).toBe('created');
    run();
    expect(statuses()['report']).toBe('pending');
  });

  it('that are none start a job at once', () => {
    const { pipeline, statuses } = gitlabWorld();
    pipeline([job('one', { stage: 'a' }), job('eager', { stage: 'c', needs: [] })], STAGES);
    expect(statuses()).toEqual({ one: 'pending', eager: 'pending' });
  });

  it('that fail skip the job once all of them have ended, and whatever needs it', () => {
    const { pipeline, statuses, run } = gitlabWorld();
    const created = pipeline(
      [
        job('one', { stage: 'a' }),
        job('two', { stage: 'a' }),
        job('both', { stage: 'b', needs: ['one', 'two'] }),
        job('after', { stage: 'c', needs: ['both'] }),
      ],
      STAGES,
    );
    run('failed');
    expect(statuses()).toMatchObject({ both: 'created', after: 'created' });
    run();
    expect(statuses()).toMatchObject({ both: 'skipped', after: 'skipped' });
    expect(created.status).toBe('failed');
  });

  it('that were allowed to fail do not hold a job back', () => {
    const { pipeline, statuses, run } = gitlabWorld();
    pipeline(
      [job('one', { stage: 'a', allowFailure: true }), job('two', { stage: 'b', needs: ['one'] })],
      STAGES,
    );
    run('failed');
    expect(statuses()['two']).toBe('pending');
  });

  it('are waited for again when one of them is retried', () => {
    const { pipeline, statuses, run, gitlab } = gitlabWorld();
    const created = pipeline(
      [
        job('one', { stage: 'a' }),
        job('two', { stage: 'b', needs: ['one'] }),
        job('three', { stage: 'b', needs: ['two'] }),
        job('last', { stage: 'c' }),
      ],
      STAGES,
    );
    run('failed');
    expect(statuses()).toMatchObject({ two: 'skipped', three: 'skipped', last: 'skipped' });
    gitlab.retryJob(1);
    expect(statuses()).toMatchObject({ two: 'created', three: 'created', last: 'created' });
    for (let count = 0; count < 4; count += 1) run();
    expect(created.status).toBe('success');
  });

  it('that wait for a person skip the job until somebody starts them', () => {
    const { pipeline, statuses, run, gitlab } = gitlabWorld();
    pipeline(
      [
        job('deploy', { stage: 'a', when: 'manual' }),
        job('gate', { stage: 'a', when: 'manual', allowFailure: false }),
        job('smoke', { stage: 'b', needs: ['deploy'] }),
        job('held', { stage: 'b', needs: ['gate'] }),
      ],
      STAGES,
    );
    expect(statuses()).toEqual({ deploy: 'manual', gate: 'manual', smoke: 'skipped', held: 'created' });
    gitlab.playJob(1);
    expect(statuses()).toMatchObject({ deploy: 'pending', smoke: 'created' });
    run();
    expect(statuses()['smoke']).toBe('pending');
  });

  it('must be jobs of the pipeline', () => {
    const { pipeline } = gitlabWorld();
    expect(() => pipeline([job('one', { needs: ['nothing'] })])).toThrow('one needs nothing');
  });

  it('of 10,000 jobs are settled without a walk over all of them', () => {
    const { pipeline, run, gitlab, project } = gitlabWorld();
    const middle = Array.from({ length: 9998 }, (_, index) =>
      job(`job ${index}`, { stage: 'b', needs: index % 2 === 0 ? ['first'] : ['first', `job ${index - 1}`] }),
    );
    pipeline([job('first', { stage: 'a' }), ...middle, job('last', { stage: 'c' })], STAGES);
    for (let count = 0; count < 10_000; count += 1) run();
    expect(gitlab.jobCounts()).toEqual({ success: 10_000 });
    expect(gitlab.jobsOfProject(project.id)).toHaveLength(10_000);
  });
});
