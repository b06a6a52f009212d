import { describe, expect, it } from 'vitest';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { minutes } from '../../src/engine/time.ts';
import {
  HOUR_3,
  A_DAY,
  groupWorld,
  expectNoneLost,
  acted,
  failures,
  alarms,
  lifecycles,
  busyWorld,
} from '../support/group-scenes.ts';
import { worldPool } from '../support/world.ts';

describe('a member that leaves', () => {
  it('runs the job that it took between the idle check and its drain', async () => {
    const world = groupWorld();
    world.start();
    world.submit(1);
    await world.advanceUntil(() => acted(world, 'drain') > 0);
    const [only] = world.alive();
    // Its agent has not looked at its tags yet.
    world.machines.deafAgents.add(only?.id ?? '');
    world.submit(1, { duration: minutes(20) });
    await world.advanceUntil(() => world.jobs('running') === 1);
    world.machines.deafAgents.clear();
    await world.advance(minutes(40));
    expectNoneLost(world, 2);
    expect(world.alive()).toEqual([]);
  });

  it('is replaced by an instance refresh once its job of three hours has ended', async () => {
    const world = await busyWorld(3, HOUR_3, { min: 3 });
    const old = world.alive().map(({ id }) => id);
    world.autoScaling.startInstanceRefresh({
      group: world.group().name,
      preferences: { minHealthyPercentage: 0, scaleInProtectedInstances: 'Refresh' },
    });
    await world.advance(minutes(10));
    expect(lifecycles(world).filter((state) => state === 'Terminating:Wait')).toHaveLength(3);
    await world.advance(minutes(6 * 60));
    expectNoneLost(world, 3);
    expect(acted(world, 'heartbeat')).toBeGreaterThan(8);
    const now = world.alive().map(({ id }) => id);
    expect(now.filter((id) => old.includes(id))).toEqual([]);
    expect(now).toHaveLength(3);
  });

  it('ends its job although its maximum lifetime is over', async () => {
    const world = groupWorld({ min: 1 }, { pollInterval: minutes(1) });
    world.start();
    await world.advance(minutes(5));
    const [old] = world.alive();
    world.autoScaling.updateAutoScalingGroup({
      name: world.group().name,
      maxInstanceLifetime: minutes(24 * 60),
    });
    await world.advance(minutes(23 * 60));
    world.submit(1, { duration: HOUR_3, timeout: A_DAY });
    await world.advance(minutes(2 * 60));
    expect(lifecycles(world)).toContain('Terminating:Wait');
    expect(world.jobs('running')).toBe(1);
    await world.advance(minutes(3 * 60));
    expectNoneLost(world, 1);
    expect(world.alive()).toHaveLength(1);
    expect(world.alive()[0]?.id).not.toBe(old?.id);
  });

  it.each([
    ['by hand, to be replaced', false],
    ['by hand, to shrink the group', true],
  ])('ends its job when it is terminated %s', async (_how, shouldDecrementDesiredCapacity) => {
    const world = await busyWorld(1, HOUR_3);
    const [busy] = world.alive();
    world.autoScaling.terminateInstanceInAutoScalingGroup({
      ids: [busy?.id ?? ''],
      shouldDecrementDesiredCapacity,
    });
    await world.advance(minutes(2 * 60));
    expect(world.jobs('running')).toBe(1);
    await world.advance(minutes(90));
    expectNoneLost(world, 1);
    expect(world.alive()).toEqual([]);
    expect(world.group().desiredCapacity).toBe(0);
  });

  it('ends its job when its zone is taken out of the group', async () => {
    const subnets = defaultPlace.subnets.map(({ id }) => id);
    const [offering] = worldPool().offerings;
    if (offering === undefined) throw new Error('the pool of the world has no offering');
    const offerings = subnets.map((subnet) => ({ ...offering, subnet, market: 'on-demand' as const }));
    const world = await busyWorld(3, HOUR_3, { offerings });
    const [first] = world.alive();
    const left = subnets.filter((subnet) => subnet !== first?.subnet);
    world.autoScaling.updateAutoScalingGroup({ name: world.group().name, subnets: left });
    await world.advance(minutes(4 * 60));
    expectNoneLost(world, 3);
    expect(world.alive()).toEqual([]);
  });

  it('is replaced, and only what ran on it is lost, when EC2 ends it', async () => {
    const world = await busyWorld(2, HOUR_3);
    const [one] = world.alive();
    world.ec2.terminateInstances([one?.id ?? '']);
    await world.advance(minutes(5));
    world.submit(1);
    await world.advance(minutes(4 * 60));
    expect(world.jobs('success')).toBe(2);
    expect(world.alive()).toEqual([]);
    expect(world.group()).toMatchObject({ desiredCapacity: 0, instances: [] });
  });

  it('is replaced in another zone, and only what ran there is lost, when its zone fails', async () => {
    const [offering] = worldPool().offerings;
    if (offering === undefined) throw new Error('the pool of the world has no offering');
    const offerings = defaultPlace.subnets.map(({ id }) => ({
      ...offering,
      subnet: id,
      market: 'on-demand' as const,
    }));
    const world = await busyWorld(4, HOUR_3, { offerings });
    const [first] = world.alive();
    const there = world.alive().filter(({ zone }) => zone === first?.zone).length;
    world.ec2.loseZone(first?.zone ?? '');
    await world.advance(minutes(2));
    world.submit(there);
    await world.advance(minutes(4 * 60));
    expect(world.jobs('success')).toBe(4);
    expect(world.alive()).toEqual([]);
    expect(world.group().instances).toEqual([]);
  });

  it('is given up by its group without harm when its hook is gone already', async () => {
    const world = await busyWorld(1, minutes(30));
    const [busy] = world.alive();
    const { name: group } = world.group();
    world.autoScaling.terminateInstanceInAutoScalingGroup({
      ids: [busy?.id ?? ''],
      shouldDecrementDesiredCapacity: true,
    });
    await world.advance(minutes(10));
    world.gitlab.cancelPipeline(1);
    world.autoScaling.completeLifecycleAction({
      group,
      hook: 'runtide-terminate',
      id: busy?.id,
      result: 'CONTINUE',
    });
    await world.advance(minutes(10));
    expect(world.alive()).toEqual([]);
    expect(failures(world)).toEqual([]);
  });

  it('goes on when single heartbeats are lost', async () => {
    let lost = 0;
    const world = await busyWorld(
      1,
      HOUR_3,
      {},
      {
        groups: (groups) => ({
          cancel: (pool, count, signal) => groups.cancel(pool, count, signal),
          complete: (pool, id, hook, signal) => groups.complete(pool, id, hook, signal),
          async heartbeat(pool, id, hook, signal) {
            if (lost++ % 3 > 0) throw new Error('no answer');
            await groups.heartbeat(pool, id, hook, signal);
          },
        }),
      },
    );
    world.autoScaling.terminateInstanceInAutoScalingGroup({
      ids: world.alive().map(({ id }) => id),
      shouldDecrementDesiredCapacity: true,
    });
    await world.advance(minutes(4 * 60));
    expect(lost).toBeGreaterThan(6);
    expectNoneLost(world, 1);
    expect(world.alive()).toEqual([]);
  });

  it('is kept, and ended after its job, when nobody answered at its hook in time', async () => {
    const world = await busyWorld(1, HOUR_3);
    world.autoScaling.terminateInstanceInAutoScalingGroup({
      ids: world.alive().map(({ id }) => id),
      shouldDecrementDesiredCapacity: true,
    });
    await world.advance(minutes(1));
    await world.stop();
    await world.advance(minutes(100));
    expect(lifecycles(world)).toEqual(['Terminating:Retained']);
    world.start();
    await world.advance(minutes(1));
    expect(alarms(world)).toContain('retained');
    await world.advance(minutes(3 * 60));
    expectNoneLost(world, 1);
    expect(world.alive()).toEqual([]);
    expect(world.group().instances).toEqual([]);
  });

  it('is never ended while its agent does not answer, and that is told', async () => {
    const world = await busyWorld(1, minutes(30));
    const [busy] = world.alive();
    world.machines.deafAgents.add(busy?.id ?? '');
    world.autoScaling.terminateInstanceInAutoScalingGroup({
      ids: [busy?.id ?? ''],
      shouldDecrementDesiredCapacity: true,
    });
    await world.advance(minutes(90));
    expect(world.jobs('success')).toBe(1);
    expect(world.jobs('failed')).toBe(0);
    expect(lifecycles(world)).toEqual(['Terminating:Wait']);
    expect(alarms(world)).toContain('drain unacknowledged');
    expect(acted(world, 'heartbeat')).toBeGreaterThan(3);
  });
});
