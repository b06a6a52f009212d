import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../src/engine/time.ts';
import { World, worldPool } from '../support/world.ts';

describe('machines that end within seconds of being bought', () => {
  it('are not bought in a loop, although no listing ever shows one alive', async () => {
    const world = new World({ webhooks: false, ec2: { pendingFor: seconds(1), shutdownFor: seconds(1) } });
    // As where EC2 may not use the key of the volume: between two sweeps the machine comes and goes.
    world.ec2.onStateChange(({ id, to }) => {
      if (to === 'running') world.ec2.powerOff(id);
    });
    world.start();
    world.submit(1);
    await world.advance(minutes(60));
    expect(world.bought()).toBeGreaterThan(4);
    expect(world.bought()).toBeLessThan(12);
  });
});

describe('a pool whose only place is taken by a long job on an old instance', () => {
  it('hands new jobs on to the next pool that serves them', async () => {
    const pools = [worldPool({ name: 'first', max: 1, surge: 0 }), worldPool({ name: 'next' })];
    const world = new World({ pools });
    world.start();
    world.submit(1, { duration: minutes(50) });
    await world.advance(minutes(5));
    world.policy = { ...world.policy, pools: pools.map((pool) => ({ ...pool, generation: 'g2' })) };
    await world.advance(minutes(2));
    world.submit(1);
    await world.advance(minutes(70));
    expect(world.jobs('success')).toBe(2);
    expect(Math.max(...world.waits())).toBeLessThan(60);
    expect(world.alive()).toHaveLength(0);
  });
});
