import type { VirtualClock } from '../../src/adapters/memory/clock.ts';
import type { Ec2 } from '../../src/adapters/memory/ec2/ec2.ts';
import { stateOf } from '../../src/adapters/memory/ec2/instance-record.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { seconds } from '../../src/engine/time.ts';
import type { FleetWorld } from './fleet.contract.ts';

/** What a case of the contract may do to the cloud. */
export type Levers = Omit<FleetWorld, 'fleet' | 'reopen' | typeof Symbol.asyncDispose>;

/** The levers of every fleet that stands on the model of EC2, in virtual time. */
export function modelLevers(ec2: Ec2, clock: VirtualClock): Levers {
  return {
    offerings: defaultPlace.subnets.map(({ id }) => ({
      instanceType: 'm7i.large',
      subnet: id,
      market: 'spot',
    })),
    async reach(id, state) {
      for (let second = 0; second < 600; second++) {
        const record = ec2.instance(id);
        if (record !== undefined && stateOf(record) === state) return;
        await clock.advance(seconds(1));
      }
      throw new Error(`${id} never became ${state}`);
    },
    runShort: (count) => void ec2.faults.shortage({ code: 'InsufficientInstanceCapacity', next: count }),
    loseAnswer: () => ec2.faults.loseAnswers(1),
    throttle: () => ec2.faults.throttle(1),
    interrupt: async (id) => ec2.interrupt(id),
    async say(id, text) {
      ec2.appendConsole(id, text);
    },
  };
}
