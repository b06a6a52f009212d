import { describe, expect, it } from 'vitest';
import { gitlabWorld, job } from '../../../../test/support/gitlab-world.ts';
import { fitsPattern } from './ref-pattern.ts';

describe('a runner of a group', () => {
  it('takes the jobs of the projects in it and below, wherever they move', () => {
    const { gitlab, project, pipeline } = gitlabWorld({ tags: ['other'], runUntagged: false });
    const deep = gitlab.addProject({ path: 'acme/tools/api' });
    const apart = gitlab.addProject({ path: 'acme-labs/app' });
    const { token } = gitlab.addRunner({ tags: [], runUntagged: true, group: gitlab.groups.at('acme').id });
    const one = { stages: ['test'], jobs: [job('one')] };
    pipeline([job('one')]);
    gitlab.createPipeline(deep.id, one);
    gitlab.createPipeline(apart.id, one);
    expect(gitlab.requestJob({ token })?.project).toBe(project.id);
    expect(gitlab.requestJob({ token })?.project).toBe(deep.id);
    expect(gitlab.requestJob({ token })).toBeUndefined();
    const told: number[] = [];
    gitlab.onQueueChange((runner) => told.push(runner));
    gitlab.updateProject(apart.id, { namespace: 'acme/labs' });
    expect(told).toContain(2);
    expect(gitlab.requestJob({ token })?.project).toBe(apart.id);
  });
});

describe('a project', () => {
  it('that is archived starts nothing new', () => {
    const { gitlab, project, pipeline, run } = gitlabWorld();
    pipeline([job('one')]);
    run('failed');
    gitlab.updateProject(project.id, { archived: true });
    expect(() => pipeline([job('two')])).toThrow('archived is project 1');
    expect(gitlab.retryJob(1)).toBeUndefined();
  });

  it('that is removed ends its jobs without a word', () => {
    const { gitlab, project, pipeline, take, events } = gitlabWorld();
    pipeline([job('one'), job('two')]);
    const taken = take();
    events.length = 0;
    expect(gitlab.removeProject(project.id)).toBe(true);
    expect(events).toEqual([]);
    expect(gitlab.updateJob(taken.token, { state: 'success' }).outcome).toBe('forbidden');
    expect(gitlab.requestJob({ token: 'glrt-none' })).toBeUndefined();
    expect(gitlab.jobsOfInstance()).toEqual([]);
    expect(gitlab.removeProject(project.id)).toBe(false);
  });

  it('cannot lie where another one lies', () => {
    const { gitlab } = gitlabWorld();
    const other = gitlab.addProject({ path: 'other/web' });
    expect(() => gitlab.addProject({ path: 'acme/web' })).toThrow('another one at acme/web');
    expect(() => gitlab.updateProject(other.id, { namespace: 'acme' })).toThrow('another one at acme/web');
  });
});

describe('a blocked user', () => {
  it('leaves jobs that wait, go to nobody and are told to nobody', () => {
    const { gitlab, project, contact, events } = gitlabWorld();
    const { id } = gitlab.users.add({ username: 'gone', name: 'Gone' });
    gitlab.createPipeline(project.id, { user: id, stages: ['test'], jobs: [job('theirs')] });
    gitlab.createPipeline(project.id, { stages: ['test'], jobs: [job('ours')] });
    gitlab.blockUser(id);
    gitlab.blockUser(id);
    gitlab.createPipeline(project.id, { user: id, stages: ['test'], jobs: [job('more')] });
    expect(gitlab.requestJob(contact)?.name).toBe('ours');
    expect(gitlab.requestJob(contact)).toBeUndefined();
    expect(events.some((event) => event.startsWith('more'))).toBe(false);
    expect(gitlab.jobsOfProject(project.id, { statuses: ['pending'] })).toHaveLength(2);
    gitlab.blockUser(id, false);
    expect(gitlab.requestJob(contact)?.name).toBe('theirs');
  });
});

describe('a protection', () => {
  it.each([
    ['main', 'main', true],
    ['main', 'maintenance', false],
    ['*', 'anything/at-all', true],
    ['release/*', 'release/1.0', true],
    ['release/*', 'release', false],
    ['*-stable', '1-stable', true],
    ['*/*/x', 'a/b/x', true],
    ['a*a', 'a', false],
    ['a*b*c', 'abc', true],
  ])('of %s fits %s: %s', (pattern, ref, fits) => {
    expect(fitsPattern(ref, pattern)).toBe(fits);
  });
});
