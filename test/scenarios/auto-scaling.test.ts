import { describe, expect, it } from 'vitest';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import type { Action } from '../../src/engine/action.ts';
import type { PoolPolicy } from '../../src/engine/pool.ts';
import { type Duration, minutes, seconds } from '../../src/engine/time.ts';
import { alteredFleet } from '../support/altered-fleet.ts';
import { World, type WorldOptions, worldPool } from '../support/world.ts';

const HOUR = minutes(60);
const HOUR_3 = minutes(180);
const A_DAY = minutes(24 * 60);

/** A pool of on-demand machines that a group launches. */
function groupPool(over: Partial<PoolPolicy> = {}): PoolPolicy {
  const [offering] = worldPool().offerings;
  if (offering === undefined) throw new Error('the pool of the world has no offering');
  return worldPool({
    group: { heartbeat: HOUR },
    offerings: [{ ...offering, market: 'on-demand' }],
    split: { onDemandBase: 0, spotShare: 0, onDemandFallback: false },
    ...over,
  });
}

function groupWorld(over: Partial<PoolPolicy> = {}, options: WorldOptions = {}): World {
  return new World({ pools: [groupPool(over)], ...options });
}

/** Every job that was submitted has ended well, and none was cut off. */
function expectNoneLost(world: World, jobs: number): void {
  expect({ success: world.jobs('success'), failed: world.jobs('failed') }).toEqual({
    success: jobs,
    failed: 0,
  });
}

/** How often the action was carried out. */
function acted(world: World, action: Action['do']): number {
  return world.eventsNamed('acted').filter(({ outcome }) => outcome.done && outcome.action.do === action)
    .length;
}

/** Why actions failed. */
function failures(world: World): readonly string[] {
  return world
    .eventsNamed('acted')
    .flatMap(({ outcome }) => (outcome.done || outcome.begun === false ? [] : [outcome.why]));
}

/** Every alarm that was raised. */
function alarms(world: World): readonly string[] {
  return world.eventsNamed('alarm raised').map(({ alarm }) => alarm.alarm);
}

function lifecycles(world: World): readonly string[] {
  return world.group().instances.map(({ lifecycleState }) => lifecycleState);
}

describe('a pool whose instances are an Auto Scaling group', () => {
  it('grows by the queue, passes the launch gate, runs its jobs and goes back to zero', async () => {
    const world = groupWorld();
    world.start();
    world.submit(4);
    await world.advance(minutes(10));
    expectNoneLost(world, 4);
    expect(world.bought()).toBe(4);
    expect(world.alive()).toEqual([]);
    expect(world.managers()).toBe(0);
    expect(world.group()).toMatchObject({ desiredCapacity: 0, instances: [] });
    world.submit(2);
    await world.advance(minutes(10));
    expectNoneLost(world, 6);
    expect(world.bought()).toBe(6);
    expect(world.alive()).toEqual([]);
  });

  it('grows as one order, however slowly the group shows it', async () => {
    const world = groupWorld({ max: 40 }, { autoScaling: { listingLag: seconds(30) } });
    world.start();
    world.submit(30);
    await world.advance(minutes(15));
    expectNoneLost(world, 30);
    expect(world.bought()).toBe(30);
    expect(world.alive()).toEqual([]);
  });

  it('takes back what it does not need any more', async () => {
    const slow = { times: { settleAfter: seconds(60) } };
    const world = groupWorld({}, { autoScaling: slow });
    world.start();
    const pipeline = world.submit(5);
    await world.advance(seconds(20));
    expect(world.group().desiredCapacity).toBe(5);
    world.gitlab.cancelPipeline(pipeline);
    await world.advance(minutes(5));
    expect(world.group().desiredCapacity).toBe(0);
    expect(world.bought()).toBe(0);
  });

  it('buys nothing twice when the answer to an order is lost', async () => {
    let lost = 0;
    const world = groupWorld(
      {},
      {
        fleet: (fleet) =>
          alteredFleet(fleet, {
            async launch(request, signal) {
              const result = await fleet.launch(request, signal);
              if (lost++ === 0) throw new Error('the connection ended before the answer');
              return result;
            },
          }),
      },
    );
    world.start();
    world.submit(4);
    await world.advance(minutes(10));
    expectNoneLost(world, 4);
    expect(world.bought()).toBe(4);
  });
});

/** A world in which `count` members are busy with jobs of `duration`. */
async function busyWorld(
  count: number,
  duration: Duration,
  over: Partial<PoolPolicy> = {},
  options: WorldOptions = {},
): Promise<World> {
  const world = groupWorld(over, options);
  world.start();
  world.submit(count, { duration, timeout: A_DAY });
  await world.advanceUntil(
    () => world.jobs('running') === count && lifecycles(world).every((state) => state === 'InService'),
  );
  return world;
}

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

describe('a group that others touch', () => {
  it('is refused to a second installation, which says so and changes nothing', async () => {
    const world = await busyWorld(2, HOUR_3);
    const { name } = world.group();
    const before = world.group();
    world.start({ installation: 'other', groupNames: { linux: name } });
    world.submit(1, { duration: HOUR_3, timeout: A_DAY });
    await world.advance(minutes(20));
    const refusals = failures(world).filter((why) => why.includes('belongs to another installation'));
    expect(refusals.length).toBeGreaterThan(0);
    expect(world.group().tags).toEqual(before.tags);
    expect(world.bought()).toBe(3);
    await world.advance(minutes(4 * 60));
    expectNoneLost(world, 3);
  });

  it('keeps every job when its desired capacity is set to zero', async () => {
    const world = await busyWorld(3, minutes(30));
    world.autoScaling.setDesiredCapacity({ group: world.group().name, desiredCapacity: 0 });
    await world.advance(minutes(10));
    expect(world.jobs('running')).toBe(3);
    world.submit(1);
    await world.advance(minutes(60));
    expectNoneLost(world, 4);
    expect(world.bought()).toBe(4);
    expect(world.alive()).toEqual([]);
    expect(world.group()).toMatchObject({ desiredCapacity: 0, instances: [] });
  });

  it('gives up what was ordered by hand', async () => {
    const world = await busyWorld(1, minutes(30));
    world.autoScaling.setDesiredCapacity({ group: world.group().name, desiredCapacity: 4 });
    await world.advance(minutes(10));
    expect(world.alive().length).toBe(1);
    expect(world.group().desiredCapacity).toBe(1);
    await world.advance(minutes(30));
    expectNoneLost(world, 1);
    expect(world.alive()).toEqual([]);
  });

  it('has its limit, its protection and its template again at the next order', async () => {
    const world = await busyWorld(2, minutes(30));
    const { name, mixedInstancesPolicy } = world.group();
    const other = world.ec2.createLaunchTemplate({ name: 'theirs', data: { imageId: 'ami-none' } });
    world.autoScaling.updateAutoScalingGroup({
      name,
      maxSize: 2,
      newInstancesProtectedFromScaleIn: false,
      mixedInstancesPolicy: { template: { id: other.id, version: '1' } },
    });
    world.autoScaling.setInstanceProtection({
      group: name,
      ids: world.alive().map(({ id }) => id),
      protectedFromScaleIn: false,
    });
    world.submit(2);
    await world.advance(minutes(10));
    expect(world.jobs('success')).toBe(2);
    expect(world.group()).toMatchObject({
      maxSize: 11,
      newInstancesProtectedFromScaleIn: true,
      mixedInstancesPolicy: { template: mixedInstancesPolicy?.template },
    });
    expect(world.group().instances.every(({ protectedFromScaleIn }) => protectedFromScaleIn)).toBe(true);
    await world.advance(minutes(60));
    expectNoneLost(world, 4);
  });
});

describe('a group that cannot launch', () => {
  it('is asked again more and more rarely, and goes on once its template is right', async () => {
    const world = groupWorld();
    const bad = world.ec2.images.all()[0]?.id ?? '';
    world.start();
    world.submit(1, { duration: minutes(1) });
    await world.advance(minutes(10));
    expectNoneLost(world, 1);
    world.ec2.images.deregister(bad);
    world.submit(2);
    await world.advance(minutes(60));
    const orders = acted(world, 'cancel');
    expect(orders).toBeGreaterThan(2);
    expect(orders).toBeLessThan(12);
    expect(world.alive()).toEqual([]);
    expect(alarms(world)).toContain('order failed');
  });

  it('buys on demand where there is no spot', async () => {
    const [offering] = worldPool().offerings;
    if (offering === undefined) throw new Error('the pool of the world has no offering');
    const world = groupWorld({
      offerings: [offering, { ...offering, market: 'on-demand' }],
      split: { onDemandBase: 0, spotShare: 1, onDemandFallback: true },
    });
    world.ec2.faults.shortage({ code: 'InsufficientInstanceCapacity', market: 'spot' });
    world.start();
    world.submit(3);
    await world.advance(minutes(10));
    expectNoneLost(world, 3);
    expect(world.ec2.instances().map(({ market }) => market)).toEqual(Array(3).fill('on-demand'));
  });

  it('does not keep what never becomes ready, and does not buy in a loop', async () => {
    const world = groupWorld({ bootTimeout: minutes(5) });
    world.ec2.faults.boot('never', 100);
    world.start();
    world.submit(1);
    await world.advance(minutes(60));
    expect(world.bought()).toBeGreaterThan(1);
    expect(world.bought()).toBeLessThan(9);
    expect(world.alive().length).toBeLessThanOrEqual(1);
    expect(world.jobs('failed')).toBe(0);
  });
});
