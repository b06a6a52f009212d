import { describe, expect, it } from 'vitest';
import { NEW_ACCOUNT } from '../../src/engine/launch-pacing.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { allHolds, firstPurchase, lastDecision } from '../support/decisions.ts';
import { World, worldPool } from '../support/world.ts';

const { most, perSecond } = NEW_ACCOUNT.instances;
const long = { duration: minutes(60), timeout: minutes(120) };
const PACED =
  /^no launch: EC2 lets the account launch (no call|\d+ instances) now: the rest follows as its limit allows$/;

const launchCalls = (world: World): number => world.ec2.calls()['CreateFleet'] ?? 0;
const shortfalls = (world: World): readonly string[] =>
  world
    .eventsNamed('acted')
    .flatMap(({ outcome }) => (outcome.done ? (outcome.shortfalls ?? []) : []).map(({ code }) => code));

function pacedPool(over: Parameters<typeof worldPool>[0] = {}) {
  return worldPool({ max: 2000, place: 'here', ...over });
}

/** Ready to buy, when the jobs come. */
async function waiting(world: World): Promise<World> {
  world.start();
  await world.advance(seconds(20));
  return world;
}

describe('a burst in an account whose launch limits are known', { timeout: 60_000 }, () => {
  it('of 1,000 jobs is bought at once, and throttled nowhere', async () => {
    const world = await waiting(new World({ pools: [pacedPool()] }));
    world.submit(1000);
    await world.advance(seconds(5));
    expect(world.alive()).toHaveLength(1000);
    expect(lastDecision(world).steps).toBe('demand 0→1000');
    await world.advance(minutes(4));
    expect([world.jobs('success'), world.bought()]).toEqual([1000, 1000]);
    expect(launchCalls(world)).toBeLessThanOrEqual(12);
    expect(world.ec2.throttled()).toEqual({});
    expect(shortfalls(world)).toEqual([]);
    expect(allHolds(world).filter((hold) => PACED.test(hold))).toEqual([]);
  });

  it('of 1,500 jobs goes on at the refill rate, without a call that is refused', async () => {
    const world = await waiting(new World({ pools: [pacedPool()] }));
    const submitted = world.clock.now();
    world.submit(1500, long);
    await world.advance(seconds(5));
    expect(world.bought()).toBeGreaterThanOrEqual(most);
    expect(firstPurchase(world, submitted)).toEqual({
      steps: 'demand 0→1500, launch pacing 1500→1000',
      holds: [
        'no launch: EC2 lets the account launch 1000 instances now: the rest follows as its limit allows',
      ],
    });
    for (let minute = 1; minute <= 4; minute++) {
      await world.advance(minutes(1));
      const refilled = (minute * 60 + 5) * perSecond;
      expect(world.bought()).toBeLessThanOrEqual(most + refilled);
      // No more than a poll behind.
      expect(world.bought()).toBeGreaterThanOrEqual(most + refilled - 20 * perSecond);
    }
    await world.advance(minutes(2));
    expect([world.jobs('running'), world.bought()]).toEqual([1500, 1500]);
    expect(world.ec2.throttled()).toEqual({});
    expect(shortfalls(world)).toEqual([]);
    expect(lastDecision(world)).toEqual({ steps: 'demand 0→1500', holds: [] });
  });

  it('of several pools shares them, in the order of the configuration', async () => {
    const pools = [pacedPool(), pacedPool({ name: 'other', tags: ['other'] })];
    // One poll sees the jobs of both.
    const world = await waiting(new World({ pools, webhooks: false }));
    const submitted = world.clock.now();
    world.submit(700, { ...long, tags: ['other'] });
    world.submit(600, long);
    await world.advanceUntil(() => world.bought() > 0);
    expect(world.bought('linux')).toBe(600);
    expect(world.bought('other')).toBe(400);
    expect(firstPurchase(world, submitted)).toEqual({ steps: 'demand 0→600', holds: [] });
    expect(firstPurchase(world, submitted, 'other')).toEqual({
      steps: 'demand 0→700, launch pacing 700→400',
      holds: [
        'no launch: EC2 lets the account launch 400 instances now: the rest follows as its limit allows',
      ],
    });
    await world.advance(minutes(4));
    expect(world.jobs('running')).toBe(1300);
    expect(world.ec2.throttled()).toEqual({});
    expect(shortfalls(world)).toEqual([]);
  });

  it('of pools in different accounts shares nothing', async () => {
    const pools = [pacedPool({ place: 'there' }), pacedPool({ name: 'other', tags: ['other'] })];
    const world = await waiting(new World({ pools, ec2: { apiLimits: 'none' } }));
    world.submit(700, { ...long, tags: ['other'] });
    world.submit(700, long);
    await world.advance(seconds(3));
    expect([world.bought('linux'), world.bought('other')]).toEqual([700, 700]);
    expect([...allHolds(world), ...allHolds(world, 'other')]).toEqual([]);
  });
});

describe('an account whose bucket somebody else has used up', { timeout: 60_000 }, () => {
  it('says so, and the controller waits until it is filled again', async () => {
    const pools = [pacedPool(), pacedPool({ name: 'other', tags: ['other'] })];
    const world = new World({ pools });
    world.start({ installation: 'somebody-else', pools: ['other'] });
    await world.advance(seconds(20));
    world.submit(1000, { ...long, tags: ['other'] });
    await world.advance(seconds(3));
    expect(world.bought('other')).toBe(1000);
    const began = world.clock.now();
    world.start({ pools: ['linux'] });
    world.submit(100, long);
    await world.advance(seconds(5));
    // What three seconds have refilled is had, and the rest refused, once.
    expect(shortfalls(world)).toEqual(['RequestLimitExceeded']);
    expect(world.bought('linux')).toBe(3 * perSecond);
    expect(firstPurchase(world, began)).toEqual({ steps: 'demand 0→100', holds: [] });
    expect(lastDecision(world)).toEqual({
      steps: 'demand 0→100, launch pacing 100→8',
      holds: [
        'no launch: EC2 lets the account launch 2 instances now: the rest follows as its limit allows',
        'no launch: 1 failed launches or boots in a row: trying again in 14 s',
      ],
    });
    await world.advance(minutes(4));
    expect(world.bought('linux')).toBe(100);
    expect(world.jobs('running')).toBe(1100);
    // Nobody was refused again.
    expect(shortfalls(world)).toEqual(['RequestLimitExceeded']);
    expect(world.ec2.throttled()).toEqual({ RunInstances: 1 });
  });
});
