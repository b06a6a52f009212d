import type { Action } from '../../src/engine/action.ts';
import type { PoolPolicy } from '../../src/engine/pool.ts';
import { type Duration, minutes } from '../../src/engine/time.ts';
import { expect } from 'vitest';
import { World, worldPool } from './world.ts';
import type { WorldOptions } from './world-options.ts';

export const HOUR = minutes(60);
export const HOUR_3 = minutes(180);
export const A_DAY = minutes(24 * 60);

/** A pool of on-demand machines that a group launches. */
export function groupPool(over: Partial<PoolPolicy> = {}): PoolPolicy {
  const [offering] = worldPool().offerings;
  if (offering === undefined) throw new Error('the pool of the world has no offering');
  return worldPool({
    group: { heartbeat: HOUR },
    offerings: [{ ...offering, market: 'on-demand' }],
    split: { onDemandBase: 0, spotShare: 0, onDemandFallback: false },
    ...over,
  });
}

export function groupWorld(over: Partial<PoolPolicy> = {}, options: WorldOptions = {}): World {
  return new World({ pools: [groupPool(over)], ...options });
}

/** Every job that was submitted has ended well, and none was cut off. */
export function expectNoneLost(world: World, jobs: number): void {
  expect({ success: world.jobs('success'), failed: world.jobs('failed') }).toEqual({
    success: jobs,
    failed: 0,
  });
}

/** How often the action was carried out. */
export function acted(world: World, action: Action['do']): number {
  return world.eventsNamed('acted').filter(({ outcome }) => outcome.done && outcome.action.do === action)
    .length;
}

/** Why actions failed. */
export function failures(world: World): readonly string[] {
  return world
    .eventsNamed('acted')
    .flatMap(({ outcome }) => (outcome.done || outcome.begun === false ? [] : [outcome.why]));
}

/** Every alarm that was raised. */
export function alarms(world: World): readonly string[] {
  return world.eventsNamed('alarm raised').map(({ alarm }) => alarm.alarm);
}

export function lifecycles(world: World): readonly string[] {
  return world.group().instances.map(({ lifecycleState }) => lifecycleState);
}

/** A world in which `count` members are busy with jobs of `duration`. */
export async function busyWorld(
  count: number,
  duration: Duration,
  over: Partial<PoolPolicy> = {},
  options: WorldOptions = {},
): Promise<World> {
  const world = groupWorld(over, options);
  world.start();
  world.submit(count, { duration, timeout: A_DAY });
  await world.advanceUntil(
    () => world.jobs('running') === count && lifecycles(world).every((state) => state === 'InService'),
  );
  return world;
}
