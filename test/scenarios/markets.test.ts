import { describe, expect, it } from 'vitest';
import { stateOf } from '../../src/adapters/memory/ec2/instance-record.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import type { Market, MarketSplit, Offering } from '../../src/engine/pool.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { World, worldPool } from '../support/world.ts';

/** The same type in every zone, on both markets. */
const OFFERINGS = (['spot', 'on-demand'] as const).flatMap((market) =>
  defaultPlace.subnets.map(({ id }): Offering => ({ instanceType: 'm7i.large', subnet: id, market })),
);
const SPOT_FIRST: MarketSplit = { onDemandBase: 0, spotShare: 1, onDemandFallback: true };

function pool(over: Parameters<typeof worldPool>[0] = {}) {
  return worldPool({ offerings: OFFERINGS, split: SPOT_FIRST, ...over });
}

function bought(world: World, market: Market): number {
  return world.ec2.instances().filter((record) => record.market === market).length;
}

const NO_SPOT = { code: 'InsufficientInstanceCapacity', market: 'spot' } as const;

describe('a pool that wants spot and may fall back', () => {
  it('one zone out, then all spot out: jobs start on other zones, then on demand', async () => {
    const world = new World({ pools: [pool()] });
    const [first] = defaultPlace.subnets;
    world.start();
    await world.advance(seconds(20));
    world.ec2.loseZone(first?.zone ?? '');
    world.submit(4);
    await world.advance(minutes(6));
    expect(world.jobs('success')).toBe(4);
    expect([bought(world, 'spot'), bought(world, 'on-demand')]).toEqual([4, 0]);
    const lift = world.ec2.faults.shortage(NO_SPOT);
    world.submit(4);
    await world.advance(minutes(6));
    expect(world.jobs('success')).toBe(8);
    expect([bought(world, 'spot'), bought(world, 'on-demand')]).toEqual([4, 4]);
    expect(Math.max(...world.waits())).toBeLessThan(70);
    // Spot is back: it is bought again once the shortage is forgotten.
    lift();
    await world.advance(minutes(15));
    world.submit(2);
    await world.advance(minutes(6));
    expect([bought(world, 'spot'), bought(world, 'on-demand')]).toEqual([6, 4]);
    expect(world.jobs('success')).toBe(10);
    expect(world.alive()).toHaveLength(0);
  });

  it('without leave to fall back it waits for spot', async () => {
    const world = new World({ pools: [pool({ split: { ...SPOT_FIRST, onDemandFallback: false } })] });
    world.start();
    const lift = world.ec2.faults.shortage(NO_SPOT);
    world.submit(2);
    await world.advance(minutes(20));
    expect(world.bought()).toBe(0);
    lift();
    await world.advance(minutes(20));
    expect([bought(world, 'spot'), bought(world, 'on-demand')]).toEqual([2, 0]);
    expect(world.jobs('success')).toBe(2);
  });

  it('keeps its base on demand and its share of spot', async () => {
    const world = new World({
      pools: [pool({ split: { onDemandBase: 2, spotShare: 0.75, onDemandFallback: false } })],
    });
    world.start();
    world.submit(10, { duration: minutes(10) });
    await world.advance(minutes(2));
    expect([bought(world, 'spot'), bought(world, 'on-demand')]).toEqual([6, 4]);
    await world.advance(minutes(30));
    expect(world.jobs('success')).toBe(10);
    expect(world.alive()).toHaveLength(0);
  });

  it('buys nothing that is known to be dearer than its ceiling, and says so', async () => {
    const priced = OFFERINGS.map((one) => ({ ...one, price: one.market === 'spot' ? 0.2 : 0.1 }));
    const world = new World({ pools: [pool({ offerings: priced, maxPrice: 0.15 })] });
    world.start();
    world.submit(2);
    await world.advance(minutes(10));
    expect([bought(world, 'spot'), bought(world, 'on-demand')]).toEqual([0, 2]);
    expect(world.jobs('success')).toBe(2);
  });
});

describe('machines that never boot', () => {
  it('are ended at their deadline and replaced, with growing pauses', async () => {
    const world = new World({ pools: [worldPool({ bootTimeout: minutes(3) })] });
    world.start();
    world.ec2.faults.boot('never', 3);
    world.submit(1);
    await world.advance(minutes(30));
    expect(world.jobs('success')).toBe(1);
    expect(world.bought()).toBe(4);
    expect(world.eventsNamed('boot failed')).toHaveLength(3);
    expect(world.alive()).toHaveLength(0);
  });
});

describe('an instance older than six hours', () => {
  it('is as good as on its first day: it serves, drains and leaves nothing', async () => {
    const world = new World({ pools: [worldPool({ min: 1 })] });
    world.start();
    await world.advance(minutes(8 * 60));
    expect(world.bought()).toBe(1);
    world.submit(1);
    await world.advance(minutes(5));
    expect(world.jobs('success')).toBe(1);
    expect(world.bought()).toBe(1);
    world.policy = { ...world.policy, pools: world.policy.pools.map((one) => ({ ...one, min: 0 })) };
    await world.advance(minutes(10));
    expect(world.ec2.instances().map((record) => stateOf(record))).toEqual(['terminated']);
    expect(world.managers()).toBe(0);
  });
});
