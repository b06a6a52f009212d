import { expect, inject } from 'vitest';
import { ec2Client } from '../../src/adapters/aws/clients.ts';
import { ec2Fleet } from '../../src/adapters/aws/ec2-fleet.ts';
import type { Fleet } from '../../src/controller/ports.ts';
import { isPortError } from '../../src/controller/errors.ts';
import { seconds } from '../../src/engine/time.ts';
import {
  type FleetDifference,
  fleetContract,
  type FleetWorld,
  launchRequest,
} from '../contracts/fleet.contract.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { resetMoto } from './moto.ts';
import { motoPlace } from './moto-place.ts';

const signal = new AbortController().signal;

/** Where moto knows no capacity errors, every instance that is asked for is given. */
async function givesAll(world: FleetWorld, count: number): Promise<void> {
  world.runShort(count - 1);
  const { launched, shortfalls } = await world.fleet.launch(await launchRequest(world, { count }), signal);
  expect(launched).toHaveLength(count);
  expect(shortfalls).toEqual([]);
}

/**
 * Where moto is known not to be like EC2. Each entry is a case of the contract that fails against moto, why,
 * and what moto does instead; a moto that learns it makes the entry fail.
 */
const DIFFERENCES: Readonly<Record<string, FleetDifference>> = {
  'answers the same request again with the same instances': {
    because:
      'moto reads no ClientToken of CreateFleet (moto/ec2/responses/fleets.py): the same token buys again',
    async instead(world) {
      const { fleet } = world;
      const asked = await launchRequest(world);
      const first = await fleet.launch(asked, signal);
      const again = await fleet.launch(asked, signal);
      const ids = [...first.launched, ...again.launched].map(({ id }) => id);
      expect(new Set(ids).size).toBe(6);
      expect(await fleet.list(signal)).toHaveLength(6);
    },
  },
  'finds the instances of a launch whose answer was lost': {
    because: 'moto reads no ClientToken of CreateFleet (moto/ec2/responses/fleets.py): the replay buys again',
    async instead(world) {
      const asked = await launchRequest(world);
      world.loseAnswer();
      await expect(world.fleet.launch(asked, signal)).rejects.toSatisfy((error) =>
        isPortError(error, 'unreachable'),
      );
      // The first purchase did happen: its machines are there to be found by their tag.
      expect(await world.fleet.list(signal)).toHaveLength(3);
      const { launched } = await world.fleet.launch(asked, signal);
      expect(launched).toHaveLength(3);
      expect(await world.fleet.list(signal)).toHaveLength(6);
    },
  },
  'gives what there is and says what is short': {
    because: 'moto has capacity without end: its CreateFleet never has errors (moto/ec2/models/fleets.py)',
    instead: (world) => givesAll(world, 5),
  },
  'answers with shortfalls alone when nothing can be given': {
    because: 'moto has capacity without end: its CreateFleet never has errors (moto/ec2/models/fleets.py)',
    instead: (world) => givesAll(world, 3),
  },
  'says in lists and of single instances which of them the cloud takes': {
    because:
      'moto gives spot instances of a fleet no spot requests (moto/ec2/models/fleets.py), and interrupts nothing',
    async instead(world) {
      const { fleet } = world;
      const { launched } = await fleet.launch(await launchRequest(world), signal);
      for (const { id } of launched) await world.interrupt(id);
      expect((await fleet.list(signal)).map(({ interruption }) => interruption)).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    },
  },
  'reads the console: empty at first, then what the machine said': {
    because:
      'moto answers every GetConsoleOutput with the boot of an old Xen kernel (moto/ec2/responses/general.py)',
    async instead(world) {
      const { fleet } = world;
      const { launched } = await fleet.launch(await launchRequest(world), signal);
      for (const { id } of launched) {
        expect(await fleet.console(id, signal)).toMatch(/^Linux version 2\.6\.16-xenU/);
      }
    },
  },
};

function reachIn(fleet: Fleet): FleetWorld['reach'] {
  return async (id, state) => {
    // Nothing takes time in moto: an instance is where it is going as soon as it was asked to.
    const [instance] = await fleet.find([id], signal);
    expect(instance?.state).toBe(state);
  };
}

fleetContract(
  'ec2-fleet over moto',
  async () => {
    const moto = inject('motoUrl');
    await resetMoto(moto);
    const proxy = await startFaultProxy(moto);
    const ec2 = ec2Client({
      region: 'eu-central-1',
      endpoints: { ec2: proxy.url },
      credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
    });
    const { image, subnets, group } = await motoPlace(ec2);
    const open = () =>
      ec2Fleet({
        ec2,
        installation: 'test',
        tags: () => ({ CostCenter: '42' }),
        pools: () => ({
          linux: {
            generation: 'g1',
            imageId: image,
            securityGroups: [group],
            profile: 'runtide-instance',
            userData: '#!/bin/sh\n',
          },
        }),
        timeout: seconds(30),
        note: (message) => {
          throw new Error(`unexpected: ${message}`);
        },
      });
    const fleet = open();
    return {
      fleet,
      reopen: open,
      offerings: subnets.map((subnet) => ({ instanceType: 'm7i.large', subnet, market: 'spot' })),
      reach: reachIn(fleet),
      // Moto has no lever for these three: what it does instead is in the table above.
      runShort: () => undefined,
      interrupt: async () => undefined,
      say: async () => undefined,
      loseAnswer: () => proxy.loseAnswer('CreateFleet'),
      throttle: () => proxy.throttle(),
      async [Symbol.asyncDispose]() {
        ec2.destroy();
        await proxy[Symbol.asyncDispose]();
      },
    };
  },
  DIFFERENCES,
);
