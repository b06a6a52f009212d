import { describe, expect, it } from 'vitest';
import type { IdleTarget } from '../../src/engine/idle-target.ts';
import type { Schedule } from '../../src/engine/schedule.ts';
import { elapsed, instant, minutes, seconds } from '../../src/engine/time.ts';
import { decisions, lastDecision } from '../support/decisions.ts';
import { ALWAYS } from '../support/limit-situations.ts';
import { World, worldPool } from '../support/world.ts';

const idle = (target: Partial<IdleTarget>): IdleTarget => ({ slots: 0, time: minutes(1), ...target });

/** From eight to eighteen on workdays, in Berlin. */
const OFFICE: Schedule = {
  name: 'office',
  periods: [{ ...ALWAYS, hours: [8, 9, 10, 11, 12, 13, 14, 15, 16, 17], weekdays: [1, 2, 3, 4, 5] }],
  timeZone: 'Europe/Berlin',
  idle: { slots: 2 },
};

/** Moves the world, in which nothing runs yet or all has settled, to a moment of UTC. */
async function until(world: World, ...utc: Parameters<typeof Date.UTC>): Promise<void> {
  await world.advance(elapsed(world.clock.now(), instant(Date.UTC(...utc))));
}

/** When another schedule began to hold, by the minute in UTC. */
function changes(world: World): readonly string[] {
  return decisions(world).flatMap(({ at, decided }, index, all) => {
    const before = all[index - 1]?.decided.schedule;
    const same = index > 0 && before === decided.schedule;
    return same ? [] : [`${new Date(at).toISOString().slice(0, 16)} ${decided.schedule ?? 'none'}`];
  });
}

describe('office hours', { timeout: 60_000 }, () => {
  it('move with summer time, and keep no idle one at night or on a weekend', async () => {
    const world = new World({
      pools: [worldPool({ schedules: [OFFICE] })],
      ec2: { terminatedVisibleFor: minutes(7 * 24 * 60) },
    });
    // A Friday; the clocks go forward on Sunday, 29 March.
    await until(world, 2026, 2, 27, 6, 30);
    world.start();
    await until(world, 2026, 2, 27, 6, 59);
    expect([world.alive().length, lastDecision(world).steps]).toEqual([0, '']);
    await until(world, 2026, 2, 27, 7, 1);
    expect([world.alive().length, lastDecision(world).steps]).toEqual([2, 'schedule 0→2']);
    await until(world, 2026, 2, 27, 16, 59);
    expect([world.alive().length, world.bought()]).toEqual([2, 2]);
    await until(world, 2026, 2, 27, 17, 5);
    expect([world.alive().length, lastDecision(world).steps]).toEqual([0, '']);
    await until(world, 2026, 2, 30, 5, 59);
    expect(world.bought()).toBe(2);
    await until(world, 2026, 2, 30, 6, 1);
    expect([world.alive().length, world.bought()]).toEqual([2, 4]);
    await until(world, 2026, 2, 30, 16, 5);
    expect([world.alive().length, world.bought()]).toEqual([0, 4]);
    expect(changes(world)).toEqual([
      '2026-03-27T06:30 none',
      '2026-03-27T07:00 office',
      '2026-03-27T17:00 none',
      '2026-03-30T06:00 office',
      '2026-03-30T16:00 none',
    ]);
  });

  it('end with winter time an hour later by UTC', async () => {
    const world = new World({ pools: [worldPool({ schedules: [OFFICE] })] });
    // The Monday after the clocks went back.
    await until(world, 2026, 9, 26, 6, 30);
    world.start();
    await until(world, 2026, 9, 26, 17, 5);
    expect(changes(world)).toEqual([
      '2026-10-26T06:30 none',
      '2026-10-26T07:00 office',
      '2026-10-26T17:00 none',
    ]);
    expect(world.alive()).toHaveLength(0);
  });
});

describe('several schedules', () => {
  it('the last one that matches wins', async () => {
    const noon: Schedule = {
      ...OFFICE,
      name: 'noon',
      periods: [{ ...ALWAYS, hours: [12] }],
      idle: { slots: 1 },
    };
    const world = new World({ pools: [worldPool({ schedules: [OFFICE, noon] })] });
    // A Monday in winter: 09:00 in Berlin.
    world.start();
    await until(world, 2026, 0, 5, 10, 59);
    expect([world.alive().length, lastDecision(world).steps]).toEqual([2, 'schedule 0→2']);
    await until(world, 2026, 0, 5, 11, 30);
    expect([world.alive().length, lastDecision(world).steps]).toEqual([1, 'schedule 0→1']);
    await until(world, 2026, 0, 5, 12, 5);
    expect(world.alive()).toHaveLength(2);
    expect(changes(world)).toEqual([
      '2026-01-05T08:00 office',
      '2026-01-05T11:00 noon',
      '2026-01-05T12:00 office',
    ]);
  });

  it('that wins says nothing of what it does not name: the pool does, not the one before it', async () => {
    const later: Schedule = { name: 'later', periods: [ALWAYS], timeZone: 'UTC', max: 4 };
    const pool = worldPool({ idle: idle({ slots: 1 }), schedules: [OFFICE, later] });
    const world = new World({ pools: [pool] });
    world.start();
    await world.advance(minutes(5));
    expect([world.alive().length, lastDecision(world).steps]).toEqual([1, 'idle target 0→1']);
  });
});

describe('the limits of a schedule', () => {
  it('hold while it does: its max keeps a burst small, its min stays', async () => {
    const small: Schedule = { ...OFFICE, min: 2, max: 3, idle: {} };
    const world = new World({ pools: [worldPool({ schedules: [small] })] });
    world.start();
    await world.advance(minutes(2));
    expect([world.alive().length, lastDecision(world).steps]).toEqual([2, 'min 0→2']);
    world.submit(6, { duration: minutes(10) });
    await world.advance(minutes(2));
    expect([world.alive().length, lastDecision(world).steps]).toEqual([3, 'demand 0→6, max 6→3']);
    await world.advance(minutes(40));
    expect([world.jobs('success'), world.mostInstances, world.alive().length]).toEqual([6, 3, 2]);

    // After 18:00 in Berlin the pool's own limits hold.
    await until(world, 2026, 0, 5, 17, 5);
    expect(world.alive()).toHaveLength(0);
    world.submit(6);
    await world.advance(seconds(20));
    expect([world.alive().length, lastDecision(world).steps]).toEqual([6, 'demand 0→6']);
  });

  it('that end with a max below what runs end no job', async () => {
    const night: Schedule = {
      ...OFFICE,
      name: 'night',
      periods: [{ ...ALWAYS, hours: [18] }],
      max: 1,
      idle: {},
    };
    const world = new World({ pools: [worldPool({ schedules: [night] })] });
    await until(world, 2026, 0, 5, 16, 50);
    world.start();
    world.submit(4, { duration: minutes(30) });
    await until(world, 2026, 0, 5, 17, 10);
    world.submit(2, { duration: minutes(1) });
    await world.advance(minutes(1));
    expect([world.jobs('running'), world.jobs('pending')]).toEqual([4, 2]);
    expect(lastDecision(world).steps).toBe('demand 0→6, max 6→1');
    await world.advance(minutes(30));
    expect([world.jobs('success'), world.jobs('failed'), world.mostInstances]).toEqual([6, 0, 4]);
  });
});

describe('an idle factor', () => {
  it('keeps free slots by what runs or waits, between its minimum and its slots', async () => {
    const target = idle({ slots: 4, factor: 0.5, minimum: 1 });
    const world = new World({ pools: [worldPool({ max: 30, idle: target })] });
    world.start();
    await world.advance(minutes(2));
    expect([world.alive().length, lastDecision(world).steps]).toEqual([1, 'idle target 0→1']);
    world.submit(6, { duration: minutes(10) });
    await world.advance(minutes(2));
    expect([world.jobs('running'), world.alive().length]).toEqual([6, 9]);
    expect(lastDecision(world).steps).toBe('demand 0→6, idle target 6→9');
    world.submit(10, { duration: minutes(5) });
    await world.advance(minutes(2));
    // Half of 16 would be 8.
    expect([world.jobs('running'), world.alive().length]).toEqual([16, 20]);
    await world.advance(minutes(20));
    expect([world.jobs('success'), world.alive().length]).toEqual([16, 1]);
  });

  it('that a schedule names holds in its hours', async () => {
    const factor: Schedule = { ...OFFICE, idle: { slots: 10, factor: 1 } };
    const world = new World({
      pools: [worldPool({ max: 30, idle: idle({ slots: 1 }), schedules: [factor] })],
    });
    world.start();
    world.submit(3, { duration: minutes(30) });
    await world.advance(minutes(2));
    expect([world.jobs('running'), world.alive().length]).toEqual([3, 6]);
    expect(lastDecision(world).steps).toBe('demand 0→3, idle target 3→4, schedule 4→6');
    await until(world, 2026, 0, 5, 17, 5);
    expect([world.alive().length, lastDecision(world).steps]).toEqual([1, 'idle target 0→1']);
  });
});
