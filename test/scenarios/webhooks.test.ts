import { describe, expect, it } from 'vitest';
import { Concerns } from '../../src/controller/upkeep.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import type { DeliveryScript } from '../../src/sandbox/gitlab/delivery-faults.ts';
import { hookWorld } from '../support/hook-world.ts';
import { World } from '../support/world.ts';

const signal = AbortSignal.timeout(60_000);
const WEB = { kind: 'project', name: 'acme/web' } as const;

describe('webhooks that are dead for an hour', () => {
  it('cost a poll, raise an alarm, and come back by themselves', async () => {
    const concerns = new Concerns();
    const world = new World({ concerns });
    await using gitlab = await hookWorld({}, world);
    await gitlab.hooks.install(WEB, signal);
    const upkeep = gitlab.upkeep();
    const tend = async (): Promise<void> => {
      await gitlab.double.deliveries.settled();
      concerns.set(upkeep.name, await upkeep.tend(signal));
      await world.advance(seconds(20));
    };
    world.start();
    await tend();
    world.webhooks = false;
    gitlab.endpoint.down = true;
    for (let round = 0; round < 6; round += 1) {
      world.submit(1);
      await world.advance(minutes(10));
      await tend();
    }
    expect(world.jobs('success')).toBe(6);
    expect(world.bought()).toBe(6);
    // A poll, a boot and the runner's own poll.
    expect(Math.max(...world.waits())).toBeLessThanOrEqual(15 + 5 + 35 + 10);
    const alarms = world.eventsNamed('alarm raised').map(({ alarm }) => alarm);
    expect(alarms).toMatchObject([{ alarm: 'concern', about: 'disabled webhooks' }]);
    expect(world.eventsNamed('alarm cleared')).toEqual([]);
    gitlab.endpoint.down = false;
    world.webhooks = true;
    await tend();
    expect(world.eventsNamed('alarm cleared')).toHaveLength(1);
    expect(world.gitlab.hooks.find(1)).toMatchObject({ failures: 0, disabledUntil: undefined });
    await world.stop();
  });
});

/** How many instances eight jobs take while webhooks fare like that. */
async function bought(script: DeliveryScript): Promise<number> {
  const world = new World({ seed: 3 });
  world.deliveries.set(script);
  world.start();
  world.submit(8);
  await world.advance(minutes(15));
  expect(world.jobs('success')).toBe(8);
  expect(world.alive()).toHaveLength(0);
  return world.bought();
}

describe('webhooks', () => {
  it('that are doubled, late and out of order buy nothing twice', async () => {
    expect(await bought({})).toBe(8);
    expect(await bought({ duplicate: 1, reorder: 0.6, delay: seconds(3), seed: 5 })).toBe(8);
    expect(await bought({ duplicate: 0.5, drop: 0.5, reorder: 1, seed: 9 })).toBe(8);
  });

  it('that come while an idle instance leaves neither keep it nor lose the job', async () => {
    const world = new World();
    world.start();
    world.submit(1);
    await world.advanceUntil(() =>
      world.eventsNamed('acted').some(({ outcome }) => outcome.action.do === 'drain'),
    );
    expect(world.bought()).toBe(1);
    world.deliveries.set({ duplicate: 1, reorder: 0.5, seed: 2 });
    world.submit(1);
    await world.advance(minutes(15));
    expect(world.jobs('success')).toBe(2);
    expect(world.jobs('failed')).toBe(0);
    expect(world.bought()).toBeLessThanOrEqual(2);
    expect(world.alive()).toHaveLength(0);
    expect(world.managers()).toBe(0);
  });
});
