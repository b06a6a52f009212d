import { describe, expect, it } from 'vitest';
import { systemIdOf } from '../../src/controller/system-id.ts';
import type { Cycle, DrainRequest } from '../../src/engine/instruction.ts';
import type { PoolPolicy } from '../../src/engine/pool.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { World, worldPool } from '../support/world.ts';
import type { WorldOptions } from '../support/world-options.ts';

const READY = minutes(3);

/** A world whose instances are ready, and which those are. */
async function settled(pool: Partial<PoolPolicy>, options: WorldOptions = {}) {
  const world = new World({ pools: [worldPool(pool)], ...options });
  const run = world.start();
  await world.advance(READY);
  return { world, run, old: world.alive().map(({ id }) => id) };
}

function cycle(world: World, over: Partial<Cycle> = {}): Cycle {
  return { kind: 'cycle', pool: 'linux', startedAt: world.clock.now(), batch: 1, ...over };
}

function drain(world: World, instance: string, how: DrainRequest['how']): DrainRequest {
  return { kind: 'drain', instance, at: world.clock.now(), how };
}

/** Instances that are ready and not asked to leave. */
function available(world: World): readonly string[] {
  const managers = world.gitlab.runners().flatMap(({ id }) => world.gitlab.managers(id));
  const known = new Set(managers.map(({ systemId }) => systemId));
  return world
    .alive()
    .filter(({ id, tags }) => !tags.has('runtide:drain') && known.has(systemIdOf(id)))
    .map(({ id }) => id);
}

const draining = (world: World): number =>
  world.alive().filter(({ tags }) => tags.has('runtide:drain')).length;

const oldLeft = (world: World, old: readonly string[]): readonly string[] =>
  world.alive().flatMap(({ id }) => (old.includes(id) ? [id] : []));

interface Extremes {
  readonly most: number;
  readonly fewest: number;
  readonly drains: number;
  readonly seconds: number;
}

/** Lets time pass until something is so, and answers with the extremes that there were meanwhile. */
async function watch(world: World, isSo: () => boolean, longest: number): Promise<Extremes> {
  let [most, fewest, drains] = [0, Number.POSITIVE_INFINITY, 0];
  for (let second = 0; second < longest; second++) {
    if (isSo()) return { most, fewest, drains, seconds: second };
    await world.advance(seconds(1));
    most = Math.max(most, world.alive().length);
    fewest = Math.min(fewest, available(world).length);
    drains = Math.max(drains, draining(world));
  }
  throw new Error(`watching: it was not so within ${longest} s`);
}

const hour = 3600;
/** Lets time pass, and answers with the extremes. */
async function watchFor(world: World, length: number): Promise<Extremes> {
  const end = world.clock.now() + length * 1000;
  return watch(world, () => world.clock.now() >= end, length + 1);
}

describe('a cycle', () => {
  it('of a busy fleet replaces all of it, kills no job, and is crossed out', async () => {
    const { world } = await settled({ min: 4, max: 8, slots: 2 });
    world.submit(40, { duration: minutes(4) });
    await world.advance(minutes(2));
    const old = world.alive().map(({ id }) => id);
    expect(old).toHaveLength(8);
    await world.state.instruct(cycle(world, { batch: 2, surge: 2 }));
    for (let round = 0; round < 3; round++) {
      world.submit(10, { duration: minutes(4) });
      await world.advance(minutes(4));
    }
    await watch(world, () => oldLeft(world, old).length === 0, hour);
    await world.advance(minutes(30));
    expect(world.jobs('failed')).toBe(0);
    expect(world.jobs('success')).toBe(70);
    expect(await world.state.instructions()).toEqual([]);
    expect(world.eventsNamed('instruction done')).toHaveLength(1);
    expect(world.alive()).toHaveLength(4);
  });

  it.each([
    { batch: 1, surge: 1, minAvailable: 4, most: 5 },
    { batch: 2, surge: 2, minAvailable: 4, most: 6 },
    { batch: 4, surge: 1, minAvailable: 4, most: 5 },
    { batch: 1, surge: 0, minAvailable: 3, most: 4 },
    { batch: 3, surge: 3, minAvailable: 1, most: 7 },
  ])(
    'of $batch at once with a surge of $surge keeps $minAvailable ready',
    async ({ batch, surge, minAvailable, most }) => {
      const { world, old } = await settled({ min: 4, max: 4, surge: 1 });
      await world.state.instruct(cycle(world, { batch, surge, minAvailable }));
      const seen = await watch(world, () => oldLeft(world, old).length === 0, hour);
      expect(seen.most).toBeLessThanOrEqual(most);
      expect(seen.drains).toBeLessThanOrEqual(batch);
      expect(seen.fewest).toBeGreaterThanOrEqual(minAvailable);
      await world.advance(READY);
      expect(world.alive()).toHaveLength(4);
      expect(await world.state.instructions()).toEqual([]);
      expect(world.bought()).toBe(8);
    },
  );

  it('stands still while it is paused, goes on when it is resumed, and keeps what it has replaced', async () => {
    const { world, old } = await settled({ min: 4, max: 4, surge: 1 });
    const begun = cycle(world);
    await world.state.instruct(begun);
    await watch(world, () => oldLeft(world, old).length === 2, hour);
    await world.state.instruct({ ...begun, paused: true });
    await world.advance(READY);
    expect(available(world)).toHaveLength(4);
    const left = oldLeft(world, old);
    const bought = world.bought();
    await world.advance(minutes(30));
    expect(oldLeft(world, old)).toEqual(left);
    expect(world.bought()).toBe(bought);
    expect(await world.state.instructions()).toEqual([{ ...begun, paused: true }]);
    await world.state.instruct(begun);
    await watch(world, () => oldLeft(world, old).length === 0, hour);
    await world.advance(READY);
    expect(world.bought()).toBe(8);
    expect(await world.state.instructions()).toEqual([]);
  });

  it('that is stopped half-way leaves the rest alone', async () => {
    const { world, old } = await settled({ min: 4, max: 4, surge: 1 });
    const begun = cycle(world);
    await world.state.instruct(begun);
    await watch(world, () => oldLeft(world, old).length === 2, hour);
    await world.state.retract(begun);
    await world.advance(READY);
    const left = oldLeft(world, old);
    expect(left.length).toBeGreaterThanOrEqual(1);
    await world.advance(minutes(60));
    expect(oldLeft(world, old)).toEqual(left);
    expect(world.alive()).toHaveLength(4);
    expect(world.eventsNamed('instruction done')).toHaveLength(0);
  });

  it('with a bad image stands still: as many stay ready as minAvailable says', async () => {
    const { world, old } = await settled({ min: 4, max: 4, surge: 1, bootTimeout: minutes(2) });
    world.ec2.faults.boot('fails', 1000);
    await world.state.instruct(cycle(world, { minAvailable: 4 }));
    const seen = await watchFor(world, 2 * hour);
    expect(seen.fewest).toBe(4);
    expect(oldLeft(world, old)).toEqual(old);
    // It backs off, one at a time.
    expect(world.bought()).toBeLessThanOrEqual(4 + 20);
    world.ec2.faults.clear();
    await watch(world, () => oldLeft(world, old).length === 0, 2 * hour);
    await world.advance(READY);
    expect(world.alive()).toHaveLength(4);
    expect(await world.state.instructions()).toEqual([]);
  });

  it('without minAvailable loses one old instance after each wait, no more', async () => {
    const { world, old } = await settled({ min: 6, max: 6, surge: 1, bootTimeout: minutes(2) });
    world.ec2.faults.boot('fails', 1000);
    await world.state.instruct(cycle(world));
    const leftAt: number[] = [];
    await watch(
      world,
      () => {
        for (let left = oldLeft(world, old).length; leftAt.length < old.length - left;)
          leftAt.push(world.clock.now());
        return leftAt.length === 4;
      },
      hour,
    );
    const waits = leftAt.slice(1).map((at, index) => (at - (leftAt[index] ?? 0)) / 1000);
    // Each has had its time to boot, and its wait, which grows.
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(120);
    expect(waits.toSorted((a, b) => a - b)).toEqual(waits);
    const [pool] = world.reports
      .flatMap((report) => (report.pass === 'acted' ? report.plan.pools : []))
      .slice(-1);
    expect(pool?.holds.map(({ what, because }) => `no ${what}: ${because}`).join('\n')).toMatch(
      /no replacement: \d old instances? stays? while new ones fail to start/,
    );
    world.ec2.faults.clear();
    await watch(world, () => oldLeft(world, old).length === 0, 2 * hour);
    await world.advance(READY);
    expect(available(world)).toHaveLength(6);
    expect(await world.state.instructions()).toEqual([]);
  });

  it('goes on where it was when the controller restarts', async () => {
    const { world, run, old } = await settled({ min: 4, max: 4, surge: 1 });
    world.submit(2, { duration: minutes(10) });
    await world.advance(seconds(30));
    await world.state.instruct(cycle(world, { minAvailable: 3 }));
    await watch(world, () => oldLeft(world, old).length === 3, hour);
    await world.stop(run);
    await world.advance(minutes(5));
    world.start();
    const seen = await watch(world, () => oldLeft(world, old).length === 0, hour);
    expect(seen.most).toBeLessThanOrEqual(5);
    await world.advance(READY);
    expect(world.jobs('success')).toBe(2);
    expect(world.bought()).toBe(8);
    expect(await world.state.instructions()).toEqual([]);
  });

  it('given while no controller runs is carried out by the next one', async () => {
    const { world, run, old } = await settled({ min: 2, max: 2, surge: 1 });
    await world.stop(run);
    await world.state.instruct(cycle(world));
    await world.advance(minutes(10));
    expect(oldLeft(world, old)).toEqual(old);
    world.start();
    await watch(world, () => oldLeft(world, old).length === 0, hour);
    await world.advance(READY);
    expect(await world.state.instructions()).toEqual([]);
  });

  it('of a pool without instances is done at once', async () => {
    const { world } = await settled({});
    await world.state.instruct(cycle(world));
    await world.advance(seconds(20));
    expect(await world.state.instructions()).toEqual([]);
    expect(world.bought()).toBe(0);
  });

  it('waits for jobs of three hours', async () => {
    const { world } = await settled({ min: 2, max: 4, surge: 1 });
    world.submit(3, { duration: minutes(180), timeout: minutes(240) });
    await world.advance(minutes(2));
    const old = world.alive().map(({ id }) => id);
    await world.state.instruct(cycle(world, { batch: 3, minAvailable: 1 }));
    await world.advance(minutes(150));
    expect(world.jobs('running')).toBe(3);
    expect(oldLeft(world, old)).toHaveLength(3);
    await watch(world, () => oldLeft(world, old).length === 0, hour);
    await world.advance(READY);
    expect([world.jobs('success'), world.jobs('failed')]).toEqual([3, 0]);
    expect(await world.state.instructions()).toEqual([]);
  });

  it('of one pool leaves the others alone', async () => {
    const arm = worldPool({ name: 'arm', tags: ['arm'], min: 2 });
    const { world } = await settled({}, { pools: [worldPool({ min: 2 }), arm] });
    const before = new Set(world.alive().map(({ id }) => id));
    await world.state.instruct(cycle(world));
    await world.advance(minutes(30));
    const kept = world.alive().filter(({ id }) => before.has(id));
    expect(kept.map(({ tags }) => tags.get('runtide:pool'))).toEqual(['arm', 'arm']);
  });
});

describe('an instance that is asked to drain', () => {
  it('to be replaced goes once another is ready, where as many must stay', async () => {
    const { world, old } = await settled({ min: 3, max: 3, surge: 1, minAvailable: 3 });
    const [first = ''] = old;
    await world.state.instruct(drain(world, first, 'replace'));
    const seen = await watch(world, () => !oldLeft(world, old).includes(first), hour);
    expect([seen.most, seen.fewest]).toEqual([4, 3]);
    await world.advance(minutes(10));
    expect(oldLeft(world, old)).toEqual(old.slice(1));
    expect(world.alive()).toHaveLength(3);
    expect(world.bought()).toBe(4);
    expect(await world.state.instructions()).toEqual([]);
  });

  it('several of them go in turn', async () => {
    const { world, old } = await settled({ min: 3, max: 3, surge: 1, minAvailable: 3 });
    for (const id of old) await world.state.instruct(drain(world, id, 'replace'));
    const seen = await watch(world, () => oldLeft(world, old).length === 0, hour);
    expect([seen.most, seen.fewest]).toEqual([4, 3]);
    expect(seen.drains).toBeLessThanOrEqual(1);
  });

  it('to be let go waits for its job, and nothing is bought for it', async () => {
    const { world } = await settled({ max: 4 });
    world.submit(1, { duration: minutes(30) });
    await world.advance(minutes(2));
    const [busy] = world.alive();
    await world.state.instruct(drain(world, busy?.id ?? '', 'shrink'));
    await world.advance(minutes(20));
    expect(world.jobs('running')).toBe(1);
    expect(draining(world)).toBe(1);
    await world.advance(minutes(20));
    expect([world.jobs('success'), world.alive().length, world.bought()]).toEqual([1, 0, 1]);
    expect(await world.state.instructions()).toEqual([]);
  });

  it('is let go at once where it boots, and its job gets another', async () => {
    const { world } = await settled({ max: 4 }, { bootFor: minutes(5) });
    world.submit(1, { duration: minutes(2) });
    await world.advance(seconds(30));
    const [booting] = world.alive();
    await world.state.instruct(drain(world, booting?.id ?? '', 'shrink'));
    await world.advance(minutes(30));
    expect([world.jobs('success'), world.bought(), world.alive().length]).toEqual([1, 2, 0]);
    expect(await world.state.instructions()).toEqual([]);
  });
});
