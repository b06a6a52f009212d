import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../src/engine/time.ts';
import { World, worldPool } from '../support/world.ts';

describe('demand', () => {
  it('a burst is bought at once, served, and the fleet returns to zero', async () => {
    const world = new World({ pools: [worldPool({ max: 50 })] });
    world.start();
    await world.advance(seconds(20));
    world.submit(40);
    await world.advance(seconds(10));
    expect(world.alive()).toHaveLength(40);
    await world.advance(minutes(10));
    expect(world.jobs('success')).toBe(40);
    expect(world.bought()).toBe(40);
    expect(world.alive()).toHaveLength(0);
    expect(world.managers()).toBe(0);
    // 5 s pending at EC2, 35 s boot, a poll: nobody waits for a second machine generation.
    expect(Math.max(...world.waits())).toBeLessThan(60);
  });

  it('polling alone carries it when no webhook arrives', async () => {
    const world = new World({ webhooks: false });
    world.start();
    await world.advance(seconds(20));
    world.submit(8);
    await world.advance(minutes(10));
    expect(world.jobs('success')).toBe(8);
    expect(world.alive()).toHaveLength(0);
    expect(Math.max(...world.waits())).toBeLessThan(75);
  });

  it('more jobs than slots run on as many instances as max allows, and never more', async () => {
    const world = new World({ pools: [worldPool({ max: 3, slots: 2 })] });
    world.start();
    world.submit(30);
    await world.advance(minutes(30));
    expect(world.jobs('success')).toBe(30);
    expect(world.mostInstances).toBe(3);
    expect(world.alive()).toHaveLength(0);
  });

  it('a later stage that becomes pending after scale to zero wakes the fleet again', async () => {
    const world = new World();
    world.start();
    world.gitlab.createPipeline(world.project, {
      stages: ['build', 'wait', 'test'],
      jobs: [
        { name: 'build', stage: 'build', tags: ['linux'], duration: minutes(1) },
        { name: 'elsewhere', stage: 'wait', tags: ['mainframe'] },
        { name: 'test', stage: 'test', tags: ['linux'], duration: minutes(1) },
      ],
    });
    await world.advance(minutes(10));
    expect(world.jobs('success')).toBe(1);
    expect(world.alive()).toHaveLength(0);
    const mainframe = world.gitlab.addRunner({ tags: ['mainframe'], runUntagged: false });
    const job = world.gitlab.requestJob({ token: mainframe.token, systemId: 's_000000000000' });
    world.gitlab.updateJob(job?.token ?? '', { state: 'success', exitCode: 0 });
    await world.advance(minutes(10));
    expect(world.jobs('success')).toBe(3);
    expect(world.alive()).toHaveLength(0);
  });

  it('a job that arrives while the last idle instance leaves is not forgotten', async () => {
    const world = new World();
    world.start();
    world.submit(1);
    // Past the end of the job and its idle minute: the drain tag is set, the agent has not looked yet.
    for (
      let second = 0;
      second < 600 && world.eventsNamed('acted').every(({ outcome }) => outcome.action.do !== 'drain');
      second++
    ) {
      await world.advance(seconds(1));
    }
    expect(world.eventsNamed('acted').some(({ outcome }) => outcome.action.do === 'drain')).toBe(true);
    world.webhooks = false;
    world.submit(1);
    await world.advance(minutes(10));
    expect(world.jobs('success')).toBe(2);
    expect(world.alive()).toHaveLength(0);
  });

  it('idle slots are kept while there is no demand', async () => {
    const world = new World({ pools: [worldPool({ slots: 2, idle: { slots: 3, time: minutes(1) } })] });
    world.start();
    await world.advance(minutes(30));
    expect(world.alive()).toHaveLength(2);
    expect(world.bought()).toBe(2);
    world.submit(3, { duration: seconds(30) });
    await world.advance(minutes(30));
    expect(Math.max(...world.waits())).toBeLessThan(5);
    expect(world.alive()).toHaveLength(2);
  });

  it('a job that GitLab never hands out stops buying, raises an alarm and wastes no fleet', async () => {
    const world = new World();
    world.start();
    world.gitlab.holdJobs(() => true);
    world.submit(1);
    await world.advance(minutes(60));
    expect(world.eventsNamed('alarm raised').map(({ alarm }) => alarm.alarm)).toContain('unserved');
    // Tried again with growing waits, not every few minutes.
    expect(world.bought()).toBeLessThanOrEqual(6);
    await world.advance(minutes(6 * 60));
    expect(world.bought()).toBeLessThanOrEqual(10);
  });

  it('jobs for tags that no pool serves buy nothing', async () => {
    const world = new World();
    world.start();
    world.submit(5, { tags: ['windows'] });
    world.submit(5, { tags: [] });
    await world.advance(minutes(10));
    expect(world.bought()).toBe(0);
  });
});
