import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../src/engine/time.ts';
import { alteredFleet } from '../support/altered-fleet.ts';
import {
  HOUR_3,
  A_DAY,
  groupWorld,
  expectNoneLost,
  acted,
  failures,
  alarms,
  busyWorld,
} from '../support/group-scenes.ts';
import { worldPool } from '../support/world.ts';

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

describe('a group that others touch', () => {
  it('is refused to a second installation, which says so and changes nothing', async () => {
    const world = await busyWorld(2, HOUR_3);
    const { name } = world.group();
    const before = world.group();
    world.start({ installation: 'other', groupNames: { linux: name } });
    world.submit(1, { duration: HOUR_3, timeout: A_DAY });
    await world.advance(minutes(20));
    const refusals = failures(world).filter((why) => why.includes('installation test has it'));
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
