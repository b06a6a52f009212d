import { describe, expect, it } from 'vitest';
import type { Budget } from '../../src/engine/budget.ts';
import { explainAlarm } from '../../src/engine/explain.ts';
import type { FleetPolicy, PoolPolicy } from '../../src/engine/pool.ts';
import type { PoolPlan } from '../../src/engine/pool-plan.ts';
import { type Duration, instant, minutes, seconds } from '../../src/engine/time.ts';
import { periodOf } from '../../src/config/period.ts';
import { World, worldPool } from '../support/world.ts';
import type { WorldOptions } from '../support/world-options.ts';

const SUBNET = worldPool().offerings[0]?.subnet ?? '';
const SPOT = { instanceType: 'm7i.large', subnet: SUBNET, market: 'spot', price: 0.1 } as const;
const ON_DEMAND = { ...SPOT, market: 'on-demand', price: 0.3 } as const;
const BUDGET = { timeZone: 'UTC', idleUntil: 0.8, onDemandUntil: 0.9 };
const MIDNIGHT = instant(Date.UTC(2026, 0, 6));

interface Scene {
  readonly pools?: readonly Partial<PoolPolicy>[];
  readonly fleet?: Partial<FleetPolicy>;
  readonly options?: WorldOptions;
}

/** A controller over pools whose prices are known. */
function started({ pools = [{}], fleet = {}, options = {} }: Scene): World {
  const world = new World({
    ...options,
    pools: pools.map((pool) => worldPool({ offerings: [SPOT], ...pool })),
  });
  world.policy = { ...world.policy, ...fleet };
  world.start();
  return world;
}

/** What the last pass decided for a pool. */
function decided(world: World, pool = 'linux'): PoolPlan {
  const report = world.reports.at(-1);
  const plan = report?.pass === 'acted' ? report.plan.pools.find((one) => one.pool === pool) : undefined;
  if (plan === undefined) throw new Error(`the last pass decided nothing for ${pool}`);
  return plan;
}

const steps = (plan: PoolPlan): readonly string[] =>
  plan.desired.steps.map(({ rule, from, to }) => `${rule} ${from}→${to}`);

const holds = (plan: PoolPlan): readonly string[] => plan.holds.map(({ because }) => because);

function alarms(world: World): readonly string[] {
  const report = world.reports.at(-1);
  return report?.pass === 'acted' ? report.plan.alarms.map(explainAlarm) : [];
}

/** Decisions of a pool in which a rule moved `desired`. */
function movedBy(world: World, rule: string, pool = 'linux'): readonly PoolPlan[] {
  return world.reports.flatMap((report) => {
    const plan = report.pass === 'acted' ? report.plan.pools.find((one) => one.pool === pool) : undefined;
    return plan?.desired.steps.some((step) => step.rule === rule) === true ? [plan] : [];
  });
}

/** All instances that launches gave. */
function launched(world: World): number {
  return world
    .eventsNamed('acted')
    .reduce((sum, { outcome }) => sum + (outcome.done ? (outcome.launched?.length ?? 0) : 0), 0);
}

const hours = (count: number): Duration => minutes(60 * count);

/** The world of a day, at a time of it in UTC. */
async function at(world: World, utc: string): Promise<World> {
  await world.clock.advance(minutes((Date.parse(utc) - world.clock.now()) / 60_000));
  return world;
}

const throttled = (world: World): number => world.ec2.throttled()['CreateFleet'] ?? 0;
const calls = (world: World): number => world.ec2.calls()['CreateFleet'] ?? 0;

/** A pool for the jobs of one tag. */
const tagged = (name: string): Partial<PoolPolicy> => ({ name, tags: [name] });

describe('a budget of a day', () => {
  const budget: Budget = { ...BUDGET, day: 1 };
  const both = {
    offerings: [SPOT, ON_DEMAND],
    split: { onDemandBase: 1, spotShare: 1, onDemandFallback: false },
    budget,
    idle: { slots: 2, time: minutes(1) },
  };

  it('first buys nothing to be idle, then only spot, then nothing, and never touches what runs', async () => {
    const world = started({ pools: [both] });
    await world.advance(minutes(2));
    // One on-demand and one spot, idle: 0.40 dollars an hour.
    expect(world.alive()).toHaveLength(2);
    await world.advance(hours(2));
    expect(alarms(world)).toEqual([
      expect.stringMatching(
        /^linux: budget of the pool: \$0\.8\d of \$1\.00 today: nothing is bought to be idle; what runs goes on$/,
      ),
    ]);
    // What was there to be idle stays; what leaves is not bought again.
    world.submit(2, { duration: minutes(55) });
    await world.advance(minutes(1));
    expect(steps(decided(world))).toEqual(['demand 0→2', 'idle target 2→4', 'budget 4→2']);
    expect(holds(decided(world))).toEqual([
      expect.stringMatching(/^budget of the pool: \$0\.8\d of \$1\.00 today: nothing is bought to be idle$/),
    ]);
    await world.advance(minutes(14));
    world.submit(1, { duration: minutes(55) });
    await world.advance(minutes(1));
    expect(decided(world).budgets).toMatchObject([{ allows: 'spot only' }]);
    expect(
      world
        .alive()
        .map(({ market }) => market)
        .toSorted(),
    ).toEqual(['on-demand', 'spot', 'spot']);
    await world.advance(minutes(20));
    world.submit(5, { duration: minutes(5) });
    await world.advance(minutes(1));
    expect(decided(world).budgets).toMatchObject([{ allows: 'nothing' }]);
    expect(steps(decided(world))).toEqual(['demand 0→8', 'budget 8→3']);
    expect(holds(decided(world))).toEqual([
      expect.stringMatching(/^budget of the pool: \$1\.\d\d of \$1\.00 today: nothing is bought$/),
    ]);
    await world.advance(hours(4));
    // The three that ran have ended by themselves; nothing was cut off, and nothing was bought.
    expect(world.jobs('failed')).toBe(0);
    expect(launched(world)).toBe(3);
  });

  it('begins again at midnight', async () => {
    const world = started({ pools: [{ ...both, min: 1 }] });
    await world.advance(hours(8));
    expect(world.alive()).toHaveLength(0);
    world.submit(3);
    await world.advance(hours(7));
    expect(world.jobs('pending')).toBe(3);
    await world.clock.advance(minutes((MIDNIGHT - world.clock.now()) / 60_000 + 5));
    expect(world.jobs('success')).toBe(3);
  });
});

describe('a budget of a month', () => {
  it('of all pools closes each of them, and is told once', async () => {
    const fleet = { budget: { ...BUDGET, month: 0.5 } };
    const pools = [{ min: 2 }, { name: 'other', tags: ['other'], min: 1 }];
    const world = started({ pools, fleet });
    await world.advance(hours(3));
    expect(world.alive()).toHaveLength(0);
    expect(alarms(world)).toEqual([
      expect.stringMatching(
        /^budget of all pools: \$0\.5\d of \$0\.50 this month: nothing is bought; what runs goes on$/,
      ),
    ]);
    world.submit(2);
    await world.advance(hours(24));
    expect(steps(decided(world))).toEqual(['demand 0→2', 'budget 2→0']);
    expect(world.jobs('pending')).toBe(2);
  });
});

describe('a budget of an hour', () => {
  it('leaves room for some, and gives it again once instances are gone', async () => {
    const world = started({ pools: [{ budget: { ...BUDGET, hour: 0.35, idleUntil: 1, onDemandUntil: 1 } }] });
    world.submit(6);
    await world.advance(seconds(20));
    expect(world.alive()).toHaveLength(3);
    const [first] = movedBy(world, 'budget');
    expect(first && steps(first)).toEqual(['demand 0→6', 'budget 6→3']);
    expect(first && holds(first)).toEqual([
      'budget of the pool: $0.00 of $0.35 an hour leave room for 3 more',
    ]);
    await world.advance(minutes(15));
    expect(world.mostInstances).toBe(3);
    expect(world.jobs('success')).toBe(6);
  });
});

describe('a cap of a project', () => {
  it('holds back its flood, and not the job of another', async () => {
    const world = started({ pools: [{ projectCaps: { others: 3, of: {} }, max: 50 }] });
    world.submit(40, { duration: minutes(1) });
    await world.advance(seconds(30));
    expect(world.alive()).toHaveLength(3);
    const [first] = movedBy(world, 'project cap');
    expect(first && steps(first)).toEqual(['demand 0→40', 'project cap 40→3']);
    expect(first && holds(first)).toEqual([
      `37 jobs of project ${world.project} do not count: it counts for as many as the cap lets`,
    ]);
    await world.advance(minutes(30));
    expect(world.mostInstances).toBe(3);
    expect(world.jobs('success')).toBe(40);
  });
});

describe('schedules', () => {
  const office = {
    name: '* 8-17 * * mon-fri Europe/Berlin',
    periods: [periodOf('* 8-17 * * mon-fri')],
    timeZone: 'Europe/Berlin',
    min: 2,
  };

  it('keep what they say in office hours, which move with summer time', async () => {
    // Clocks go forward on 29 March 2026: 08:00 in Berlin is 07:00 UTC before, and 06:00 UTC after it.
    const world = started({ pools: [{ schedules: [office] }], options: { pollInterval: minutes(5) } });
    const seen: [string, number, string | undefined][] = [];
    for (const utc of [
      '2026-03-27T06:55:30Z',
      '2026-03-27T07:10:30Z',
      '2026-03-27T16:55:30Z',
      '2026-03-27T17:20:30Z',
      '2026-03-28T09:00:30Z',
      '2026-03-30T05:55:30Z',
      '2026-03-30T06:10:30Z',
      '2026-03-30T15:55:30Z',
      '2026-03-30T16:20:30Z',
    ]) {
      await at(world, utc);
      seen.push([utc, world.alive().length, decided(world).schedule]);
    }
    expect(seen).toEqual([
      ['2026-03-27T06:55:30Z', 0, undefined],
      ['2026-03-27T07:10:30Z', 2, office.name],
      ['2026-03-27T16:55:30Z', 2, office.name],
      ['2026-03-27T17:20:30Z', 0, undefined],
      ['2026-03-28T09:00:30Z', 0, undefined],
      ['2026-03-30T05:55:30Z', 0, undefined],
      ['2026-03-30T06:10:30Z', 2, office.name],
      ['2026-03-30T15:55:30Z', 2, office.name],
      ['2026-03-30T16:20:30Z', 0, undefined],
    ]);
  });

  it('of which several match: the last wins', async () => {
    const lunch = {
      name: '* 12 * * * UTC',
      periods: [periodOf('* 12 * * *')],
      timeZone: 'UTC',
      idle: { slots: 3 },
      min: 0,
      max: 2,
    };
    const world = started({ pools: [{ schedules: [office, lunch] }] });
    await at(world, '2026-01-05T11:30:00Z');
    expect(steps(decided(world))).toEqual(['min 0→2']);
    await at(world, '2026-01-05T12:30:00Z');
    expect(decided(world)).toMatchObject({ schedule: lunch.name, limits: { min: 0, max: 2 }, idleSlots: 3 });
    expect(steps(decided(world))).toEqual(['schedule 0→3', 'max 3→2']);
    await at(world, '2026-01-05T13:30:00Z');
    expect(decided(world)).toMatchObject({ schedule: office.name, limits: { min: 2, max: 10 } });
  });
});

describe('a pause', () => {
  it('lets what runs go on, buys nothing, keeps no min, and ends at once', async () => {
    const world = started({ pools: [{ min: 1 }] });
    world.submit(2, { duration: minutes(20) });
    await world.advance(minutes(3));
    expect(world.jobs('running')).toBe(2);
    const pause = { kind: 'pause', pool: 'linux', at: world.clock.now() } as const;
    await world.state.instruct(pause);
    world.submit(3);
    await world.advance(minutes(10));
    expect(world.jobs('running')).toBe(2);
    expect(launched(world)).toBe(2);
    expect(steps(decided(world))).toEqual(['demand 0→5', 'pause 5→2']);
    expect(holds(decided(world))).toEqual([`paused by command since ${new Date(pause.at).toISOString()}`]);
    await world.advance(minutes(30));
    // What was there has worked on: also on what waited.
    expect(world.jobs('success')).toBe(5);
    expect(world.jobs('failed')).toBe(0);
    expect(world.alive()).toHaveLength(0);
    await world.advance(minutes(30));
    expect(launched(world)).toBe(2);
    await world.state.retract(pause);
    await world.advance(seconds(20));
    expect(world.alive()).toHaveLength(1);
    expect(decided(world)).not.toHaveProperty('pausedAt');
  });
});

describe('launch pacing', () => {
  it.each([
    ['paced, in at most 12 calls, none of them refused', 'here', 0],
    ['as it was without, by more calls at once than EC2 allows', undefined, 3],
  ])('brings a burst of 1,000 jobs of eight pools up: %s', async (_how, place, refused) => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const paced = place !== undefined && { place };
    const world = started({ pools: names.map((name) => ({ ...tagged(name), max: 200, ...paced })) });
    for (const name of names) world.submit(125, { tags: [name] });
    await world.advance(minutes(10));
    expect(throttled(world)).toBe(refused);
    expect(calls(world)).toBeLessThanOrEqual(12);
    expect(world.jobs('success')).toBe(1000);
  });

  it('is shared by the pools of an account', async () => {
    const limits = { requests: { most: 2, perSecond: 0.1 }, instances: { most: 10, perSecond: 0.1 } };
    const world = started({
      pools: ['a', 'b', 'c'].map((name) => ({ ...tagged(name), place: 'here' })),
      fleet: { launchLimits: { here: limits } },
    });
    for (const tag of ['a', 'b', 'c']) world.submit(6, { tags: [tag] });
    await world.advance(seconds(10));
    expect(calls(world)).toBe(2);
    expect(world.alive()).toHaveLength(10);
    const [second] = movedBy(world, 'launch pacing', 'b');
    expect(second && steps(second)).toEqual(['demand 0→6', 'launch pacing 6→4']);
    expect(second && holds(second)).toEqual([
      'EC2 lets the account launch 4 instances now: the rest follows as its limit allows',
    ]);
    const [third] = movedBy(world, 'launch pacing', 'c');
    expect(third && steps(third)).toEqual(['demand 0→6', 'launch pacing 6→0']);
    expect(third && holds(third)).toEqual([
      'EC2 lets the account launch no call now: the rest follows as its limit allows',
    ]);
    await world.advance(minutes(20));
    expect(world.jobs('success')).toBe(18);
  });
});

describe('a cap over all pools', () => {
  it('gives what there is to the first pools', async () => {
    const world = started({ pools: [tagged('a'), tagged('b')], fleet: { max: 5 } });
    for (const tag of ['a', 'b']) world.submit(4, { tags: [tag] });
    await world.advance(seconds(20));
    expect(steps(decided(world, 'a'))).toEqual(['demand 0→4']);
    const [second] = movedBy(world, 'fleet max', 'b');
    expect(second && steps(second)).toEqual(['demand 0→4', 'fleet max 4→1']);
    expect(second && holds(second)).toEqual(['all pools together have the 5 instances that they may have']);
    await world.advance(minutes(15));
    expect(world.mostInstances).toBe(5);
    expect(world.jobs('success')).toBe(8);
  });
});
