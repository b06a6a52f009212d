import { describe, expect, it } from 'vitest';
import { systemIdOf } from '../../src/controller/system-id.ts';
import type { PoolPolicy } from '../../src/engine/pool.ts';
import { elapsed, minutes, seconds } from '../../src/engine/time.ts';
import { World, worldPool } from '../support/world.ts';

/** How many jobs each manager has had, the most first. */
function jobsByManager(world: World): readonly number[] {
  const counts = new Map<string, number>();
  for (const { manager } of world.gitlab.jobsOfProject(world.project)) {
    if (manager !== undefined) counts.set(manager.systemId, (counts.get(manager.systemId) ?? 0) + 1);
  }
  return [...counts.values()].toSorted((a, b) => b - a);
}

/** Why instances were asked to leave. */
function leftBecause(world: World): ReadonlyMap<string, number> {
  const reasons = world
    .eventsNamed('acted')
    .flatMap(({ outcome: { action } }) =>
      'because' in action && action.do !== 'forget' ? [action.because] : [],
    );
  const groups = [...Map.groupBy(reasons, (because) => because)];
  return new Map(groups.map(([because, all]) => [because, all.length]));
}

function change(world: World, over: Partial<PoolPolicy>): void {
  world.policy = { ...world.policy, pools: world.policy.pools.map((pool) => ({ ...pool, ...over })) };
}

/** Lets time pass, and answers with the fewest ready instances that there were meanwhile. */
async function fewestReady(world: World, length: number): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY;
  for (let second = 0; second < length; second++) {
    await world.advance(seconds(1));
    const managers = world.gitlab.runners().flatMap(({ id }) => world.gitlab.managers(id));
    const known = new Set(managers.map(({ systemId }) => systemId));
    const ready = world
      .alive()
      .filter(({ id, tags }) => !tags.has('runtide:drain') && known.has(systemIdOf(id)));
    fewest = Math.min(fewest, ready.length);
  }
  return fewest;
}

describe('instances for one job', () => {
  it('30 jobs run on 30 of them, one each, and none waits about', async () => {
    const world = new World({ pools: [worldPool({ maxJobs: 1, max: 50 })] });
    world.start();
    await world.advance(seconds(20));
    world.submit(30);
    await world.advance(minutes(10));
    expect(world.jobs('success')).toBe(30);
    expect(world.bought()).toBe(30);
    expect(jobsByManager(world)).toEqual(Array.from({ length: 30 }, () => 1));
    expect(world.alive()).toHaveLength(0);
    expect(world.managers()).toBe(0);
    // They leave for what they were bought for, not for having been idle.
    expect(leftBecause(world).get('idle')).toBeUndefined();
    expect(Math.max(...world.waits())).toBeLessThan(60);
  });

  it('more jobs than max are served by as many instances as jobs, one after the other', async () => {
    const world = new World({ pools: [worldPool({ maxJobs: 1, max: 4, surge: 2 })] });
    world.start();
    world.submit(20, { duration: seconds(40) });
    await world.advance(minutes(30));
    expect(world.jobs('success')).toBe(20);
    expect(world.bought()).toBe(20);
    expect(jobsByManager(world)).toEqual(Array.from({ length: 20 }, () => 1));
    expect(world.mostInstances).toBeLessThanOrEqual(4 + 2 + 1);
    expect(world.alive()).toHaveLength(0);
  });

  it('are replaced at once where some are kept ready', async () => {
    const world = new World({ pools: [worldPool({ maxJobs: 1, min: 2 })] });
    world.start();
    await world.advance(minutes(2));
    for (let round = 0; round < 5; round++) {
      world.submit(2, { duration: seconds(30) });
      await world.advance(minutes(3));
    }
    expect(world.jobs('success')).toBe(10);
    expect(world.bought()).toBe(12);
    expect(world.alive()).toHaveLength(2);
    expect(Math.max(...world.waits())).toBeLessThan(5);
    expect(jobsByManager(world)).toEqual(Array.from({ length: 10 }, () => 1));
  });

  it('end after jobs that no reading has shown, and the next job gets another', async () => {
    const world = new World({ pools: [worldPool({ maxJobs: 1 })], webhooks: false });
    world.start();
    for (let round = 0; round < 5; round++) {
      world.submit(1, { duration: seconds(2) });
      await world.advance(minutes(3));
    }
    expect(world.jobs('success')).toBe(5);
    expect(jobsByManager(world)).toEqual([1, 1, 1, 1, 1]);
    expect(world.bought()).toBe(5);
    expect(world.alive()).toHaveLength(0);
  });

  it('keep their jobs apart also when the controller was away meanwhile', async () => {
    const world = new World({ pools: [worldPool({ maxJobs: 1 })] });
    const run = world.start();
    world.submit(3, { duration: minutes(2) });
    await world.advance(minutes(1));
    await world.stop(run);
    world.submit(2, { duration: minutes(2) });
    await world.advance(minutes(10));
    expect([world.jobs('success'), world.jobs('pending'), world.alive().length]).toEqual([3, 2, 0]);
    world.start();
    await world.advance(minutes(10));
    expect(world.jobs('success')).toBe(5);
    expect(jobsByManager(world)).toEqual([1, 1, 1, 1, 1]);
    expect(world.managers()).toBe(0);
  });
});

describe('instances for three jobs', () => {
  it('each have three, and then leave', async () => {
    const world = new World({ pools: [worldPool({ maxJobs: 3, max: 4 })] });
    world.start();
    world.submit(24, { duration: seconds(30) });
    await world.advance(minutes(30));
    expect(world.jobs('success')).toBe(24);
    expect(jobsByManager(world)).toEqual(Array.from({ length: 8 }, () => 3));
    expect(world.bought()).toBe(8);
    expect(world.alive()).toHaveLength(0);
    expect(leftBecause(world).get('idle')).toBeUndefined();
  });

  it('leave earlier where nothing needs them', async () => {
    const world = new World({ pools: [worldPool({ maxJobs: 3 })] });
    world.start();
    world.submit(1, { duration: seconds(30) });
    await world.advance(minutes(10));
    expect(world.alive()).toHaveLength(0);
    expect(leftBecause(world)).toEqual(new Map([['idle', 1]]));
  });
});

describe('a job that comes between the idle check and the drain', () => {
  it.each([
    ['of an instance whose jobs are not counted', {}],
    ['of an instance for one job', { maxJobs: 1 }],
    ['of an instance for three jobs', { maxJobs: 3 }],
  ])('%s is run', async (_name, over) => {
    const world = new World({ pools: [worldPool({ idle: { slots: 1, time: minutes(1) }, ...over })] });
    world.start();
    await world.advance(minutes(3));
    expect(world.alive()).toHaveLength(1);
    const [before] = world.alive();
    // Its agent does not look for now: the runner takes what comes.
    world.machines.deafAgents.add(before?.id ?? '');
    change(world, { idle: { slots: 0, time: minutes(1) } });
    await world.advanceUntil(() => world.alive().some(({ tags }) => tags.has('runtide:drain')));
    world.webhooks = false;
    world.submit(1, { duration: minutes(5) });
    await world.advance(seconds(4));
    expect(world.jobs('running')).toBe(1);
    world.machines.deafAgents.clear();
    await world.advance(minutes(4));
    expect(world.alive().map(({ id }) => id)).toContain(before?.id);
    await world.advance(minutes(10));
    expect([world.jobs('success'), world.jobs('failed')]).toEqual([1, 0]);
    expect(world.alive()).toHaveLength(0);
  });

  it('is run also when it comes with the last request of a run-single that drains already', async () => {
    const world = new World({ pools: [worldPool({ maxJobs: 3, idle: { slots: 1, time: minutes(1) } })] });
    world.start();
    await world.advance(minutes(3));
    const [before] = world.alive();
    change(world, { idle: { slots: 0, time: minutes(1) } });
    await world.advanceUntil(() => world.ec2.getConsoleOutput(before?.id ?? '').text.includes('draining'));
    world.webhooks = false;
    world.submit(1, { duration: minutes(5) });
    await world.advance(seconds(4));
    expect([world.jobs('running'), world.alive().map(({ id }) => id)]).toEqual([1, [before?.id]]);
    await world.advance(minutes(10));
    expect([world.jobs('success'), world.bought(), world.alive().length]).toEqual([1, 1, 0]);
  });
});

describe('old instances', () => {
  it('that drifted go while as many stay ready as minAvailable says, and new ones come first', async () => {
    const world = new World({ pools: [worldPool({ min: 4, minAvailable: 4, max: 6, surge: 1 })] });
    world.start();
    await world.advance(minutes(3));
    const before = new Set(world.alive().map(({ id }) => id));
    world.submit(2, { duration: minutes(12) });
    await world.advance(seconds(30));
    change(world, { generation: 'g2' });
    expect(await fewestReady(world, 40 * 60)).toBe(4);
    expect(world.alive().filter(({ id }) => before.has(id))).toEqual([]);
    expect(world.alive()).toHaveLength(4);
    expect(world.bought()).toBe(8);
    expect(world.jobs('success')).toBe(2);
    expect(world.mostInstances).toBeLessThanOrEqual(5);
  });

  it('stay where the new ones never become ready', async () => {
    const world = new World({
      pools: [worldPool({ min: 3, minAvailable: 3, surge: 1, bootTimeout: minutes(2) })],
    });
    world.start();
    await world.advance(minutes(3));
    const before = world.alive().map(({ id }) => id);
    world.ec2.faults.boot('fails', 1000);
    change(world, { generation: 'g2' });
    expect(await fewestReady(world, 60 * 60)).toBe(3);
    expect(world.alive().map(({ id }) => id)).toEqual(expect.arrayContaining(before));
    // A bad image backs off, one at a time.
    expect(world.bought()).toBeLessThanOrEqual(3 + 9);
    world.ec2.faults.clear();
    await world.advance(minutes(60));
    expect(world.alive().some(({ id }) => before.includes(id))).toBe(false);
    expect(world.alive()).toHaveLength(3);
  });

  it('that were bought together expire apart, each between nine tenths of maxAge and all of it', async () => {
    const world = new World({
      pools: [worldPool({ min: 12, max: 12, maxAge: minutes(600), surge: 12, minAvailable: 8 })],
    });
    world.start();
    await world.advance(minutes(3));
    const first = new Map(world.alive().map(({ id, launchedAt }) => [id, launchedAt]));
    expect(first.size).toBe(12);
    await world.advance(minutes(530));
    expect(world.bought()).toBe(12);
    await world.advance(minutes(80));
    expect(world.alive()).toHaveLength(12);
    const ages = world.events.flatMap(({ at, event }) => {
      if (event.event !== 'acted' || event.outcome.action.do !== 'drain') return [];
      const launchedAt = first.get(event.outcome.action.instance);
      return launchedAt === undefined ? [] : [elapsed(launchedAt, at) / 60_000];
    });
    expect(ages).toHaveLength(12);
    expect(Math.min(...ages)).toBeGreaterThanOrEqual(540);
    expect(Math.max(...ages)).toBeLessThan(601);
    expect(Math.max(...ages) - Math.min(...ages)).toBeGreaterThan(30);
    expect(new Set(ages.map(Math.floor)).size).toBeGreaterThan(8);
  });

  it('whose jobs are counted or not by their own tags, whatever was configured since', async () => {
    const world = new World({ pools: [worldPool({ max: 4 })] });
    world.start();
    world.submit(2, { duration: minutes(5) });
    await world.advance(minutes(2));
    change(world, { maxJobs: 1, generation: 'g2' });
    world.submit(2, { duration: minutes(5) });
    await world.advance(minutes(30));
    expect(world.jobs('success')).toBe(4);
    expect(world.alive()).toHaveLength(0);
    expect(jobsByManager(world)).toEqual([1, 1, 1, 1]);
    const counted = world.ec2.instances().filter(({ tags }) => tags.get('runtide:max-jobs') === '1');
    expect(counted).toHaveLength(2);
  });
});

describe('slots that were changed while machines run', () => {
  it('drift them: each is counted by its own until it is replaced', async () => {
    const world = new World({ pools: [worldPool({ slots: 4, min: 2, minAvailable: 1 })] });
    world.start();
    await world.advance(minutes(3));
    world.submit(6, { duration: minutes(8) });
    await world.advance(minutes(1));
    expect(world.bought()).toBe(2);
    change(world, { slots: 1, generation: 'g2' });
    world.submit(3, { duration: minutes(8) });
    await world.advance(minutes(40));
    expect([world.jobs('success'), world.jobs('failed')]).toEqual([9, 0]);
    expect(world.alive()).toHaveLength(2);
    expect(world.alive().map(({ tags }) => tags.get('runtide:slots'))).toEqual(['1', '1']);
  });
});
