import { describe, expect, it } from 'vitest';
import { GitLabClient } from '../../src/adapters/gitlab/client/client.ts';
import { gitLabJobs } from '../../src/adapters/gitlab/jobs/jobs.ts';
import type { JobReading } from '../../src/controller/ports.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { GitLabFetch } from '../support/gitlab-fetch.ts';
import { World, worldPool } from '../support/world.ts';

/** What the whole of it costs, with a GitLab that refuses GraphQL. */
const REQUESTS_A_MINUTE = 600;
const LONG = 120_000;

/** A world whose only source is a group of many projects, read over REST. */
function largeGroup({ projects = 2000, max = 10, webhooks = true } = {}) {
  const notes: string[] = [];
  const source: { fetch?: GitLabFetch; partial?: string | undefined } = {};
  const world = new World({
    pools: [worldPool({ max })],
    webhooks,
    jobs: ({ gitlab, clock }) => {
      const answering = new GitLabFetch(gitlab, REQUESTS_A_MINUTE);
      source.fetch = answering;
      const client = new GitLabClient({
        url: answering.url,
        fetch: answering.fetch,
        clock,
        token: () => 'glpat-token',
        version: '0.0.0',
        requestsPerMinute: REQUESTS_A_MINUTE,
      });
      const jobs = gitLabJobs({ client, clock, groups: ['big'], note: (message) => notes.push(message) });
      const told = (reading: JobReading): JobReading => {
        source.partial = reading.jobs.partial;
        return reading;
      };
      return {
        sweep: async (...of) => told(await jobs.sweep(...of)),
        refresh: async (...of) => told(await jobs.refresh(...of)),
      };
    },
  });
  const ids = Array.from(
    { length: projects },
    (_, index) => world.gitlab.addProject({ path: `big/team-${index % 40}/project-${index}` }).id,
  );
  return {
    world,
    ids,
    notes,
    partial: () => source.partial,
    asked: () => source.fetch ?? new GitLabFetch(world.gitlab),
  };
}

describe('a group of 2,000 projects over REST', () => {
  it(
    'is read in rounds within the budget, grows at once by webhooks and shrinks to nothing',
    { timeout: LONG },
    async () => {
      const { world, ids, notes, asked } = largeGroup();
      world.start();
      await world.advance(seconds(30));
      // The last projects are not read yet: what a webhook names is read at once all the same.
      world.submit(6, {}, ids.at(-1));
      await world.advance(seconds(5));
      expect(world.alive()).toHaveLength(6);
      await world.advance(minutes(4));
      expect(world.jobs('success')).toBe(6);
      await world.advance(minutes(4));
      expect(world.alive()).toHaveLength(0);
      const read = new Set(
        asked()
          .asked.map(({ path }) => path)
          .filter((path) => path.endsWith('/jobs')),
      );
      expect(ids.every((id) => read.has(`/projects/${id}/jobs`))).toBe(true);
      expect(asked().throttled).toBe(0);
      expect(asked().mostInAMinute()).toBeLessThanOrEqual(REQUESTS_A_MINUTE);
      expect(world.eventsNamed('read failed')).toEqual([]);
      expect(notes.map((note) => note.split(':')[0])).toEqual([
        'GraphQL by project, 8 a request cannot be used',
      ]);
    },
  );

  it('notices jobs within a round when no webhook comes', { timeout: LONG }, async () => {
    const { world, ids, asked } = largeGroup({ webhooks: false });
    world.start();
    await world.advance(minutes(5));
    world.submit(3, {}, ids[1200]);
    await world.advance(minutes(6));
    expect(world.jobs('pending')).toBe(0);
    await world.advance(minutes(3));
    expect([world.jobs('success'), world.alive().length, asked().throttled]).toEqual([3, 0, 0]);
  });
});

describe('a group', () => {
  it('is followed without a restart: projects come, and go', { timeout: LONG }, async () => {
    const { world, ids, notes } = largeGroup({ projects: 30 });
    world.start();
    await world.advance(minutes(1));
    const [gone = 0, moved = 0] = ids;
    world.gitlab.removeProject(gone);
    world.gitlab.updateProject(moved, { namespace: 'elsewhere' });
    await world.advance(seconds(30));
    expect(notes).toContainEqual(
      expect.stringMatching(/^project big\/team-0\/project-0 is left out for an hour/),
    );
    const fresh = world.gitlab.addProject({ path: 'big/new' }).id;
    await world.advance(minutes(10));
    expect(notes).toContain('group big has new projects: big/new');
    expect(notes).toContainEqual(
      expect.stringMatching(/^group big no longer has projects: .*big\/team-1\/project-1/),
    );
    world.submit(1, {}, moved);
    world.submit(2, {}, fresh);
    await world.advance(seconds(30));
    expect(world.alive()).toHaveLength(2);
    expect(world.eventsNamed('read failed')).toEqual([]);
  });

  it('gains a project by the first webhook of it', { timeout: LONG }, async () => {
    const { world } = largeGroup({ projects: 3 });
    world.start();
    await world.advance(minutes(1));
    world.submit(1, {}, world.gitlab.addProject({ path: 'big/newest' }).id);
    await world.advance(seconds(3));
    expect(world.alive()).toHaveLength(1);
  });
});

describe('a pipeline of 10,000 jobs', () => {
  it('fills the pools within the budget, and lets other projects be read', { timeout: LONG }, async () => {
    const { world, ids, partial, asked } = largeGroup({ projects: 50, max: 20 });
    world.start();
    await world.advance(minutes(1));
    world.submit(10_000, { duration: minutes(60) }, ids[0]);
    await world.advance(seconds(10));
    expect(world.alive()).toHaveLength(20);
    await world.advance(minutes(3));
    expect(partial()).toMatch(/^every pool is full: \d+ of 50 projects read$/);
    expect(asked().throttled).toBe(0);
    await world.advance(minutes(6));
    const recent = asked().asked.filter(({ at }) => at > world.clock.now() - minutes(6));
    const read = new Set(recent.map(({ path }) => path));
    expect(ids.filter((id) => !read.has(`/projects/${id}/jobs`))).toEqual([]);
    expect(world.mostInstances).toBe(20);
  });
});
