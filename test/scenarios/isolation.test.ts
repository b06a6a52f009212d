import { describe, expect, it } from 'vitest';
import type { SecretStore } from '../../src/controller/registrations.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { World, worldPool } from '../support/world.ts';

const ISOLATED = { pools: [worldPool({ isolated: true })] };

const nameOf = (text: string) => /i-[0-9a-f]+$/.exec(text)?.[0] ?? text;

/** The runners that GitLab has and the parameters with their tokens, by instance. */
function enrolled(world: World) {
  return {
    runners: world.gitlab
      .runners()
      .map(({ description }) => nameOf(description))
      .toSorted(),
    tokens: world.ssm.names().map(nameOf).toSorted(),
  };
}

const NOTHING = { runners: [], tokens: [] };

function ids(world: World): readonly string[] {
  return world
    .alive()
    .map(({ id }) => id)
    .toSorted();
}

function done(world: World, what: 'enrol' | 'dismiss'): readonly boolean[] {
  const outcomes = world.eventsNamed('acted').filter(({ outcome }) => outcome.action.do === what);
  return outcomes.map(({ outcome }) => outcome.done);
}

describe('a pool whose instances each have a runner', () => {
  it('runs a burst, each job by the runner of its own instance, and leaves nothing at zero', async () => {
    const world = new World(ISOLATED);
    world.start();
    world.submit(5);
    await world.advance(seconds(90));
    expect(world.jobs('running')).toBe(5);
    expect(enrolled(world)).toEqual({ runners: ids(world), tokens: ids(world) });
    const takers = world.gitlab.jobsOfProject(world.project).map(({ runner }) => runner?.id);
    expect(new Set(takers).size).toBe(5);
    await world.advance(minutes(20));
    expect([world.jobs('success'), world.alive().length, enrolled(world)]).toEqual([5, 0, NOTHING]);
    expect(done(world, 'enrol')).toEqual(Array(5).fill(true));
    expect(done(world, 'dismiss')).toEqual(Array(5).fill(true));
  });

  it('makes the runner in the pass that buys, so that nothing waits for it', async () => {
    const world = new World(ISOLATED);
    world.start();
    world.submit(1);
    await world.advance(seconds(5));
    expect(enrolled(world)).toEqual({ runners: ids(world), tokens: ids(world) });
    const shared = new World();
    shared.start();
    shared.submit(1);
    for (const one of [world, shared]) await one.advance(minutes(5));
    expect(world.waits()).toEqual(shared.waits());
  });

  it('heals what a crash between making a runner and keeping its token leaves', async () => {
    let dying = true;
    const secrets = (whole: SecretStore): SecretStore => ({
      read: (name, signal) => whole.read(name, signal),
      write: async (...of) => (dying ? Promise.reject(new Error('killed')) : whole.write(...of)),
      remove: (name, signal) => whole.remove(name, signal),
    });
    const world = new World({ ...ISOLATED, secrets });
    const first = world.start();
    world.submit(2);
    await world.advance(seconds(10));
    await world.stop(first);
    expect([enrolled(world).runners, enrolled(world).tokens]).toEqual([ids(world), []]);
    dying = false;
    world.start();
    await world.advance(seconds(80));
    expect(world.jobs('running')).toBe(2);
    expect(world.bought()).toBe(2);
    await world.advance(minutes(20));
    expect([world.jobs('success'), enrolled(world)]).toEqual([2, NOTHING]);
  });

  it('waits out ten minutes without GitLab: nothing is bought twice, and nothing dismissed', async () => {
    const world = new World(ISOLATED);
    world.start();
    world.submit(2, { duration: minutes(20) });
    await world.advance(minutes(2));
    world.submit(2, { duration: minutes(20) });
    await world.advanceUntil(() => world.bought() === 4);
    world.outage.on = true;
    await world.advance(minutes(10));
    expect(world.bought()).toBe(4);
    expect(done(world, 'dismiss')).toEqual([]);
    world.outage.on = false;
    await world.advance(minutes(40));
    expect([world.jobs('success'), world.jobs('failed'), world.bought()]).toEqual([4, 0, 4]);
    expect(enrolled(world)).toEqual(NOTHING);
  });

  it('makes a runner as soon as GitLab is back for what was bought without it', async () => {
    const world = new World(ISOLATED);
    world.policy = { ...world.policy, pools: [worldPool({ isolated: true, min: 1 })] };
    world.outage.on = true;
    world.start();
    await world.advance(minutes(4));
    expect([world.bought(), enrolled(world)]).toEqual([1, NOTHING]);
    world.outage.on = false;
    await world.advance(minutes(2));
    expect(world.alive()).toHaveLength(1);
    expect(enrolled(world)).toEqual({ runners: ids(world), tokens: ids(world) });
    expect(world.bought()).toBe(1);
  });

  it('knows without its state whose runner is whose', async () => {
    const world = new World({ ...ISOLATED, listingLag: seconds(30) });
    const first = world.start();
    world.submit(3, { duration: minutes(10) });
    await world.advance(minutes(2));
    const before = enrolled(world);
    await world.stop(first);
    world.loseState();
    world.start();
    await world.advance(minutes(5));
    expect(enrolled(world)).toEqual(before);
    await world.advance(minutes(30));
    expect([world.jobs('success'), world.bought(), enrolled(world)]).toEqual([3, 3, NOTHING]);
  });

  it('removes runners whose instances ended while nobody looked and the state was lost', async () => {
    const world = new World(ISOLATED);
    const first = world.start();
    world.submit(2, { duration: minutes(20) });
    await world.advance(minutes(2));
    await world.stop(first);
    world.ec2.terminateInstances(world.alive().map(({ id }) => id));
    world.loseState();
    world.gitlab.cancelPipeline(1);
    await world.advance(minutes(1));
    world.start();
    await world.advance(minutes(180));
    expect(enrolled(world)).toEqual(NOTHING);
  });
});
