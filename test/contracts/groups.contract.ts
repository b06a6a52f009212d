import { expect } from 'vitest';
import { isPortError } from '../../src/controller/errors.ts';
import type { Fleet, Groups, LaunchRequest } from '../../src/controller/ports.ts';
import type { GroupReading } from '../../src/engine/group.ts';
import type { Instance } from '../../src/engine/instance.ts';
import {
  type FleetDifference,
  fleetContract,
  type FleetWorld,
  launch,
  launchRequest,
} from './fleet.contract.ts';

/** A cloud in which an Auto Scaling group launches the instances of the pool `linux`. */
export interface GroupWorld extends FleetWorld {
  readonly fleet: Fleet & Groups;
  reopen(): Fleet & Groups;
  /** The fleet of another installation whose pool `linux` is attached to the same group. */
  intruder(): Fleet;
  /** The group's name. */
  readonly group: string;
  fill(count: number): Promise<readonly string[]>;
  /** The group says that it waits for a word about the instance. */
  atHook(id: string, hook: 'launch' | 'termination'): Promise<void>;
  /** Somebody else changes the group. */
  edit(change: { readonly min?: number; readonly max?: number; readonly protects?: boolean }): Promise<void>;
  /** The group's own settings now. */
  settings(): Promise<{
    readonly min: number;
    readonly max: number;
    readonly desired: number;
    readonly protects: boolean;
  }>;
  /** Lets the group try in vain. */
  tryInVain(): Promise<void>;
}

const signal = new AbortController().signal;

/** The reading of the pool's group, and the instances of the same listing. */
export async function reading(
  world: GroupWorld,
  fleet: Fleet = world.fleet,
): Promise<GroupReading & { readonly instances: readonly Instance[] }> {
  const readings: GroupReading[] = [];
  const instances = await fleet.list(signal, {
    leaveOut: () => undefined,
    group: (one) => readings.push(one),
  });
  const [found] = readings;
  if (found === undefined) throw new Error('the listing told of no group');
  return { ...found, instances };
}

async function order(world: GroupWorld, over: Partial<LaunchRequest> = {}): Promise<LaunchRequest> {
  const asked = await launchRequest(world, over);
  const result = await world.fleet.launch(asked, signal);
  expect(result).toEqual({ launched: [], ordered: asked.count, shortfalls: [] });
  return asked;
}

/** What holds for a group in another way than for a fleet: it answers an order, and what came of it is read later. */
const VARIANTS: Readonly<Record<string, (world: GroupWorld) => Promise<void>>> = {
  async 'lists what was launched, with everything that its tags say'(world) {
    const ids = await launch(world, { count: 2 });
    expect(ids).toHaveLength(2);
    for (const instance of await world.fleet.list(signal)) {
      expect(instance).toMatchObject({ pool: 'linux', launchId: world.group, slots: 2, generation: 'g1' });
      expect(instance.membership?.group).toBe(world.group);
      expect(['pending', 'running']).toContain(instance.state);
      expect(world.offerings).toContainEqual(instance.offering);
      expect(instance.launchedAt).toBeGreaterThan(0);
    }
  },
  // A group has one set of tags: those of the pool as it is configured, whatever the request says.
  async 'lists the number of jobs of instances where they are counted'(world) {
    await launch(world, { count: 1, slots: 1, maxJobs: 3 });
    const [one] = await world.fleet.list(signal);
    expect(one).toMatchObject({ slots: 2 });
    expect(one).not.toHaveProperty('maxJobs');
  },
  async 'prepares the same template again'(world) {
    const first = await world.fleet.prepare('linux', signal);
    expect(await world.fleet.prepare('linux', signal)).toEqual(first);
    expect(first.version).toMatch(/^\d+\/0$/);
  },
  async 'answers the same request again with the same instances'(world) {
    const asked = await order(world);
    await world.fill(3);
    expect(await world.fleet.launch(asked, signal)).toMatchObject({ ordered: 3 });
    expect(await world.reopen().launch(asked, signal)).toMatchObject({ ordered: 3 });
    expect((await world.settings()).desired).toBe(3);
    expect(await world.fleet.list(signal)).toHaveLength(3);
  },
  async 'finds the instances of a launch whose answer was lost'(world) {
    const asked = await launchRequest(world);
    world.loseAnswer();
    await expect(world.fleet.launch(asked, signal)).rejects.toSatisfy((error) =>
      isPortError(error, 'unreachable'),
    );
    await world.fill(3);
    expect(await world.reopen().launch(asked, signal)).toMatchObject({ ordered: 3 });
    expect((await world.settings()).desired).toBe(3);
  },
  async 'gives what there is and says what is short'(world) {
    world.runShort(2);
    await order(world, { count: 5 });
    await world.tryInVain();
    const { ordered, failure, instances } = await reading(world);
    expect(instances).toHaveLength(5 - ordered);
    expect(ordered).toBeGreaterThan(0);
    expect(failure).toMatchObject({ code: 'InsufficientInstanceCapacity', offerings: world.offerings });
  },
  async 'answers with shortfalls alone when nothing can be given'(world) {
    world.runShort(100);
    await order(world);
    await world.tryInVain();
    const read = await reading(world);
    expect(read).toMatchObject({ instances: [], ordered: 3, desired: 3 });
    expect(read.failure).toMatchObject({ code: 'InsufficientInstanceCapacity', offerings: world.offerings });
  },
  async 'terminates, also what is gone already'(world) {
    const [first = '', second = ''] = await launch(world, { count: 2 });
    await world.fleet.terminate([first, 'i-0123456789abcdef0'], signal);
    await world.atHook(first, 'termination');
    await world.fleet.terminate([first], signal);
    await world.fleet.complete('linux', first, 'termination', signal);
    await world.reach(first, 'terminated');
    await world.fleet.terminate([first], signal);
    await world.fleet.terminate([], signal);
    const listed = await world.fleet.list(signal);
    expect(listed.map(({ id }) => id)).toContain(second);
    expect(listed.map(({ id }) => id)).not.toContain(first);
  },

  // From here on what only groups have.

  async 'tells of the group: its limits, what it was asked for, what has not come'(world) {
    await order(world, { count: 2 });
    expect(await reading(world)).toMatchObject({ pool: 'linux', group: world.group, desired: 2, ordered: 2 });
    await world.fill(2);
    const { min, max, ordered, failure } = await reading(world);
    expect({ min, max, ordered, failure }).toEqual({ min: 0, max: 10, ordered: 0, failure: undefined });
  },
  async 'takes back what has not come, and ends nothing'(world) {
    await launch(world, { count: 2 });
    world.runShort(100);
    await order(world, { count: 3 });
    await world.fleet.cancel('linux', 2, signal);
    expect(await reading(world)).toMatchObject({ desired: 3, ordered: 1 });
    await world.fleet.cancel('linux', 9, signal);
    const read = await reading(world);
    expect(read).toMatchObject({ desired: 2, ordered: 0 });
    expect(read.instances).toHaveLength(2);
  },
  async 'wants one fewer for every instance that it ends'(world) {
    const [id = ''] = await launch(world, { count: 2 });
    await world.fleet.terminate([id], signal);
    expect(await reading(world)).toMatchObject({ desired: 1, ordered: 0 });
    expect((await world.settings()).desired).toBe(1);
  },
  async 'replaces what it ends where it would be left with too few'(world) {
    const [id = ''] = await launch(world, { count: 2 });
    await world.edit({ min: 2 });
    await world.fleet.terminate([id], signal);
    expect((await world.settings()).desired).toBe(2);
  },
  async 'gives up what waits at the gate, and launches none for it'(world) {
    await order(world, { count: 1 });
    const [id = ''] = await world.fill(1);
    await world.atHook(id, 'launch');
    await world.fleet.terminate([id], signal);
    await world.reach(id, 'terminated');
    expect((await world.settings()).desired).toBe(0);
  },
  async 'opens the gate, waits on at it, and takes a word too many for none'(world) {
    await order(world, { count: 1 });
    const [id = ''] = await world.fill(1);
    await world.atHook(id, 'launch');
    expect((await reading(world)).instances[0]?.membership).toEqual({ group: world.group, hook: 'launch' });
    await world.fleet.heartbeat('linux', id, 'launch', signal);
    await world.fleet.complete('linux', id, 'launch', signal);
    await world.fleet.complete('linux', id, 'launch', signal);
    await world.fleet.heartbeat('linux', id, 'launch', signal);
    await world.fleet.heartbeat('linux', 'i-0123456789abcdef0', 'termination', signal);
    await world.fleet.complete('linux', 'i-0123456789abcdef0', 'termination', signal);
    expect((await reading(world)).instances.map((one) => one.id)).toEqual([id]);
  },
  async 'raises each order from where the group is'(world) {
    await order(world, { count: 1 });
    await order(world, { count: 2 });
    expect((await world.settings()).desired).toBe(3);
    expect(await world.fill(3)).toHaveLength(3);
  },
  async 'refuses a group that another installation has'(world) {
    await launch(world, { count: 1 });
    await expect(world.intruder().prepare('linux', signal)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('installation test has it'),
    });
    expect(await world.intruder().list(signal)).toEqual([]);
  },
  async 'mends what somebody else has changed, but for what it was asked for'(world) {
    await launch(world, { count: 2 });
    await world.edit({ min: 1, max: 4, protects: false });
    await world.reopen().prepare('linux', signal);
    expect(await world.settings()).toEqual({ min: 0, max: 10, desired: 2, protects: true });
  },
};

/** What every fleet with groups must do: the contract of fleets, as it can be for a group, and that of groups. */
export function groupsContract(
  name: string,
  make: () => Promise<GroupWorld>,
  differences: Readonly<Record<string, FleetDifference<GroupWorld>>> = {},
): void {
  fleetContract(name, make, differences, VARIANTS);
}
