import { expect, it } from 'vitest';
import { gitlabWire } from '../../../../test/support/gitlab-wire.ts';
import { cappedUpkeep } from './capped-upkeep.ts';
import { GitLabNamedProjects } from './named-projects.ts';

it('raises an alarm for as long as a capped project cannot be looked up', async () => {
  await using wire = await gitlabWire();
  const known = wire.gitlab.addProject({ path: 'acme/capped' }).id;
  const projects = new GitLabNamedProjects(wire.client, ['acme/capped', 'acme/later']);
  const { signal } = new AbortController();
  expect(projects.idOf('acme/capped')).toBeUndefined();
  await projects.lookUp(signal);
  expect([projects.idOf('acme/capped'), projects.idOf('acme/later')]).toEqual([known, undefined]);
  const upkeep = cappedUpkeep(projects);
  expect(await upkeep.tend(signal)).toEqual([
    {
      about: 'cap of project acme/later',
      why: expect.stringMatching(
        /^looking up project acme\/later, .*; until it is found it has no cap of its own$/,
      ),
      next: 'name it as it is in GitLab, or by its id, under projectCaps',
    },
  ]);
  const later = wire.gitlab.addProject({ path: 'acme/later' }).id;
  expect(await upkeep.tend(signal)).toEqual([]);
  expect(projects.idOf('acme/later')).toBe(later);
});
