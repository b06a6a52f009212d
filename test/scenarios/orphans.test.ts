import { describe, expect, it } from 'vitest';
import { stateOf } from '../../src/adapters/memory/ec2/instance-record.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { alteredFleet } from '../support/altered-fleet.ts';
import { World, worldPool } from '../support/world.ts';

const SUBNET = defaultPlace.subnets[0]?.id ?? '';

/** A pool whose machines can be stopped: spot instances of a fleet cannot. */
const ON_DEMAND = worldPool({
  offerings: [{ instanceType: 'm7i.large', subnet: SUBNET, market: 'on-demand' }],
  split: { onDemandBase: 0, spotShare: 0, onDemandFallback: false },
});

const states = (world: World) => world.ec2.instances().map((record) => stateOf(record));

describe('what nobody looks after any more', () => {
  it('managers of machines that went while the state was lost are removed', async () => {
    const world = new World();
    const first = world.start();
    world.submit(3, { duration: minutes(20) });
    await world.advance(minutes(3));
    expect(world.managers()).toBe(3);
    await world.stop(first);
    world.ec2.terminateInstances(world.alive().map(({ id }) => id));
    world.loseState();
    await world.advance(minutes(1));
    world.start();
    await world.advance(minutes(60));
    expect(world.managers()).toBe(3);
    await world.advance(minutes(120));
    expect(world.managers()).toBe(0);
    const forgotten = world.eventsNamed('acted').filter(({ outcome }) => outcome.action.do === 'forget');
    expect(forgotten.map(({ outcome }) => outcome.done)).toEqual([true, true, true]);
  });

  it('machines that are ours only by their tags are taken over: ready ones serve, others end', async () => {
    const world = new World();
    const first = world.start();
    world.submit(2, { duration: minutes(20) });
    await world.advance(minutes(3));
    await world.stop(first);
    world.loseState();
    // One more was bought and its boot hangs.
    world.ec2.faults.boot('never');
    const second = world.start();
    world.submit(1, { duration: minutes(5) });
    await world.advance(seconds(20));
    await world.stop(second);
    world.loseState();
    expect(world.alive()).toHaveLength(3);
    world.start();
    await world.advance(minutes(60));
    expect(world.jobs('success')).toBe(3);
    expect(world.jobs('failed')).toBe(0);
    expect(world.alive()).toHaveLength(0);
    expect(world.bought()).toBe(4);
  });

  it('a launch written down that bought nothing is made good by the next process, once', async () => {
    let dead = false;
    const world = new World({
      fleet: (fleet) =>
        alteredFleet(fleet, {
          async launch(request, signal) {
            if (dead) return fleet.launch(request, signal);
            dead = true;
            throw new Error('the process is gone');
          },
        }),
    });
    const first = world.start();
    world.submit(2);
    await world.advanceUntil(() => dead);
    await world.stop(first);
    // In the meantime the jobs went away: what was written down is bought, and leaves as idle.
    world.gitlab.jobsOfProject(world.project).forEach(({ id }) => world.gitlab.cancelJob(id));
    world.start();
    await world.advance(minutes(15));
    expect(world.bought()).toBe(2);
    expect(world.alive()).toHaveLength(0);
    expect(world.managers()).toBe(0);
  });

  it('machines that somebody stopped are terminated after a grace, and replaced where jobs wait', async () => {
    const world = new World({ pools: [{ ...ON_DEMAND, min: 2 }] });
    world.start();
    await world.advance(minutes(3));
    const [victim] = world.alive();
    world.ec2.stopInstances([victim?.id ?? '']);
    await world.advance(minutes(1));
    expect(states(world)).toContain('stopped');
    await world.advance(minutes(5));
    expect(states(world)).not.toContain('stopped');
    expect(world.alive()).toHaveLength(2);
    expect(world.bought()).toBe(3);
    const ended = world.eventsNamed('acted').find(({ outcome }) => outcome.action.do === 'terminate');
    expect(ended?.outcome.action).toMatchObject({ instance: victim?.id, because: 'orphaned' });
  });
});
