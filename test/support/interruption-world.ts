import type { InstanceRecord } from '../../src/adapters/memory/ec2/instance-record.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { FLEET_TAG } from '../../src/adapters/memory/fleet.ts';
import type { Fleet } from '../../src/controller/ports.ts';
import type { Instance } from '../../src/engine/instance.ts';
import type { PoolPolicy } from '../../src/engine/pool.ts';
import { elapsed, type Instant, minutes, seconds } from '../../src/engine/time.ts';
import { alteredFleet } from './altered-fleet.ts';
import { EventsInMemory } from './cloud-events.ts';
import { World, worldPool } from './world.ts';
import type { WorldOptions } from './world-options.ts';

/** For tests: a pool that may buy in three zones. */
export function zonedPool(over: Partial<PoolPolicy> = {}): PoolPolicy {
  const offerings = defaultPlace.subnets.map(({ id }) => ({
    instanceType: 'm7i.large',
    subnet: id,
    market: 'spot' as const,
  }));
  return worldPool({ offerings, ...over });
}

function strip(instances: readonly Instance[]): readonly Instance[] {
  return instances.map(({ interruption: _unknown, ...instance }) => instance);
}

/** A fleet whose spot requests nobody may read: it never says what EC2 takes. */
export function withoutSpotRequests(fleet: Fleet): Fleet {
  return alteredFleet(fleet, {
    list: async (signal, remarks) => strip(await fleet.list(signal, remarks)),
    find: async (ids, signal) => strip(await fleet.find(ids, signal)),
  });
}

/** A world whose controller hears events; `events` is the queue. */
export function worldWithEvents(options: WorldOptions = {}): {
  readonly world: World;
  readonly events: EventsInMemory;
} {
  const made: EventsInMemory[] = [];
  const world = new World({
    pools: [zonedPool()],
    fleet: withoutSpotRequests,
    ...options,
    notices: (around) => {
      const events = new EventsInMemory(around);
      made.push(events);
      return events;
    },
  });
  const [events] = made;
  if (events === undefined) throw new Error('the world has no queue');
  return { world, events };
}

/** Lets `jobs` long jobs run, and answers with the instance that has the first of them. */
export async function busy(world: World, jobs = 1, duration = minutes(30)): Promise<InstanceRecord> {
  world.submit(jobs, { duration, timeout: minutes(180) });
  await world.advanceUntil(() => world.jobs('running') === jobs);
  // Past all passes that the start of the jobs has woken.
  await world.advance(seconds(5));
  const [first] = world.alive();
  if (first === undefined) throw new Error('nothing runs');
  return first;
}

/** What the drain tag of an instance says. */
export function drainOf(world: World, id: string): string | undefined {
  return world.ec2.instance(id)?.tags.get(FLEET_TAG.drain);
}

/** Seconds from `since` until `isSo`, in whole seconds. */
export async function secondsUntil(world: World, since: Instant, isSo: () => boolean): Promise<number> {
  await world.advanceUntil(isSo);
  return elapsed(since, world.clock.now()) / 1000;
}

/** What was heard of interruptions, in its order. */
export function noticed(world: World): readonly string[] {
  return world
    .eventsNamed('interruption noticed')
    .map(({ interruption: { kind, instance, heeded } }) => `${kind} ${instance}${heeded ? '' : ' ignored'}`);
}

/** What the controller ended by itself: never a machine with a job. */
export function terminations(world: World): number {
  return world.ec2.calls()['TerminateInstances'] ?? 0;
}
