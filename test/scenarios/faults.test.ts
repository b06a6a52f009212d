import { describe, expect, it } from 'vitest';
import type { Fleet, Store } from '../../src/controller/ports.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { alteredFleet } from '../support/altered-fleet.ts';
import { scriptedStore } from '../support/scripted-ports.ts';
import { World, worldPool } from '../support/world.ts';

/** Everything that was submitted succeeded, once bought, and nothing is left. */
function expectSettled(world: World, jobs: number, bought: number): void {
  expect(world.jobs('success')).toBe(jobs);
  expect(world.jobs('failed')).toBe(0);
  expect(world.bought()).toBe(bought);
  expect(world.alive()).toHaveLength(0);
  expect(world.managers()).toBe(0);
}

class Crash extends Error {}

/** A fleet whose process dies at its first launch, before or after EC2 has carried it out. */
function crashing(when: 'before the call' | 'after the call', died: () => void): (fleet: Fleet) => Fleet {
  let crashed = false;
  return (fleet) =>
    alteredFleet(fleet, {
      async launch(request, signal) {
        if (crashed) return fleet.launch(request, signal);
        crashed = true;
        if (when === 'after the call') await fleet.launch(request, signal);
        died();
        throw new Crash('the process is gone');
      },
    });
}

describe('buying once', () => {
  it('an answer lost after EC2 committed buys nothing twice', async () => {
    const world = new World();
    world.start();
    world.ec2.faults.loseAnswers(1);
    world.submit(5);
    await world.advance(minutes(10));
    expectSettled(world, 5, 5);
    expect(world.eventsNamed('launch replayed')).toHaveLength(1);
  });

  it.each(['before the call', 'after the call'] as const)(
    'a crash %s is finished by the next process',
    async (when) => {
      let died = false;
      const world = new World({ fleet: crashing(when, () => (died = true)) });
      const first = world.start();
      world.submit(4);
      await world.advanceUntil(() => died);
      expect(died).toBe(true);
      await world.stop(first);
      world.start();
      await world.advance(minutes(10));
      expectSettled(world, 4, 4);
    },
  );

  it('a crash between the answer and its record buys nothing twice', async () => {
    let died = false;
    const world = new World({
      store: (store): Store =>
        scriptedStore(store, {
          async closeIntent(launchId, result, fence) {
            if (!died) {
              died = true;
              throw new Crash('the process is gone');
            }
            await store.closeIntent(launchId, result, fence);
          },
        }),
    });
    const first = world.start();
    world.submit(4);
    await world.advanceUntil(() => died);
    await world.stop(first);
    world.start();
    await world.advance(minutes(10));
    expectSettled(world, 4, 4);
  });

  it('listings that lag by half a minute buy nothing twice', async () => {
    const world = new World({ listingLag: seconds(30) });
    world.start();
    world.submit(6);
    await world.advance(minutes(15));
    expectSettled(world, 6, 6);
  });

  it('a launch refused by throttling is tried again without a storm', async () => {
    const world = new World();
    world.start();
    world.ec2.faults.throttle(3, 'CreateFleet');
    world.submit(5);
    await world.advance(minutes(15));
    expectSettled(world, 5, 5);
    expect(world.ec2.calls()['CreateFleet']).toBeLessThanOrEqual(4);
  });

  it('what the cloud cannot give now is bought later, and only that', async () => {
    const world = new World();
    world.start();
    world.ec2.faults.shortage({ code: 'InsufficientInstanceCapacity', next: 3 });
    world.submit(5);
    await world.advance(minutes(15));
    expectSettled(world, 5, 5);
    const launches = world
      .eventsNamed('acted')
      .flatMap(({ outcome }) => (outcome.done ? (outcome.shortfalls ?? []) : []));
    expect(launches.map(({ code }) => code)).toContain('InsufficientInstanceCapacity');
  });
});

describe('one decision maker', () => {
  it('a second controller stands by, and takes over when the first is gone', async () => {
    const world = new World();
    const first = world.start();
    await world.advance(seconds(30));
    world.start();
    world.submit(3);
    await world.advance(minutes(2));
    expect(world.bought()).toBe(3);
    expect(world.eventsNamed('standing by')).toHaveLength(1);
    await world.stop(first);
    await world.advance(minutes(15));
    expectSettled(world, 3, 3);
    expect(world.eventsNamed('lease taken').map(({ fence }) => fence)).toEqual([1, 2]);
  });
});

describe('GitLab down for an hour', () => {
  it('buys nothing, kills nothing, and recovers without a restart', async () => {
    const world = new World();
    world.start();
    world.submit(3, { duration: minutes(90), timeout: minutes(180) });
    await world.advance(minutes(3));
    expect(world.alive()).toHaveLength(3);
    world.outage.on = true;
    await world.advance(minutes(60));
    expect(world.bought()).toBe(3);
    expect(world.alive()).toHaveLength(3);
    expect(world.eventsNamed('acted').filter(({ outcome }) => outcome.action.do !== 'launch')).toHaveLength(
      0,
    );
    expect(world.eventsNamed('read failed').length).toBe(2);
    world.outage.on = false;
    await world.advance(minutes(60));
    expectSettled(world, 3, 3);
    expect(world.eventsNamed('read recovered').length).toBe(2);
  });

  it('instances that boot during the outage are not taken for dead', async () => {
    const world = new World({ pools: [worldPool({ bootTimeout: minutes(3) })] });
    world.start();
    world.submit(2);
    await world.advance(seconds(10));
    world.outage.on = true;
    await world.advance(minutes(30));
    world.outage.on = false;
    await world.advance(minutes(15));
    expectSettled(world, 2, 2);
    expect(world.eventsNamed('boot failed')).toHaveLength(0);
  });
});

describe('boots', () => {
  it('an image that never becomes ready backs off and says why', async () => {
    const world = new World({ pools: [worldPool({ bootTimeout: minutes(2) })] });
    world.start();
    world.ec2.faults.boot('fails', 1000);
    world.submit(1);
    await world.advance(minutes(60));
    expect(world.bought()).toBeGreaterThanOrEqual(4);
    expect(world.bought()).toBeLessThanOrEqual(9);
    expect(world.eventsNamed('boot failed')[0]?.why).toBe('the image has no gitlab-runner');
    world.ec2.faults.clear();
    await world.advance(minutes(30));
    expect(world.jobs('success')).toBe(1);
    expect(world.alive()).toHaveLength(0);
  });

  it('a boot longer than the idle time is not mistaken for idleness', async () => {
    const world = new World({
      bootFor: minutes(4),
      pools: [worldPool({ idle: { slots: 0, time: seconds(30) } })],
    });
    world.start();
    world.submit(2);
    await world.advance(minutes(20));
    expectSettled(world, 2, 2);
  });
});

describe('running jobs', () => {
  it('a three-hour job meets idle time, age and drift, and finishes', async () => {
    const world = new World({ pools: [worldPool({ maxAge: minutes(60) })] });
    world.start();
    world.submit(1, { duration: minutes(180), timeout: minutes(240) });
    await world.advance(minutes(30));
    world.policy = {
      ...world.policy,
      pools: world.policy.pools.map((pool) => ({ ...pool, generation: 'g2' })),
    };
    await world.advance(minutes(200));
    expectSettled(world, 1, 1);
  });

  it('an unacknowledged drain raises an alarm and forces nothing', async () => {
    const world = new World();
    world.start();
    world.submit(1);
    await world.advance(seconds(90));
    for (const { id } of world.alive()) world.machines.deafAgents.add(id);
    await world.advance(minutes(20));
    expect(world.eventsNamed('alarm raised').map(({ alarm }) => alarm.alarm)).toEqual([
      'drain unacknowledged',
    ]);
    expect(world.alive()).toHaveLength(1);
    expect(
      world.eventsNamed('acted').filter(({ outcome }) => outcome.action.do === 'terminate'),
    ).toHaveLength(0);
  });

  it('an instance whose manager is gone and that does not power off is terminated', async () => {
    const world = new World();
    world.start();
    world.submit(1);
    await world.advance(seconds(60));
    for (const { id } of world.alive()) world.machines.deafAgents.add(id);
    await world.advance(minutes(3));
    expect(world.jobs('success')).toBe(1);
    // Its runner asks no more, and somebody unregistered it.
    world.machines.silenced = true;
    world.forgetManagers();
    await world.advance(minutes(5));
    expect(world.alive()).toHaveLength(0);
    expect(world.eventsNamed('acted').at(-1)?.outcome.action).toMatchObject({
      do: 'terminate',
      because: 'orphaned',
    });
  });
});

describe('a change of configuration on a running fleet', () => {
  it('replaces drifted instances within the surge, and kills no job', async () => {
    const world = new World({ pools: [worldPool({ min: 4, surge: 1 })] });
    world.start();
    await world.advance(minutes(3));
    const before = new Set(world.alive().map(({ id }) => id));
    expect(before.size).toBe(4);
    world.submit(2, { duration: minutes(20) });
    await world.advance(minutes(1));
    world.policy = {
      ...world.policy,
      pools: world.policy.pools.map((pool) => ({ ...pool, generation: 'g2' })),
    };
    await world.advance(minutes(60));
    expect(world.jobs('success')).toBe(2);
    expect(world.jobs('failed')).toBe(0);
    expect(world.alive()).toHaveLength(4);
    expect(world.alive().every(({ id }) => !before.has(id))).toBe(true);
    expect(world.bought()).toBe(8);
    expect(world.mostInstances).toBeLessThanOrEqual(5 + 1);
  });

  it('counts every machine by the slots it was bought with', async () => {
    const world = new World({ pools: [worldPool({ slots: 4 })] });
    world.start();
    world.submit(4, { duration: minutes(10) });
    await world.advance(minutes(2));
    expect(world.bought()).toBe(1);
    world.policy = { ...world.policy, pools: world.policy.pools.map((pool) => ({ ...pool, slots: 1 })) };
    world.submit(2, { duration: minutes(10) });
    await world.advance(minutes(2));
    expect(world.bought()).toBe(3);
    await world.advance(minutes(30));
    expectSettled(world, 6, 3);
  });
});
