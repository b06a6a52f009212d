import { describe, expect, it } from 'vitest';
import type { Pause } from '../../src/engine/instruction.ts';
import type { PoolPolicy } from '../../src/engine/pool.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { lastDecision } from '../support/decisions.ts';
import { World, worldPool } from '../support/world.ts';

function pause(world: World, pool = 'linux'): Pause {
  return { kind: 'pause', pool, at: world.clock.now() };
}

const idle = (slots: number): Pick<PoolPolicy, 'idle'> => ({ idle: { slots, time: minutes(1) } });

/** A world whose instances are ready. */
async function settled(over: Partial<PoolPolicy>, ...others: readonly PoolPolicy[]): Promise<World> {
  const world = new World({
    pools: [worldPool(over), ...others],
    ec2: { terminatedVisibleFor: minutes(24 * 60) },
  });
  world.start();
  await world.advance(minutes(3));
  return world;
}

describe('a paused pool', () => {
  it('buys nothing, whatever waits; running jobs go on', async () => {
    const world = await settled({});
    world.submit(2, { duration: minutes(30) });
    await world.advance(minutes(2));
    expect(world.jobs('running')).toBe(2);
    await world.state.instruct(pause(world));
    world.submit(3);
    await world.advance(minutes(20));
    expect([world.jobs('running'), world.jobs('pending'), world.bought()]).toEqual([2, 3, 2]);
    expect(lastDecision(world)).toEqual({
      steps: 'demand 0→5, pause 5→2',
      holds: ['no launch: paused by command since 2026-01-05T08:05:00.000Z'],
    });
    await world.advance(minutes(20));
    // What it has works on: those that became free have served those that wait.
    expect([world.jobs('success'), world.jobs('failed'), world.bought()]).toEqual([5, 0, 2]);
    expect(world.alive()).toHaveLength(0);
    world.submit(1);
    await world.advance(minutes(60));
    expect([world.jobs('pending'), world.bought()]).toEqual([1, 2]);
    expect(lastDecision(world)).toEqual({
      steps: 'demand 0→1, pause 1→0',
      holds: ['no launch: paused by command since 2026-01-05T08:05:00.000Z'],
    });
  });

  it('keeps neither min nor idle ones: they leave', async () => {
    const world = await settled({ min: 2, ...idle(3) });
    expect(world.alive()).toHaveLength(3);
    await world.state.instruct(pause(world));
    await world.advance(minutes(5));
    expect([world.alive().length, world.bought()]).toEqual([0, 3]);
    expect(lastDecision(world)).toEqual({ steps: '', holds: [] });
    await world.advance(minutes(60));
    expect(world.bought()).toBe(3);
  });

  it('buys at once when it is told to go on: within a poll', async () => {
    const world = await settled({ min: 1 });
    const given = pause(world);
    await world.state.instruct(given);
    await world.advance(minutes(5));
    world.submit(2);
    await world.advance(minutes(20));
    expect([world.alive().length, world.bought()]).toEqual([0, 1]);
    await world.state.retract(given);
    await world.advance(seconds(16));
    expect([world.alive().length, world.bought()]).toEqual([2, 3]);
    expect(lastDecision(world)).toEqual({ steps: 'demand 0→2', holds: [] });
    await world.advance(minutes(10));
    expect([world.jobs('success'), world.alive().length]).toEqual([2, 1]);
  });

  it('stays paused when the controller restarts', async () => {
    const world = await settled({ min: 1 });
    await world.state.instruct(pause(world));
    await world.advance(minutes(5));
    await world.stop();
    world.start();
    world.submit(1);
    await world.advance(minutes(30));
    expect([world.jobs('pending'), world.bought()]).toEqual([1, 1]);
    expect(await world.state.instructions()).toHaveLength(1);
  });

  it('leaves the others alone, and its jobs to those that serve them as well', async () => {
    const arm = worldPool({ name: 'arm', tags: ['arm'], min: 1 });
    const second = worldPool({ name: 'second' });
    const world = await settled({}, arm, second);
    await world.state.instruct(pause(world));
    world.submit(2);
    world.submit(2, { tags: ['arm'] });
    await world.advance(minutes(10));
    expect(world.jobs('success')).toBe(4);
    expect(['linux', 'arm', 'second'].map((pool) => world.bought(pool))).toEqual([0, 2, 2]);
  });
});
