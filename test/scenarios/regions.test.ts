import { describe, expect, it } from 'vitest';
import { placedFleet } from '../../src/adapters/aws/placed-fleet.ts';
import { PortError } from '../../src/controller/errors.ts';
import type { Fleet } from '../../src/controller/ports.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { World, worldPool } from '../support/world.ts';

const POOL_TAG = 'runtide:pool';

/** What a region of its own shows of the one model: only its pools, nothing `elsewhere`, and nothing while it is down. */
function regionOf(
  fleet: Fleet,
  pools: readonly string[],
  isDown: () => boolean,
  elsewhere: ReadonlySet<string>,
): Fleet {
  const reach = async <T>(call: () => Promise<T>): Promise<T> => {
    if (!isDown()) return call();
    throw new PortError({
      kind: 'unavailable',
      system: 'ec2',
      doing: 'calling EC2',
      why: 'the region is down',
    });
  };
  const ours = ({ id, pool }: { readonly id: string; readonly pool: string }): boolean =>
    pools.includes(pool) && !elsewhere.has(id);
  return {
    list: (signal) => reach(async () => (await fleet.list(signal)).filter(ours)),
    find: (ids, signal) => reach(async () => (await fleet.find(ids, signal)).filter(ours)),
    prepare: (pool, signal) => reach(() => fleet.prepare(pool, signal)),
    launch: (request, signal) => reach(() => fleet.launch(request, signal)),
    drain: (ids, because, at, signal) => reach(() => fleet.drain(ids, because, at, signal)),
    terminate: (ids, signal) => reach(() => fleet.terminate(ids, signal)),
    console: (id, signal) => reach(() => fleet.console(id, signal)),
  };
}

/** Pool `near` in one region and pool `far` in another; `farTags` are those of the runner of the latter. */
function twoRegions(farTags: readonly string[] = ['far']) {
  const down = { near: false, far: false };
  /** Instances in a region that no pool has any more. */
  const elsewhere = new Set<string>();
  const world = new World({
    pools: [
      worldPool({ name: 'far', tags: farTags, max: 20 }),
      worldPool({ name: 'near', tags: ['linux'], max: 20 }),
    ],
    fleet: (fleet) =>
      placedFleet([
        { pools: ['near'], fleet: regionOf(fleet, ['near'], () => down.near, elsewhere) },
        { pools: ['far'], fleet: regionOf(fleet, ['far'], () => down.far, elsewhere) },
      ]),
  });
  const aliveIn = (pool: string): number =>
    world.alive().filter(({ tags }) => tags.get(POOL_TAG) === pool).length;
  return { world, down, elsewhere, aliveIn };
}

describe('a region that is down', () => {
  it('stops nothing in the others: they launch and scale in, while its own stay as they are', async () => {
    const { world, down, aliveIn } = twoRegions();
    world.start();
    world.submit(3, { tags: ['far'], duration: minutes(4) });
    await world.advanceUntil(() => world.jobs('running') === 3);
    down.far = true;
    world.submit(5, { duration: minutes(2) });
    await world.advance(minutes(10));
    expect(world.jobs('success')).toBe(8);
    expect(world.jobs('failed')).toBe(0);
    expect({ near: aliveIn('near'), far: aliveIn('far') }).toEqual({ near: 0, far: 3 });
    expect(world.bought()).toBe(8);
    down.far = false;
    await world.advance(minutes(5));
    expect({ alive: world.alive().length, managers: world.managers() }).toEqual({ alive: 0, managers: 0 });
    expect(world.bought()).toBe(8);
    const read = world.events.flatMap(({ event }) =>
      event.event === 'read failed' || event.event === 'read recovered'
        ? [`${event.event}: ${event.source}`]
        : [],
    );
    expect(read).toEqual(['read failed: instances of far', 'read recovered: instances of far']);
  });

  it('is stood in for by another pool that serves the same jobs', async () => {
    const { world, down, aliveIn } = twoRegions(['linux']);
    down.far = true;
    world.start();
    world.submit(4);
    await world.advance(minutes(8));
    expect(world.jobs('success')).toBe(4);
    expect(aliveIn('far')).toBe(0);
    expect(world.bought()).toBe(4);
    down.far = false;
    await world.advance(minutes(1));
    world.submit(2, { duration: minutes(5) });
    await world.advance(minutes(3));
    expect({ near: aliveIn('near'), far: aliveIn('far') }).toEqual({ near: 0, far: 2 });
  });

  it('from the start is not taken for an empty one: nothing is bought there, and nobody forgotten', async () => {
    const { world, down, aliveIn } = twoRegions();
    const first = world.start();
    world.submit(2, { tags: ['far'], duration: minutes(50) });
    await world.advanceUntil(() => world.jobs('running') === 2);
    await world.stop(first);
    down.far = true;
    world.loseState();
    world.start();
    world.submit(3, { tags: ['far'] });
    world.submit(1);
    await world.advance(minutes(40));
    expect({ bought: world.bought(), managers: world.managers() }).toEqual({ bought: 3, managers: 2 });
    expect({ near: aliveIn('near'), far: aliveIn('far') }).toEqual({ near: 0, far: 2 });
    down.far = false;
    await world.advance(minutes(20));
    expect(world.jobs('success')).toBe(6);
    expect({ far: aliveIn('far'), managers: world.managers() }).toEqual({ far: 0, managers: 0 });
  });

  it('buys nothing there twice, though the answer to a launch was lost in its fall', async () => {
    const { world, down, aliveIn } = twoRegions();
    world.start();
    world.submit(2, { tags: ['far'] });
    await world.advanceUntil(() => world.bought() === 2);
    down.far = true;
    await world.advance(seconds(400));
    expect(world.bought()).toBe(2);
    down.far = false;
    await world.advance(minutes(5));
    expect(world.jobs('success')).toBe(2);
    expect({ bought: world.bought(), far: aliveIn('far') }).toEqual({ bought: 2, far: 0 });
  });
});

describe('a pool that was given another region while it had instances', () => {
  it('forgets none of them: it says that they live unseen, and they end when it is put right', async () => {
    const { world, elsewhere, aliveIn } = twoRegions();
    const first = world.start();
    world.submit(2, { tags: ['far'], duration: minutes(20) });
    await world.advanceUntil(() => world.jobs('running') === 2);
    await world.stop(first);
    for (const { id } of world.alive()) elsewhere.add(id);
    const second = world.start();
    await world.advance(minutes(30));
    expect(world.jobs('success')).toBe(2);
    expect({ far: aliveIn('far'), managers: world.managers() }).toEqual({ far: 2, managers: 2 });
    const alarms = world.events.flatMap(({ event }) =>
      event.event === 'alarm raised' ? [event.alarm.alarm] : [],
    );
    expect(alarms).toEqual(['unseen', 'unseen']);
    await world.stop(second);
    elsewhere.clear();
    world.start();
    await world.advance(minutes(5));
    expect({ far: aliveIn('far'), managers: world.managers() }).toEqual({ far: 0, managers: 0 });
  });
});
