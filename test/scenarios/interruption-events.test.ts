import { describe, expect, it } from 'vitest';
import { after, minutes, seconds } from '../../src/engine/time.ts';
import { eventOf } from '../support/cloud-events.ts';
import {
  busy,
  drainOf,
  noticed,
  secondsUntil,
  worldWithEvents,
  zonedPool,
} from '../support/interruption-world.ts';

describe('events', () => {
  it('doubled and out of order drain once, and leave nothing in the queue', async () => {
    const { world, events } = worldWithEvents({ pools: [zonedPool({ min: 2 })] });
    world.start();
    const taken = await busy(world, 2);
    world.ec2.interrupt(taken.id);
    const early = after(world.clock.now(), minutes(-1));
    for (const kind of ['interruption', 'rebalance', 'interruption', 'end'] as const) {
      events.queue.send(eventOf({ instance: taken.id, kind, at: early }));
    }
    await world.advance(seconds(40));
    for (const kind of ['rebalance', 'interruption'] as const) {
      events.queue.send(eventOf({ instance: taken.id, kind, at: early }));
    }
    await world.advance(minutes(5));
    const drains = world
      .eventsNamed('acted')
      .filter(({ outcome }) => outcome.action.do === 'drain' && outcome.action.instance === taken.id);
    expect(drains).toHaveLength(1);
    expect(noticed(world)).toEqual([`interruption ${taken.id}`]);
    expect(world.bought()).toBe(3);
    expect(events.queue.counts()).toEqual({ visible: 0, inFlight: 0 });
  });

  it('that come long after their instance has gone change nothing', async () => {
    const { world, events } = worldWithEvents();
    world.start();
    const [gone] = [await busy(world, 1, minutes(1))];
    await world.advance(minutes(10));
    expect(world.alive()).toEqual([]);
    const passes = world.reports.length;
    for (const kind of ['interruption', 'rebalance', 'end'] as const) {
      events.queue.send(eventOf({ instance: gone.id, kind, at: after(world.clock.now(), minutes(-8)) }));
    }
    await world.advance(minutes(1));
    // One for each poll, and none more.
    expect(world.reports.length - passes).toBe(4);
    expect(noticed(world)).toEqual([]);
    expect(events.queue.counts()).toEqual({ visible: 0, inFlight: 0 });
  });

  it('of others and nonsense cost no pass, and go', async () => {
    const { world, events } = worldWithEvents();
    world.start();
    await busy(world);
    await world.advance(minutes(1));
    const passes = world.reports.length;
    for (let index = 0; index < 200; index++) {
      const instance = `i-${String(index).padStart(17, 'f')}`;
      events.queue.send(
        eventOf({ instance, kind: index % 2 === 0 ? 'interruption' : 'end', at: world.clock.now() }),
      );
      events.queue.send(`nonsense ${index}`);
    }
    await world.advance(minutes(1));
    expect(world.reports.length - passes).toBe(4);
    await world.advance(minutes(4));
    expect(events.queue.counts()).toEqual({ visible: 0, inFlight: 0 });
    expect(noticed(world)).toEqual([]);
    expect(world.jobs('running')).toBe(1);
  });

  it('of an instance that a lost launch has bought are kept until it is listed', async () => {
    const { world, events } = worldWithEvents({ pools: [zonedPool({ min: 1 })], listingLag: seconds(60) });
    world.start();
    await world.advance(seconds(5));
    world.ec2.faults.loseAnswers(1);
    world.policy = { ...world.policy, pools: world.policy.pools.map((one) => ({ ...one, min: 2 })) };
    await world.advanceUntil(() => world.bought() === 2);
    const bought = world.ec2.instances().at(-1);
    if (bought === undefined) throw new Error('nothing was bought');
    events.queue.send(eventOf({ instance: bought.id, kind: 'rebalance', at: world.clock.now() }));
    await world.advance(minutes(2));
    expect(drainOf(world, bought.id)).toMatch(/^interrupted@/);
  });

  it('that a process took and did not act on come again to the next', async () => {
    const { world, events } = worldWithEvents({ pools: [zonedPool({ min: 2 })] });
    const first = world.start();
    const taken = await busy(world, 2);
    // It dies with the notice in its hands: EC2 refuses the drain.
    world.ec2.faults.throttle(100, 'CreateTags');
    world.ec2.recommendRebalance(taken.id);
    await world.advance(seconds(3));
    expect(drainOf(world, taken.id)).toBeUndefined();
    expect(events.queue.counts()).toEqual({ visible: 0, inFlight: 1 });
    await world.stop(first);
    world.ec2.faults.clear();
    world.start();
    await world.advance(minutes(2));
    expect(drainOf(world, taken.id)).toMatch(/^interrupted@/);
    expect(events.queue.counts()).toEqual({ visible: 0, inFlight: 0 });
  });

  it('are left alone by a process that stands by', async () => {
    const { world, events } = worldWithEvents({ pools: [zonedPool({ min: 2 })] });
    world.start();
    const taken = await busy(world, 2);
    world.start();
    await world.advance(minutes(1));
    const before = events.receives;
    await world.advance(minutes(1));
    // One wait of 20 seconds after the other, not two beside each other.
    expect(events.receives - before).toBeLessThanOrEqual(4);
    world.ec2.interrupt(taken.id);
    await world.advance(seconds(2));
    expect(drainOf(world, taken.id)).toMatch(/^interrupted@/);
  });

  it('that do not arrive for an hour, with the queue down, hold up nothing', async () => {
    const { world, events } = worldWithEvents({
      pools: [zonedPool({ min: 1, max: 6 })],
      fleet: (same) => same,
    });
    world.start();
    await busy(world, 1, minutes(5));
    events.outage = true;
    await world.advance(minutes(20));
    world.submit(4, { duration: minutes(60), timeout: minutes(180) });
    await world.advanceUntil(() => world.jobs('running') === 4);
    const [spot] = world.alive();
    const at = world.clock.now();
    world.ec2.interrupt(spot?.id ?? '');
    expect(await secondsUntil(world, at, () => drainOf(world, spot?.id ?? '') !== undefined)).toBeLessThan(
      17,
    );
    await world.advance(minutes(40));
    expect(world.eventsNamed('read failed')).toEqual([
      { event: 'read failed', source: 'events', why: 'scripted: the queue is down' },
    ]);
    expect(world.reports.filter(({ pass }) => pass === 'failed')).toEqual([]);
    events.outage = false;
    await world.advance(minutes(2));
    expect(world.eventsNamed('read recovered')).toEqual([{ event: 'read recovered', source: 'events' }]);
    expect(noticed(world)).toEqual([`interruption ${spot?.id}`]);
    expect(events.queue.counts()).toEqual({ visible: 0, inFlight: 0 });
    const [next] = world.alive();
    world.ec2.recommendRebalance(next?.id ?? '');
    await world.advance(seconds(3));
    expect(drainOf(world, next?.id ?? '')).toMatch(/^interrupted@/);
  });

  it('that a machine was ended from outside make its replacement early', async () => {
    const { world } = worldWithEvents({ pools: [zonedPool({ min: 1 })], pollInterval: minutes(5) });
    world.start();
    const ended = await busy(world);
    await world.advance(seconds(30));
    const at = world.clock.now();
    world.ec2.terminateInstances([ended.id]);
    expect(await secondsUntil(world, at, () => world.bought() === 2)).toBeLessThanOrEqual(3);
  });
});
