import { describe, expect, it } from 'vitest';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import type { Budget } from '../../src/engine/budget.ts';
import type { Market, Offering, PoolPolicy } from '../../src/engine/pool.ts';
import { after, type Duration, elapsed, instant, minutes, seconds } from '../../src/engine/time.ts';
import { firstPurchase, lastAlarms, lastDecision } from '../support/decisions.ts';
import { World, worldPool } from '../support/world.ts';

const hours = (count: number): Duration => minutes(60 * count);
const offering = (market: Market, price: number): Offering => ({
  instanceType: 'm7i.large',
  subnet: defaultPlace.subnets[0]?.id ?? '',
  market,
  price,
});
const SPOT = offering('spot', 1);
const ON_DEMAND = offering('on-demand', 2);

const budget = (limits: Partial<Budget>): Budget => ({
  timeZone: 'UTC',
  idleUntil: 0.8,
  onDemandUntil: 0.9,
  ...limits,
});

/** Everything bought stays in sight, so that it can be counted on the next day. */
function worldOf(...pools: readonly PoolPolicy[]): World {
  return new World({ pools, ec2: { terminatedVisibleFor: hours(48) } });
}

const markets = (world: World) => world.ec2.instances().map(({ market }) => market);
const long = { duration: minutes(360), timeout: minutes(600) };

describe('a budget of a day', () => {
  it('takes away idle ones, then on-demand, then everything, and opens again at midnight', async () => {
    const pool = worldPool({
      offerings: [ON_DEMAND, SPOT],
      split: { onDemandBase: 5, spotShare: 1, onDemandFallback: false },
      idle: { slots: 1, time: minutes(1) },
      budget: budget({ day: 10 }),
    });
    // 08:00. One that runs a job and one that is idle cost $4 an hour.
    const world = worldOf(pool);
    world.start();
    world.submit(1, long);
    await world.advance(minutes(110));
    expect(markets(world)).toEqual(['on-demand', 'on-demand']);
    expect(lastAlarms(world)).toEqual([]);

    // From $8 on nothing is bought to be idle; what is idle already stays for the next job.
    await world.advance(minutes(15));
    expect(world.alive()).toHaveLength(2);
    world.submit(1, long);
    await world.advance(minutes(1));
    expect([world.jobs('running'), world.bought()]).toEqual([2, 2]);
    expect(lastDecision(world)).toEqual({
      steps: 'demand 0→2, idle target 2→3, budget 3→2',
      holds: ['no launch: budget of the pool: $8.40 of $10.00 today: nothing is bought to be idle'],
    });
    expect(lastAlarms(world)).toEqual([
      'linux: budget of the pool: $8.40 of $10.00 today: nothing is bought to be idle; what runs goes on',
    ]);

    // From $9 on only spot is bought, although the base on demand is not full.
    await world.advance(minutes(12));
    world.submit(1, long);
    await world.advance(minutes(1));
    expect(markets(world)).toEqual(['on-demand', 'on-demand', 'spot']);
    expect(lastDecision(world).holds).toEqual([
      'no launch: budget of the pool: $9.28 of $10.00 today: only spot is bought, and nothing to be idle',
    ]);

    // From $10 on nothing is bought, and what runs goes on, far beyond the limit.
    await world.advance(minutes(20));
    world.submit(1, { duration: minutes(5) });
    await world.advance(minutes(1));
    expect([world.jobs('running'), world.jobs('pending'), world.bought()]).toEqual([3, 1, 3]);
    expect(lastDecision(world)).toEqual({
      steps: 'demand 0→4, budget 4→3',
      holds: ['no launch: budget of the pool: $11.03 of $10.00 today: nothing is bought'],
    });
    await world.advance(hours(6));
    expect([world.jobs('success'), world.jobs('failed')]).toEqual([4, 0]);
    expect([world.alive().length, world.bought()]).toEqual([0, 3]);

    world.submit(2, { duration: minutes(5) });
    await world.advance(minutes(6 * 60));
    expect([world.jobs('pending'), world.bought()]).toEqual([2, 3]);
    const midnight = instant(Date.UTC(2026, 0, 6));
    await world.advance(elapsed(after(world.clock.now(), seconds(1)), midnight));
    expect(world.bought()).toBe(3);
    await world.advance(minutes(2));
    expect(world.jobs('running')).toBe(2);
    expect(firstPurchase(world, midnight)).toEqual({ steps: 'demand 0→2, idle target 2→3', holds: [] });
    expect(lastAlarms(world)).toEqual([]);
  });

  it('lets go what is idle once it is spent, and does not keep min', async () => {
    const world = worldOf(worldPool({ offerings: [SPOT], min: 2, budget: budget({ day: 2 }) }));
    world.start();
    await world.advance(minutes(59));
    expect(world.alive()).toHaveLength(2);
    await world.advance(minutes(5));
    expect([world.alive().length, world.bought()]).toEqual([0, 2]);
    expect(lastAlarms(world)).toEqual([
      'linux: budget of the pool: $2.01 of $2.00 today: nothing is bought; what runs goes on',
    ]);
    // 23:04.
    await world.advance(hours(14));
    expect(world.bought()).toBe(2);
    await world.advance(hours(1));
    expect([world.alive().length, world.bought()]).toEqual([2, 4]);
  });

  it('is remembered by the next controller', async () => {
    const world = worldOf(worldPool({ offerings: [SPOT], budget: budget({ day: 1 }) }));
    const run = world.start();
    world.submit(2, { duration: minutes(40) });
    await world.advance(minutes(50));
    await world.stop(run);
    world.start();
    world.submit(1);
    await world.advance(hours(1));
    expect([world.jobs('success'), world.jobs('pending'), world.bought()]).toEqual([2, 1, 2]);
  });
});

describe('a budget of an hour', () => {
  it('leaves room for so many instances: the other jobs wait for theirs', async () => {
    const world = new World({ pools: [worldPool({ offerings: [SPOT], budget: budget({ hour: 3 }) })] });
    world.start();
    await world.advance(seconds(20));
    const submitted = world.clock.now();
    world.submit(8);
    await world.advance(minutes(1));
    expect(world.alive()).toHaveLength(3);
    expect(firstPurchase(world, submitted)).toEqual({
      steps: 'demand 0→8, budget 8→3',
      holds: ['no launch: budget of the pool: $0.00 of $3.00 an hour leave room for 3 more'],
    });
    expect(lastDecision(world)).toEqual({
      steps: 'demand 0→8, budget 8→3',
      holds: ['no launch: budget of the pool: $3.00 of $3.00 an hour leave room for 0 more'],
    });
    await world.advance(minutes(15));
    expect(world.jobs('success')).toBe(8);
    expect([world.mostInstances, world.bought(), world.alive().length]).toEqual([3, 3, 0]);
  });
});

describe('a budget of a month', () => {
  it('holds until the first of the next, by the clock of its zone', async () => {
    const month = budget({ month: 1, timeZone: 'Europe/Berlin' });
    const world = worldOf(worldPool({ offerings: [SPOT], budget: month }));
    await world.advance(elapsed(world.clock.now(), instant(Date.UTC(2026, 0, 31, 21))));
    world.start();
    world.submit(2, { duration: minutes(40) });
    await world.advance(minutes(50));
    expect(world.jobs('success')).toBe(2);
    world.submit(1);
    await world.advance(hours(1));
    expect([world.jobs('pending'), world.bought()]).toEqual([1, 2]);
    expect(lastDecision(world)).toEqual({
      steps: 'demand 0→1, budget 1→0',
      holds: ['no launch: budget of the pool: $1.39 of $1.00 this month: nothing is bought'],
    });
    // Midnight in Berlin is 23:00 UTC.
    await world.advance(minutes(9));
    expect(world.bought()).toBe(2);
    await world.advance(minutes(5));
    expect([world.jobs('success'), world.bought()]).toEqual([3, 3]);
    expect(lastAlarms(world)).toEqual([]);
  });
});

function submitToBoth(world: World): void {
  world.submit(2, { tags: ['other'] });
  world.submit(2);
}

describe('a budget of all pools', () => {
  const pools = [
    worldPool({ offerings: [SPOT] }),
    worldPool({ name: 'other', tags: ['other'], offerings: [SPOT] }),
  ];
  it('goes to the first as far as it needs it, and what is left to the next', async () => {
    // One poll sees the jobs of both.
    const world = new World({ pools, webhooks: false });
    world.policy = { ...world.policy, budget: budget({ hour: 3 }) };
    world.start();
    await world.advance(seconds(20));
    const submitted = world.clock.now();
    submitToBoth(world);
    await world.advance(minutes(1));
    expect(world.alive().map(({ tags }) => tags.get('runtide:pool'))).toEqual(['linux', 'linux', 'other']);
    expect(firstPurchase(world, submitted)).toEqual({ steps: 'demand 0→2', holds: [] });
    expect(firstPurchase(world, submitted, 'other')).toEqual({
      steps: 'demand 0→2, budget 2→1',
      holds: ['no launch: budget of all pools: $0.00 of $3.00 an hour leave room for 1 more'],
    });
    await world.advance(minutes(10));
    expect([world.jobs('success'), world.mostInstances]).toEqual([4, 3]);
  });

  it('that is spent closes all of them, and is told once', async () => {
    const world = new World({ pools });
    world.policy = { ...world.policy, budget: budget({ day: 1 }) };
    world.start();
    world.submit(2, { duration: minutes(40) });
    await world.advance(minutes(50));
    submitToBoth(world);
    await world.advance(minutes(10));
    expect([world.jobs('pending'), world.bought()]).toEqual([4, 2]);
    const held = {
      steps: 'demand 0→2, budget 2→0',
      holds: ['no launch: budget of all pools: $1.39 of $1.00 today: nothing is bought'],
    };
    expect([lastDecision(world), lastDecision(world, 'other')]).toEqual([held, held]);
    expect(lastAlarms(world)).toEqual([
      'budget of all pools: $1.39 of $1.00 today: nothing is bought; what runs goes on',
    ]);
  });
});
