import { describe, expect, it } from 'vitest';
import { Ec2Error } from '../../src/adapters/memory/ec2/error.ts';
import { isPortError } from '../../src/controller/errors.ts';
import type { Instance } from '../../src/engine/instance.ts';
import type { Offering } from '../../src/engine/pool.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { launch, launchRequest } from './fleet.contract.ts';
import type { ModelGroupWorld } from './group-levers.ts';
import { reading } from './groups.contract.ts';

const signal = new AbortController().signal;

type Case = (world: ModelGroupWorld) => Promise<void>;

/** So many members in service. */
async function inService(world: ModelGroupWorld, count: number): Promise<readonly string[]> {
  const ids = await launch(world, { count });
  for (const id of ids) {
    await world.atHook(id, 'launch');
    await world.fleet.complete('linux', id, 'launch', signal);
    await inState(world, id, 'InService');
  }
  return ids;
}

function stateOf(world: ModelGroupWorld, id: string): string | undefined {
  return world.truth().instances.find((one) => one.id === id)?.lifecycleState;
}

function inState(world: ModelGroupWorld, id: string, state: string): Promise<void> {
  return world.until(`${id} in ${state}`, () => stateOf(world, id) === state);
}

/** One that nobody answered for when it was to end. */
async function retained(world: ModelGroupWorld): Promise<string> {
  const [id = ''] = await inService(world, 1);
  await world.fleet.terminate([id], signal);
  await world.atHook(id, 'termination');
  const { autoScaling } = world.models;
  const answer = { group: world.group, hook: 'runtide-terminate', id };
  autoScaling.completeLifecycleAction({ ...answer, result: 'ABANDON' });
  await inState(world, id, 'Terminating:Retained');
  return id;
}

/** What listing and lookup say of where it stands; they must agree. */
async function standing(world: ModelGroupWorld, id: string): Promise<Instance['membership']> {
  const listed = (await world.fleet.list(signal)).find((one) => one.id === id);
  const [found] = await world.fleet.find([id], signal);
  expect(found?.membership).toEqual(listed?.membership);
  return listed?.membership;
}

function onDemand(world: ModelGroupWorld): readonly Offering[] {
  return world.offerings.map((one) => ({ ...one, market: 'on-demand' }));
}

async function markets(world: ModelGroupWorld): Promise<readonly string[]> {
  return (await world.fleet.list(signal)).map(({ offering }) => offering.market).toSorted();
}

/** What only members of groups can be in, and what only groups can be asked for. */
export const MEMBER_CASES: Readonly<Record<string, Case>> = {
  async 'says in lists and of single instances where each stands with its group'(world) {
    const { group } = world;
    const [id = ''] = await launch(world, { count: 1 });
    await world.atHook(id, 'launch');
    expect(await standing(world, id)).toEqual({ group, hook: 'launch' });
    await world.fleet.complete('linux', id, 'launch', signal);
    expect(stateOf(world, id)).toBe('Pending:Proceed');
    expect(await standing(world, id)).toEqual({ group });
    await inState(world, id, 'InService');
    expect(await standing(world, id)).toEqual({ group });
    await world.fleet.terminate([id], signal);
    await world.atHook(id, 'termination');
    expect(await standing(world, id)).toEqual({ group, hook: 'termination' });
    await world.fleet.complete('linux', id, 'termination', signal);
    expect(stateOf(world, id)).toBe('Terminating:Proceed');
    expect(await standing(world, id)).toEqual({ group, ending: true });
  },
  async 'ends one that is retained, and buys none for it'(world) {
    const id = await retained(world);
    expect(await standing(world, id)).toEqual({ group: world.group, retained: true });
    await world.fleet.terminate([id], signal);
    await world.reach(id, 'terminated');
    await world.models.clock.advance(minutes(2));
    expect(await reading(world)).toMatchObject({ instances: [], desired: 0, ordered: 0 });
  },
  async 'lists one that EC2 has ended while its group waits for a word about it'(world) {
    const [id = ''] = await inService(world, 1);
    await world.fleet.terminate([id], signal);
    await world.atHook(id, 'termination');
    world.models.ec2.terminateInstances([id]);
    await world.reach(id, 'terminated');
    expect(await world.fleet.list(signal)).toMatchObject([
      { id, state: 'terminated', membership: { group: world.group, hook: 'termination' } },
    ]);
    await world.fleet.complete('linux', id, 'termination', signal);
    await world.models.clock.advance(seconds(30));
    expect(await world.fleet.list(signal)).toEqual([]);
  },
  async 'has the group wait on at the gate, hour after hour'(world) {
    const [id = ''] = await launch(world, { count: 1 });
    await world.atHook(id, 'launch');
    for (let beat = 0; beat < 3; beat++) {
      await world.models.clock.advance(minutes(50));
      await world.fleet.heartbeat('linux', id, 'launch', signal);
    }
    expect(stateOf(world, id)).toBe('Pending:Wait');
    await world.models.clock.advance(minutes(61));
    expect(stateOf(world, id)).not.toBe('Pending:Wait');
  },
  async 'has the group wait on before it ends one, hour after hour'(world) {
    const [id = ''] = await inService(world, 1);
    await world.fleet.terminate([id], signal);
    await world.atHook(id, 'termination');
    for (let beat = 0; beat < 3; beat++) {
      await world.models.clock.advance(minutes(50));
      await world.fleet.heartbeat('linux', id, 'termination', signal);
    }
    expect(stateOf(world, id)).toBe('Terminating:Wait');
    await world.models.clock.advance(minutes(61));
    expect(stateOf(world, id)).toBe('Terminating:Retained');
  },
  async 'wants no fewer where there are more than it wants'(world) {
    const [id = ''] = await inService(world, 2);
    await world.models.clock.advance(minutes(2));
    const { autoScaling } = world.models;
    autoScaling.setDesiredCapacity({ group: world.group, desiredCapacity: 1 });
    await world.models.clock.advance(minutes(1));
    expect(world.truth().instances).toHaveLength(2);
    await world.fleet.terminate([id], signal);
    expect(world.truth().desiredCapacity).toBe(1);
  },
  async 'takes back no more than the group may want least'(world) {
    await launch(world, { count: 1 });
    world.runShort(100);
    await world.fleet.launch(await launchRequest(world, { count: 4 }), signal);
    await world.edit({ min: 3 });
    await world.fleet.cancel('linux', 9, signal);
    expect(world.truth().desiredCapacity).toBe(3);
  },
  async 'buys of each market what was ordered, and has none replaced'(world) {
    const spot = await inService(world, 2);
    await world.fleet.launch(await launchRequest(world, { count: 2, offerings: onDemand(world) }), signal);
    await world.fill(4);
    expect(await markets(world)).toEqual(['on-demand', 'on-demand', 'spot', 'spot']);
    await world.fleet.launch(await launchRequest(world, { count: 1 }), signal);
    await world.fill(5);
    expect(await markets(world)).toEqual(['on-demand', 'on-demand', 'spot', 'spot', 'spot']);
    await world.models.clock.advance(minutes(30));
    expect(world.truth().mixedInstancesPolicy?.distribution).toMatchObject({
      onDemandBaseCapacity: 2,
      onDemandPercentageAboveBaseCapacity: 0,
    });
    for (const id of spot) expect(stateOf(world, id)).toBe('InService');
  },
  async 'says of which market nothing can be had'(world) {
    world.runShort(100);
    await world.fleet.launch(await launchRequest(world, { count: 1, offerings: onDemand(world) }), signal);
    await world.tryInVain();
    const { failure } = await reading(world);
    expect(failure?.offerings?.length).toBeGreaterThan(0);
    for (const { market } of failure?.offerings ?? []) expect(market).toBe('on-demand');
  },
  async 'blames no offering for a launch template that is gone'(world) {
    const asked = await launchRequest(world, { count: 1 });
    await world.fleet.launch(asked, signal);
    world.models.ec2.deleteLaunchTemplate({ id: asked.template.id });
    await world.tryInVain();
    const { failure, ordered } = await reading(world);
    expect(ordered).toBe(1);
    expect(failure).toMatchObject({
      code: expect.stringMatching(/Template/),
      message: expect.stringMatching(/template/i),
    });
    expect(failure).not.toHaveProperty('offerings');
  },
  async 'refuses an order beyond what the group may have'(world) {
    const asked = await launchRequest(world, { count: 3 });
    await world.edit({ max: 2 });
    await expect(world.fleet.launch(asked, signal)).rejects.toSatisfy((error) =>
      isPortError(error, 'refused'),
    );
    expect(world.truth().desiredCapacity).toBe(0);
  },
  async 'is to slow down while the group is busy'(world) {
    const asked = await launchRequest(world, { count: 1 });
    const busy = new Ec2Error('ScalingActivityInProgress', 'a scaling activity is in progress');
    world.models.autoScaling.faults.refuse(busy, 1, 'SetDesiredCapacity');
    await expect(world.fleet.launch(asked, signal)).rejects.toSatisfy((error) =>
      isPortError(error, 'throttled'),
    );
    await world.fleet.launch(asked, signal);
    expect(world.truth().desiredCapacity).toBe(1);
  },
  async 'mends its hooks, its protection and what it may do by itself'(world) {
    const [id = ''] = await inService(world, 1);
    const { autoScaling, clock } = world.models;
    const { group } = world;
    autoScaling.deleteLifecycleHook(group, 'runtide-launch');
    autoScaling.resumeProcesses({ group, processes: ['AZRebalance'] });
    autoScaling.setInstanceProtection({ group, ids: [id], protectedFromScaleIn: false });
    await clock.advance(minutes(6));
    await world.fleet.list(signal);
    await world.fleet.prepare('linux', signal);
    const hooks = autoScaling.describeLifecycleHooks(group).map(({ name }) => name);
    expect(hooks.toSorted()).toEqual(['runtide-launch', 'runtide-terminate']);
    expect(world.truth().suspendedProcesses.map(({ name }) => name)).toEqual(['AZRebalance']);
    expect(world.truth().instances).toMatchObject([{ id, protectedFromScaleIn: true }]);
    expect(world.truth().desiredCapacity).toBe(1);
  },
  async 'changes nothing of a group that another installation has'(world) {
    await launch(world, { count: 1 });
    const before = world.truth();
    const request = await launchRequest(world, { count: 1 });
    const intruder = world.intruder();
    await expect(intruder.prepare('linux', signal)).rejects.toSatisfy((error) =>
      isPortError(error, 'refused'),
    );
    await expect(intruder.launch(request, signal)).rejects.toSatisfy((error) =>
      isPortError(error, 'refused'),
    );
    expect(world.truth()).toEqual(before);
  },
};

/** What every fleet of groups must do with members, where the models let a case bring them about. */
export function membersContract(name: string, make: () => Promise<ModelGroupWorld>): void {
  describe(`members of groups: ${name}`, () => {
    it.each(Object.entries(MEMBER_CASES))('%s', async (_title, body) => {
      expect.hasAssertions();
      await using world = await make();
      await body(world);
    });
  });
}
