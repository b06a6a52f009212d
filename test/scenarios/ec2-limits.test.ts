import { describe, expect, it } from 'vitest';
import { EC2_API_LIMITS } from '../../src/adapters/memory/ec2/api-limits.ts';
import { stateOf } from '../../src/adapters/memory/ec2/instance-record.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { FLEET_TAG } from '../../src/adapters/memory/fleet.ts';
import { instanceIdOf } from '../../src/controller/system-id.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { World, worldPool } from '../support/world.ts';
import type { Run } from '../support/world-options.ts';

const REFILL = EC2_API_LIMITS.resources['RunInstances'] ?? { capacity: 0, perSecond: 0 };

/** A pool that may buy the same type in every zone. */
function everywhere(over: Parameters<typeof worldPool>[0] = {}) {
  const offerings = worldPool().offerings.flatMap((offering) =>
    defaultPlace.subnets.map(({ id }) => ({ ...offering, subnet: id })),
  );
  return worldPool({ offerings, ...over });
}

function launchCalls(world: World): number {
  return world.ec2.calls()['CreateFleet'] ?? 0;
}

/** Everything ever launched, terminated ones that EC2 has forgotten included. */
function watchLaunches(world: World): ReadonlySet<string> {
  const launched = new Set<string>();
  world.ec2.onStateChange(({ id, from }) => {
    if (from === undefined) launched.add(id);
  });
  return launched;
}

/** What the controller knows that it bought. */
function known(world: World): ReadonlySet<string> {
  const acted = world
    .eventsNamed('acted')
    .flatMap(({ outcome }) => (outcome.done ? (outcome.launched ?? []) : []));
  return new Set([...acted, ...world.eventsNamed('launch replayed').flatMap(({ launched }) => launched)]);
}

/** Instances that the run has seen or touched. */
function touched(run: Run): ReadonlySet<string> {
  return new Set(
    run.reports.flatMap((report) =>
      report.pass !== 'acted'
        ? []
        : [
            ...report.plan.pools.flatMap(({ views }) => views.map(({ instance }) => instance.id)),
            ...report.outcomes.flatMap(({ action }) => ('instance' in action ? [action.instance] : [])),
          ],
    ),
  );
}

function ownedBy(world: World, installation: string): ReadonlySet<string> {
  const own = world.ec2
    .instances()
    .filter(({ tags }) => tags.get(FLEET_TAG.installation) === installation)
    .map(({ id }) => id);
  return new Set(own);
}

describe('bursts against the API limits of a new account', () => {
  it('1,000 jobs are bought at once, in few calls, and throttled nowhere', { timeout: 60_000 }, async () => {
    const world = new World({ pools: [worldPool({ max: 1000 })] });
    world.start();
    await world.advance(seconds(20));
    world.submit(1000);
    await world.advance(seconds(5));
    expect(world.alive()).toHaveLength(1000);
    await world.advance(minutes(3));
    expect(world.jobs('success')).toBe(1000);
    expect(Math.max(...world.waits())).toBeLessThan(60);
    expect(world.bought()).toBe(1000);
    expect(launchCalls(world)).toBeLessThanOrEqual(12);
    expect(world.ec2.throttled()).toEqual({});
  });

  it('5,000 jobs go on at the documented refill rate, without a storm', { timeout: 60_000 }, async () => {
    const world = new World({ pools: [worldPool({ max: 5000 })] });
    world.start();
    await world.advance(seconds(20));
    world.submit(5000, { duration: minutes(120), timeout: minutes(180) });
    await world.advance(seconds(5));
    expect(world.bought()).toBeGreaterThanOrEqual(REFILL.capacity);
    const perMinute: number[] = [];
    for (let minute = 1; minute <= 6; minute++) {
      const before = launchCalls(world);
      await world.advance(minutes(1));
      perMinute.push(launchCalls(world) - before);
      const refilled = minute * 60 * REFILL.perSecond;
      // Two minutes' worth may lie in the bucket while the controller waits.
      expect(world.bought()).toBeGreaterThanOrEqual(REFILL.capacity + refilled - 120 * REFILL.perSecond);
    }
    expect(world.bought()).toBeLessThanOrEqual(REFILL.capacity + 385 * REFILL.perSecond);
    // Every call takes what the bucket holds, so none is refused for being too many.
    expect(Math.max(...perMinute)).toBeLessThanOrEqual(20);
    expect(world.ec2.throttled()['CreateFleet'] ?? 0).toBe(0);
    expect(world.ec2.throttled()['DescribeInstances'] ?? 0).toBe(0);
    expect(world.jobs('running')).toBeGreaterThan(1300);
  });

  it(
    '1,000 instances that fall idle together leave without a storm of drain calls',
    { timeout: 60_000 },
    async () => {
      const world = new World({ pools: [worldPool({ max: 1000 })] });
      world.start();
      await world.advance(seconds(20));
      world.submit(1000);
      await world.advance(minutes(15));
      expect(world.jobs('success')).toBe(1000);
      expect(world.alive()).toHaveLength(0);
      expect(world.ec2.throttled()).toEqual({});
    },
  );

  it('an answer lost while the account is throttled buys nothing twice', { timeout: 60_000 }, async () => {
    const world = new World({ pools: [worldPool({ max: 1200 })] });
    const launched = watchLaunches(world);
    world.start();
    await world.advance(seconds(20));
    world.ec2.faults.loseAnswers(1);
    const stop = world.ec2.onStateChange(() => {
      // The bucket of requests is empty as well when the controller asks again.
      world.ec2.faults.throttle(3, 'CreateFleet');
      stop();
    });
    world.submit(1200, { duration: minutes(60), timeout: minutes(120) });
    await world.advance(minutes(8));
    expect(launched.size).toBe(1200);
    expect(world.jobs('running')).toBe(1200);
    expect(known(world)).toEqual(launched);
    expect(world.eventsNamed('launch unanswered').length).toBeGreaterThan(0);
    expect(world.eventsNamed('launch replayed')).toHaveLength(1);
  });
});

describe('quotas of virtual processors', () => {
  it('hold the fleet at what the account may have, without asking again and again', async () => {
    const world = new World({ ec2: { quotas: { spot: 8 } } });
    world.start();
    world.submit(10, { duration: minutes(5) });
    await world.advance(minutes(2));
    expect(world.alive()).toHaveLength(4);
    await world.advance(minutes(28));
    expect(world.jobs('success')).toBe(10);
    expect(world.mostInstances).toBe(4);
    expect(world.alive()).toHaveLength(0);
    expect(launchCalls(world)).toBeLessThanOrEqual(12);
  });
});

describe('outages', () => {
  it('one zone out: the offerings of the other zones serve', async () => {
    const world = new World({ pools: [everywhere()] });
    const [first] = defaultPlace.subnets;
    const zone = first?.zone ?? '';
    world.start();
    await world.advance(seconds(20));
    world.ec2.loseZone(zone);
    world.submit(8);
    await world.advance(minutes(10));
    expect(world.jobs('success')).toBe(8);
    expect(world.ec2.instances().map((record) => record.zone)).not.toContain(zone);
    expect(Math.max(...world.waits())).toBeLessThan(60);
    expect(world.alive()).toHaveLength(0);
  });

  it('a zone that fails under running jobs is replaced elsewhere for those that wait', async () => {
    const world = new World({ pools: [everywhere({ max: 4 })] });
    world.start();
    world.submit(4, { duration: minutes(20), timeout: minutes(30) });
    await world.advance(minutes(2));
    const [lost] = world.alive();
    const zone = lost?.zone ?? '';
    const before = new Set(world.ec2.instances().map(({ id }) => id));
    world.ec2.loseZone(zone);
    expect(world.alive().filter((record) => record.zone === zone)).toEqual([]);
    world.submit(2);
    await world.advance(minutes(10));
    expect(world.jobs('success')).toBe(2);
    const replacements = world.ec2.instances().filter(({ id }) => !before.has(id));
    expect(replacements.length).toBeGreaterThan(0);
    expect(replacements.filter((record) => record.zone === zone)).toEqual([]);
  });

  it('all spot out: waits with growing pauses, and recovers by itself', async () => {
    const world = new World({ pools: [everywhere()] });
    world.start();
    await world.advance(seconds(20));
    const lift = world.ec2.faults.shortage({ code: 'InsufficientInstanceCapacity', market: 'spot' });
    world.submit(6);
    await world.advance(minutes(60));
    expect(world.bought()).toBe(0);
    expect(world.jobs('pending')).toBe(6);
    expect(launchCalls(world)).toBeGreaterThanOrEqual(4);
    expect(launchCalls(world)).toBeLessThanOrEqual(20);
    lift();
    await world.advance(minutes(40));
    expect(world.jobs('success')).toBe(6);
    expect(world.bought()).toBe(6);
    expect(world.alive()).toHaveLength(0);
  });

  it('EC2 out in the whole region: nothing is ended or bought twice, and all goes on afterwards', async () => {
    const world = new World();
    const launched = watchLaunches(world);
    world.start();
    world.submit(3, { duration: minutes(45), timeout: minutes(90) });
    await world.advance(minutes(2));
    world.ec2.faults.outage = 'unavailable';
    world.submit(2);
    await world.advance(minutes(30));
    expect(world.alive()).toHaveLength(3);
    world.ec2.faults.outage = undefined;
    await world.advance(minutes(60));
    expect(world.jobs('success')).toBe(5);
    expect(launched.size).toBe(5);
    expect(known(world)).toEqual(launched);
    expect(world.alive()).toHaveLength(0);
  });
});

describe('a storm of interruptions', () => {
  it('takes 5 % an hour for 6 hours: jobs are lost to it alone', { timeout: 60_000 }, async () => {
    const world = new World({ pools: [everywhere({ max: 60 })] });
    const launched = watchLaunches(world);
    const taken = new Set<string>();
    world.ec2.onNotice(({ id, notice }) => {
      if (notice === 'interruption') taken.add(id);
    });
    const end = world.ec2.interruptAtRandom(0.05);
    world.start();
    world.submit(200, { duration: minutes(90), timeout: minutes(180) });
    await world.advance(minutes(6 * 60));
    end();
    await world.advance(minutes(90));

    // Some 290 machine hours at 5 % each.
    expect(taken.size).toBeGreaterThanOrEqual(5);
    expect(taken.size).toBeLessThanOrEqual(35);
    const failed = world.gitlab.jobsOfProject(world.project, { statuses: ['failed'] });
    const ranOn = failed.map(({ manager }) => instanceIdOf(manager?.systemId ?? ''));
    expect(ranOn.filter((id) => id === undefined || !taken.has(id))).toEqual([]);
    expect(failed.every(({ failureReason }) => failureReason === 'runner_system_failure')).toBe(true);
    expect(world.jobs('success') + failed.length).toBe(200);
    expect(failed.length).toBeGreaterThan(0);

    expect(known(world)).toEqual(launched);
    const bills = world.ec2.bills();
    expect(new Set(bills.map(({ id }) => id))).toEqual(launched);
    expect(bills.filter(({ endedAt }) => endedAt === undefined)).toEqual([]);
    expect(world.alive()).toHaveLength(0);
    expect(world.managers()).toBe(0);
    expect(world.ec2.throttled()).toEqual({});
  });
});

describe('two installations in one account', () => {
  it('never see nor touch what belongs to the other', async () => {
    const world = new World({
      pools: [worldPool(), worldPool({ name: 'other', tags: ['other'] })],
      ec2: { terminatedVisibleFor: minutes(24 * 60) },
    });
    const one = world.start({ installation: 'one', pools: ['linux'] });
    const two = world.start({ installation: 'two', pools: ['other'] });
    for (let wave = 0; wave < 3; wave++) {
      world.submit(4);
      world.submit(3, { tags: ['other'] });
      await world.advance(minutes(8));
    }
    expect(world.jobs('success')).toBe(21);
    expect(world.alive()).toHaveLength(0);
    expect(ownedBy(world, 'one').size).toBe(12);
    expect(ownedBy(world, 'two').size).toBe(9);
    expect(touched(one)).toEqual(ownedBy(world, 'one'));
    expect(touched(two)).toEqual(ownedBy(world, 'two'));
  });

  it('leave what the other has left behind alone', async () => {
    const world = new World({ pools: [worldPool(), worldPool({ name: 'other', tags: ['other'] })] });
    const one = world.start({ installation: 'one', pools: ['linux'] });
    const two = world.start({ installation: 'two', pools: ['other'] });
    world.submit(4);
    await world.advance(minutes(1));
    await world.stop(one);
    world.submit(2, { tags: ['other'] });
    await world.advance(minutes(60));
    const left = world.ec2.instances().filter((record) => stateOf(record) === 'running');
    expect(new Set(left.map(({ id }) => id))).toEqual(ownedBy(world, 'one'));
    expect(left).toHaveLength(4);
    expect(left.filter(({ tags }) => tags.has(FLEET_TAG.drain))).toEqual([]);
    expect([...touched(two)].filter((id) => ownedBy(world, 'one').has(id))).toEqual([]);
  });
});
