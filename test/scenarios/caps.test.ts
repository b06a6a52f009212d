import { describe, expect, it } from 'vitest';
import { MemoryJobSource } from '../../src/adapters/memory/job-source.ts';
import type { ProjectCaps } from '../../src/engine/project-caps.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { firstPurchase, lastDecision } from '../support/decisions.ts';
import { World, worldPool } from '../support/world.ts';

/** Two projects, `greedy` and the one beside it, whose jobs one pool runs. */
async function twoProjects(caps: (greedy: number) => ProjectCaps) {
  const projects: number[] = [];
  const world = new World({
    // One poll sees the jobs of both.
    webhooks: false,
    jobs: ({ gitlab, outage }) => new MemoryJobSource({ gitlab, projects, outage }),
  });
  const greedy = world.project;
  const beside = world.gitlab.addProject({ path: 'acme/docs' }).id;
  projects.push(greedy, beside);
  world.policy = { ...world.policy, pools: [worldPool({ projectCaps: caps(greedy) })] };
  world.start();
  await world.advance(seconds(20));
  return { world, greedy, beside };
}

const succeeded = (world: World, project: number): number =>
  world.gitlab.jobsOfProject(project, { statuses: ['success'] }).length;

describe('a cap on a project', () => {
  it('keeps its burst from counting, and nothing of what another one waits for', async () => {
    const { world, greedy, beside } = await twoProjects((project) => ({ of: { [project]: 2 } }));
    const submitted = world.clock.now();
    world.submit(6, {}, greedy);
    world.submit(3, {}, beside);
    await world.advance(seconds(20));
    expect(world.bought()).toBe(5);
    expect(firstPurchase(world, submitted)).toEqual({
      steps: 'demand 0→9, project cap 9→5',
      holds: [`no launch: 4 jobs of project ${greedy} do not count: it counts for as many as the cap lets`],
    });
    await world.advance(minutes(15));
    expect([succeeded(world, greedy), succeeded(world, beside)]).toEqual([6, 3]);
    expect(world.alive()).toHaveLength(0);
  });

  it('follows what it runs: as jobs end, the next count, on the same instances', async () => {
    const { world, greedy } = await twoProjects(() => ({ others: 2, of: {} }));
    world.submit(5, { duration: minutes(3) }, greedy);
    await world.advance(minutes(2));
    expect([world.jobs('running'), world.jobs('pending'), world.bought()]).toEqual([2, 3, 2]);
    expect(lastDecision(world)).toEqual({
      steps: 'demand 0→5, project cap 5→2',
      holds: [`no launch: 3 jobs of project ${greedy} do not count: it counts for as many as the cap lets`],
    });
    await world.advance(minutes(3));
    expect([world.jobs('running'), world.jobs('pending'), world.bought()]).toEqual([2, 1, 2]);
    expect(lastDecision(world)).toEqual({
      steps: 'demand 0→3, project cap 3→2',
      holds: [`no launch: 1 job of project ${greedy} does not count: it counts for as many as the cap lets`],
    });
    await world.advance(minutes(10));
    expect([succeeded(world, greedy), world.mostInstances, world.alive().length]).toEqual([5, 2, 0]);
    expect(world.bought()).toBe(2);
  });

  it('that is lifted lets the rest be bought at the next poll', async () => {
    const { world, greedy } = await twoProjects(() => ({ others: 1, of: {} }));
    world.submit(4, { duration: minutes(10) }, greedy);
    await world.advance(minutes(2));
    expect(world.bought()).toBe(1);
    world.policy = {
      ...world.policy,
      pools: [worldPool({ projectCaps: { others: 1, of: { [greedy]: 4 } } })],
    };
    await world.advance(seconds(16));
    expect(world.bought()).toBe(4);
    expect(lastDecision(world)).toEqual({ steps: 'demand 0→4', holds: [] });
  });
});

describe('a cap over all pools', () => {
  const pools = [worldPool({ min: 1 }), worldPool({ name: 'other', tags: ['other'], min: 1 })];

  it('goes to the first as far as it needs it; the next gets what becomes free', async () => {
    const world = new World({ pools, webhooks: false });
    world.policy = { ...world.policy, max: 4 };
    world.start();
    await world.advance(minutes(2));
    expect([world.bought('linux'), world.bought('other')]).toEqual([1, 1]);
    const submitted = world.clock.now();
    world.submit(3, { tags: ['other'] });
    world.submit(3);
    await world.advance(seconds(20));
    expect([world.bought('linux'), world.bought('other')]).toEqual([3, 1]);
    expect(firstPurchase(world, submitted)).toEqual({ steps: 'demand 0→3', holds: [] });
    expect(lastDecision(world, 'other')).toEqual({
      steps: 'demand 0→3, fleet max 3→1',
      holds: ['no launch: all pools together have the 4 instances that they may have'],
    });
    await world.advance(minutes(20));
    expect([world.jobs('success'), world.mostInstances]).toEqual([6, 4]);
    expect([world.alive().length, world.bought('other')]).toEqual([2, 2]);
  });

  it('outranks min', async () => {
    const world = new World({ pools });
    world.policy = { ...world.policy, max: 1 };
    world.start();
    await world.advance(minutes(30));
    expect([world.bought('linux'), world.bought('other')]).toEqual([1, 0]);
    expect(lastDecision(world, 'other')).toEqual({
      steps: 'min 0→1, fleet max 1→0',
      holds: ['no launch: all pools together have the 1 instance that they may have'],
    });
  });
});
