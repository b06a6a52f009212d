import { expect } from 'vitest';
import { PortError } from '../../src/controller/errors.ts';
import { type FleetDifference, launch } from '../contracts/fleet.contract.ts';
import { type GroupWorld, reading } from '../contracts/groups.contract.ts';

/** The group of the pool `linux`. */
export const GROUP = 'runtide-test-linux';

const signal = new AbortController().signal;

/** Members are there as soon as they are ordered, and none is ever short. */
async function givesAll(world: GroupWorld): Promise<void> {
  world.runShort(100);
  expect(await launch(world, { count: 3 })).toHaveLength(3);
  const read = await reading(world);
  expect(read).toMatchObject({ desired: 3, ordered: 0 });
  expect(read).not.toHaveProperty('failure');
}

/** Its members are in service at once, and nobody can answer for them. */
async function waitsAtNoGate(world: GroupWorld): Promise<void> {
  const [id = ''] = await launch(world, { count: 1 });
  expect((await reading(world)).instances).toMatchObject([{ id, membership: { group: GROUP } }]);
  await expect(world.atHook(id, 'launch')).rejects.toThrow(`${id} is InService`);
  await expect(world.fleet.complete('linux', id, 'launch', signal)).rejects.toBeInstanceOf(PortError);
}

const ENDLESS = 'moto has capacity without end, and members at once (moto/autoscaling/models.py)';
const NO_WAITING =
  'hooks of moto are records that nothing waits at, and it knows no CompleteLifecycleAction (moto/autoscaling/responses.py)';

/**
 * Where groups of moto are known not to be like those of Auto Scaling: each case that fails, why, and what moto does
 * instead; a moto that learns it makes the entry fail.
 */
export const GROUP_DIFFERENCES: Readonly<Record<string, FleetDifference<GroupWorld>>> = {
  'lists what was launched, with everything that its tags say': {
    because: "moto launches by the template alone: it reads neither the policy's types nor its markets",
    async instead(world) {
      await launch(world, { count: 2 });
      const listed = await world.fleet.list(signal);
      expect(listed).toHaveLength(2);
      for (const instance of listed) {
        expect(instance).toMatchObject({ pool: 'linux', launchId: GROUP, slots: 2, generation: 'g1' });
        expect(instance.offering).toMatchObject({ instanceType: '', market: 'on-demand' });
      }
    },
  },
  'gives what there is and says what is short': { because: ENDLESS, instead: givesAll },
  'answers with shortfalls alone when nothing can be given': { because: ENDLESS, instead: givesAll },
  'tells of the group: its limits, what it was asked for, what has not come': {
    because: ENDLESS,
    instead: givesAll,
  },
  'takes back what has not come, and ends nothing': {
    because: ENDLESS,
    async instead(world) {
      await launch(world, { count: 2 });
      await world.fleet.cancel('linux', 9, signal);
      expect(await reading(world)).toMatchObject({ desired: 2, ordered: 0 });
      expect(await world.fleet.list(signal)).toHaveLength(2);
    },
  },
  'says in lists and of single instances which of them the cloud takes': {
    because: 'moto launches members on-demand, and interrupts nothing',
    async instead(world) {
      const [id = ''] = await launch(world, { count: 1 });
      await world.interrupt(id);
      const [instance] = await world.fleet.list(signal);
      expect(instance).toMatchObject({ id, offering: { market: 'on-demand' } });
      expect(instance).not.toHaveProperty('interruption');
    },
  },
  'terminates, also what is gone already': {
    because: NO_WAITING,
    async instead(world) {
      const [first = '', second = ''] = await launch(world, { count: 2 });
      await world.fleet.terminate([first, 'i-0123456789abcdef0'], signal);
      await world.fleet.terminate([first], signal);
      await world.fleet.terminate([], signal);
      await world.reach(first, 'terminated');
      expect((await world.fleet.list(signal)).map(({ id }) => id)).toEqual([second]);
      expect((await world.settings()).desired).toBe(1);
    },
  },
  'gives up what waits at the gate, and launches none for it': {
    because: NO_WAITING,
    instead: waitsAtNoGate,
  },
  'opens the gate, waits on at it, and takes a word too many for none': {
    because: NO_WAITING,
    instead: waitsAtNoGate,
  },
  'reads the console: empty at first, then what the machine said': {
    because:
      'moto answers every GetConsoleOutput with the boot of an old Xen kernel (moto/ec2/responses/general.py)',
    async instead(world) {
      const [id = ''] = await launch(world, { count: 1 });
      expect(await world.fleet.console(id, signal)).toMatch(/^Linux version 2\.6\.16-xenU/);
    },
  },
};
