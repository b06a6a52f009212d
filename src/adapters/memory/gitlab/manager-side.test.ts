import { describe, expect, it } from 'vitest';
import { milliseconds, minutes, seconds } from '../../../engine/time.ts';
import { gitlabWorld, job } from '../../../../test/support/gitlab-world.ts';

describe('handing out jobs', () => {
  it('looks at tags', () => {
    const { pipeline, gitlab, contact } = gitlabWorld({ tags: ['linux', 'arm'] });
    pipeline([job('wide', { tags: ['linux', 'gpu'] }), job('fits', { tags: ['arm'] })]);
    expect(gitlab.requestJob(contact)?.name).toBe('fits');
    expect(gitlab.requestJob(contact)).toBeUndefined();
  });

  it('gives jobs without tags only to runners that take them', () => {
    const { pipeline, gitlab, contact, runner } = gitlabWorld({ runUntagged: false });
    pipeline([job('untagged')]);
    expect(gitlab.requestJob(contact)).toBeUndefined();
    gitlab.updateRunner(runner.id, { runUntagged: true });
    expect(gitlab.requestJob(contact)?.name).toBe('untagged');
  });

  it('gives nothing to a paused runner, and to one of another project', () => {
    const { pipeline, gitlab, contact, runner } = gitlabWorld();
    const other = gitlab.addProject({ path: 'acme/other' });
    const foreign = gitlab.addRunner({ tags: [], runUntagged: true, projects: [other.id] });
    pipeline([job('one')]);
    gitlab.updateRunner(runner.id, { paused: true });
    expect(gitlab.requestJob(contact)).toBeUndefined();
    expect(gitlab.requestJob({ token: foreign.token, systemId: 'r_1' })).toBeUndefined();
    gitlab.updateRunner(runner.id, { paused: false });
    expect(gitlab.requestJob(contact)?.name).toBe('one');
  });

  it('gives jobs of unprotected refs only to runners that are not protected', () => {
    const { gitlab, project } = gitlabWorld();
    const careful = gitlab.addRunner({ tags: [], runUntagged: true, accessLevel: 'ref_protected' });
    gitlab.createPipeline(project.id, { ref: 'feature', stages: ['test'], jobs: [job('feature')] });
    gitlab.createPipeline(project.id, { stages: ['test'], jobs: [job('main')] });
    expect(gitlab.requestJob({ token: careful.token, systemId: 'r_1' })?.name).toBe('main');
    expect(gitlab.requestJob({ token: careful.token, systemId: 'r_1' })).toBeUndefined();
  });

  it('gives the oldest first, across kinds and although jobs of later stages join late', () => {
    const { pipeline, run, take } = gitlabWorld();
    pipeline([job('first', { stage: 'a' }), job('late', { stage: 'b', tags: ['linux'] })], ['a', 'b']);
    pipeline([job('other')]);
    run();
    expect(take().name).toBe('late');
    expect(take().name).toBe('other');
  });

  it('gives nothing for an unknown token and makes no manager for it', () => {
    const { pipeline, gitlab, runner } = gitlabWorld();
    pipeline([job('one')]);
    expect(gitlab.requestJob({ token: 'glrt-nobody', systemId: 'r_1' })).toBeUndefined();
    expect(gitlab.managers(runner.id)).toEqual([]);
  });

  it('never gives out jobs that are held back, and does so afterwards', () => {
    const { pipeline, gitlab, contact } = gitlabWorld();
    pipeline([job('before')]);
    const release = gitlab.holdJobs(({ name }) => name !== 'free');
    pipeline([job('during'), job('free')]);
    expect(gitlab.requestJob(contact)?.name).toBe('free');
    expect(gitlab.requestJob(contact)).toBeUndefined();
    release();
    expect(gitlab.requestJob(contact)?.name).toBe('before');
    expect(gitlab.requestJob(contact)?.name).toBe('during');
  });

  it('tells the runners that may take a queued job, and no others', () => {
    const { pipeline, gitlab, runner } = gitlabWorld();
    const other = gitlab.addRunner({ tags: ['mac'], runUntagged: false });
    const told: number[] = [];
    const stop = gitlab.onQueueChange((id) => told.push(id));
    const before = gitlab.runner(runner.id)?.lastUpdate;
    pipeline([job('one', { tags: ['linux'] })]);
    expect(told).toEqual([runner.id]);
    expect(gitlab.runner(runner.id)?.lastUpdate).not.toBe(before);
    stop();
    pipeline([job('two', { tags: ['mac'] })]);
    expect(told).not.toContain(other.id);
  });

  it('runs jobs of one resource group one at a time', () => {
    const { pipeline, statuses, run, gitlab } = gitlabWorld();
    pipeline([
      job('one', { resourceGroup: 'prod' }),
      job('two', { resourceGroup: 'prod' }),
      job('three', { resourceGroup: 'prod' }),
    ]);
    expect(statuses()).toEqual({
      one: 'pending',
      two: 'waiting_for_resource',
      three: 'waiting_for_resource',
    });
    gitlab.cancelJob(2);
    run();
    expect(statuses()).toEqual({ one: 'success', two: 'canceled', three: 'pending' });
  });
});

describe('managers', () => {
  it('exist from their first contact on and stay first seen then', async () => {
    const { gitlab, contact, runner, timers } = gitlabWorld();
    expect(gitlab.verify({ ...contact, info: { version: '19.4.0' } })?.id).toBe(runner.id);
    const createdAt = timers.now();
    await timers.advance(minutes(3));
    gitlab.touchManager(contact);
    expect(gitlab.managers(runner.id)).toMatchObject([
      { systemId: contact.systemId, createdAt, contactedAt: timers.now(), info: { version: '19.4.0' } },
    ]);
  });

  it('are removed one by one, and their jobs go on', () => {
    const { gitlab, contact, runner, pipeline, take } = gitlabWorld();
    pipeline([job('one')]);
    const taken = take();
    expect(gitlab.removeManager({ token: runner.token, systemId: 'r_other' })).toBe(false);
    expect(gitlab.removeManager(contact)).toBe(true);
    expect(gitlab.managers(runner.id)).toEqual([]);
    expect(taken).toMatchObject({ status: 'running', manager: undefined });
    expect(gitlab.updateJob(taken.token, { state: 'success' }).outcome).toBe('ok');
  });

  it('are listed late when the listing lags', async () => {
    const { gitlab, contact, runner, timers } = gitlabWorld();
    gitlab.lagManagers(seconds(30));
    gitlab.touchManager(contact);
    expect(gitlab.managers(runner.id)).toEqual([]);
    await timers.advance(seconds(30));
    expect(gitlab.managers(runner.id)).toHaveLength(1);
    gitlab.removeManager(contact);
    await timers.advance(seconds(29));
    expect(gitlab.managers(runner.id)).toHaveLength(1);
    await timers.advance(seconds(1));
    expect(gitlab.managers(runner.id)).toEqual([]);
    gitlab.lagManagers(milliseconds(0));
  });

  it('are refused when their runner is gone or has a new token', () => {
    const { gitlab, contact, runner, pipeline } = gitlabWorld();
    pipeline([job('one')]);
    const token = gitlab.resetRunnerToken(runner.id);
    expect(gitlab.requestJob(contact)).toBeUndefined();
    expect(gitlab.requestJob({ ...contact, token: token ?? '' })?.name).toBe('one');
    gitlab.removeRunner(runner.id);
    expect(gitlab.runnerByToken(token ?? '')).toBeUndefined();
  });
});
