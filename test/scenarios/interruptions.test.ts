import { describe, expect, it } from 'vitest';
import { stateOf } from '../../src/adapters/memory/ec2/instance-record.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { elapsed, minutes, seconds } from '../../src/engine/time.ts';
import {
  busy,
  drainOf,
  noticed,
  secondsUntil,
  terminations,
  withoutSpotRequests,
  worldWithEvents,
  zonedPool,
} from '../support/interruption-world.ts';
import { World } from '../support/world.ts';

describe('an interruption', () => {
  it('that an event tells: drain tag within one pass, replaced in that pass, jobs ended 45 s before the end', async () => {
    const { world } = worldWithEvents({ pools: [zonedPool({ min: 2, max: 4 })] });
    world.start();
    const taken = await busy(world, 2);
    const at = world.clock.now();
    world.ec2.interrupt(taken.id);
    expect(await secondsUntil(world, at, () => drainOf(world, taken.id) !== undefined)).toBeLessThanOrEqual(
      2,
    );
    expect(drainOf(world, taken.id)).toMatch(/^interrupted@/);
    const report = world.reports.findLast((one) => one.pass === 'acted' && one.plan.actions.length > 0);
    expect(report?.pass === 'acted' && report.plan.actions.map((action) => action.do)).toEqual([
      'launch',
      'drain',
    ]);
    expect(world.bought()).toBe(3);
    expect(world.ec2.instances().at(-1)?.subnet).not.toBe(taken.subnet);
    await world.advanceUntil(() => world.jobs('failed') === 1);
    expect(elapsed(at, world.clock.now()) / 1000).toBeGreaterThanOrEqual(74);
    expect(elapsed(at, world.clock.now()) / 1000).toBeLessThanOrEqual(76);
    await world.advance(minutes(2));
    expect(noticed(world)).toEqual([`interruption ${taken.id}`]);
    expect(terminations(world)).toBe(0);
    expect(world.managers()).toBe(2);
  });

  it('of an idle machine lets that unregister and go before it is taken', async () => {
    const { world } = worldWithEvents({ pools: [zonedPool({ min: 1 })] });
    world.start();
    await world.advanceUntil(() => world.managers() === 1);
    await world.advance(seconds(20));
    const [taken] = world.alive();
    world.ec2.interrupt(taken?.id ?? '');
    await world.advance(seconds(15));
    expect(world.ec2.instance(taken?.id ?? '')?.life.at(-1)?.reason?.code).toBe(
      'Client.InstanceInitiatedShutdown',
    );
    await world.advanceUntil(() => world.managers() === 1);
    expect(world.bought()).toBe(2);
    expect(terminations(world)).toBe(0);
  });

  it('that only the spot request tells is seen at the next sweep', async () => {
    const world = new World({ pools: [zonedPool({ min: 2 })] });
    world.start();
    const taken = await busy(world, 2);
    const at = world.clock.now();
    world.ec2.interrupt(taken.id);
    expect(await secondsUntil(world, at, () => drainOf(world, taken.id) !== undefined)).toBeLessThanOrEqual(
      16,
    );
    expect(world.bought()).toBe(3);
    expect(world.ec2.instances().at(-1)?.subnet).not.toBe(taken.subnet);
    expect(noticed(world)).toEqual([`interruption ${taken.id}`]);
    await world.advanceUntil(() => world.jobs('failed') === 1);
    expect(elapsed(at, world.clock.now()) / 1000).toBeLessThanOrEqual(76);
  });

  it('that only the agent tells ends the jobs in time, and is replaced when it is gone', async () => {
    const world = new World({ pools: [zonedPool({ min: 1 })], fleet: withoutSpotRequests });
    world.start();
    const taken = await busy(world);
    const at = world.clock.now();
    world.ec2.interrupt(taken.id);
    await world.advanceUntil(() => world.jobs('failed') === 1);
    expect(elapsed(at, world.clock.now()) / 1000).toBeLessThanOrEqual(76);
    expect(drainOf(world, taken.id)).toBeUndefined();
    await world.advanceUntil(() => world.bought() === 2);
    expect(stateOf(world.ec2.instance(taken.id) ?? taken)).not.toBe('running');
    expect(terminations(world)).toBe(0);
  });

  it('keeps its offering from being bought for ten minutes, and no longer', async () => {
    const { world } = worldWithEvents({ pools: [zonedPool({ max: 20 })] });
    world.start();
    const taken = await busy(world);
    world.ec2.interrupt(taken.id);
    await world.advance(seconds(10));
    const offered = async (): Promise<readonly (string | undefined)[]> => {
      const before = world.reports.length;
      world.submit(1, { duration: minutes(60) });
      await world.advance(seconds(20));
      return world.reports
        .slice(before)
        .flatMap((report) => (report.pass === 'acted' ? report.plan.actions : []))
        .flatMap((action) => (action.do === 'launch' ? action.offerings : []))
        .map(({ subnet }) => subnet);
    };
    const all = defaultPlace.subnets.map(({ id }) => id);
    const others = all.filter((id) => id !== taken.subnet);
    expect(await offered()).toEqual(others);
    await world.advance(minutes(9));
    expect(await offered()).toEqual(others);
    await world.advance(minutes(1));
    expect(await offered()).toEqual(all);
  });
});

describe('a recommendation to rebalance', () => {
  it('lets a long job finish, takes no other job, and is replaced early', async () => {
    const { world } = worldWithEvents({ pools: [zonedPool({ min: 1, max: 3 })] });
    world.start();
    const leaving = await busy(world, 1, minutes(90));
    world.ec2.recommendRebalance(leaving.id);
    await world.advance(seconds(3));
    expect(drainOf(world, leaving.id)).toMatch(/^interrupted@/);
    expect(world.bought()).toBe(2);
    expect(noticed(world)).toEqual([`rebalance ${leaving.id}`]);
    world.submit(3, { duration: minutes(1) });
    await world.advance(minutes(20));
    expect(world.jobs('success')).toBe(3);
    expect(stateOf(world.ec2.instance(leaving.id) ?? leaving)).toBe('running');
    await world.advance(minutes(70));
    expect(world.jobs('success')).toBe(4);
    expect(world.jobs('failed')).toBe(0);
    expect(world.ec2.instance(leaving.id)?.life.at(-1)?.reason?.code).toBe(
      'Client.InstanceInitiatedShutdown',
    );
    expect(terminations(world)).toBe(0);
  });

  it('that an interruption follows ends the job in time, and tells of both', async () => {
    const { world } = worldWithEvents();
    world.start();
    const leaving = await busy(world);
    world.ec2.recommendRebalance(leaving.id);
    await world.advance(minutes(1));
    const at = world.clock.now();
    world.ec2.interrupt(leaving.id);
    await world.advanceUntil(() => world.jobs('failed') === 1);
    expect(elapsed(at, world.clock.now()) / 1000).toBeLessThanOrEqual(76);
    expect(noticed(world)).toEqual([`rebalance ${leaving.id}`, `interruption ${leaving.id}`]);
  });

  it('of many at once drains them in turn: a pool with long jobs goes on to take new ones', async () => {
    const { world } = worldWithEvents({ pools: [zonedPool({ slots: 2, max: 4, surge: 1 })] });
    world.start();
    await busy(world, 8, minutes(60));
    const before = world.alive();
    expect(before).toHaveLength(4);
    for (const { id } of before) world.ec2.recommendRebalance(id);
    await world.advance(minutes(5));
    const draining = () => before.filter(({ id }) => drainOf(world, id) !== undefined);
    expect(draining()).toHaveLength(1);
    world.submit(2, { duration: minutes(2) });
    await world.advance(minutes(1));
    expect(world.alive()).toHaveLength(5);
    await world.advance(minutes(5));
    expect(world.jobs('success')).toBe(2);
    await world.advance(minutes(120));
    expect([world.jobs('success'), world.jobs('failed')]).toEqual([10, 0]);
    expect(world.mostInstances).toBeLessThanOrEqual(5);
    expect(terminations(world)).toBe(0);
    expect(world.alive()).toHaveLength(0);
  });

  it('is only told where the pool ignores it; an interruption is not ignored', async () => {
    const { world, events } = worldWithEvents({ heedsRebalance: false });
    world.start();
    const taken = await busy(world);
    world.ec2.recommendRebalance(taken.id);
    await world.advance(minutes(1));
    expect(drainOf(world, taken.id)).toBeUndefined();
    expect(noticed(world)).toEqual([`rebalance ${taken.id} ignored`]);
    expect(events.queue.counts()).toEqual({ visible: 0, inFlight: 0 });
    world.ec2.interrupt(taken.id);
    await world.advance(seconds(2));
    expect(drainOf(world, taken.id)).toMatch(/^interrupted@/);
  });
});

describe('a storm that takes five in a hundred machines an hour', () => {
  it('loses only the jobs of the machines that it takes, and ends nothing by force', async () => {
    const { world, events } = worldWithEvents({
      pools: [zonedPool({ min: 10, max: 40, idle: { slots: 2, time: minutes(5) } })],
    });
    world.start();
    await world.advance(minutes(3));
    const calm = world.ec2.interruptAtRandom(0.05);
    for (let wave = 0; wave < 12; wave++) {
      world.submit(10, { duration: minutes(12) });
      await world.advance(minutes(10));
    }
    calm();
    await world.advance(minutes(40));
    const taken = world.ec2.instances().filter(({ interruption }) => interruption !== undefined);
    expect(noticed(world).length).toBe(taken.length);
    expect(world.jobs('failed')).toBeLessThanOrEqual(taken.length);
    expect(world.jobs('success') + world.jobs('failed')).toBe(120);
    expect(terminations(world)).toBe(0);
    expect(events.queue.counts()).toEqual({ visible: 0, inFlight: 0 });
  });
});
