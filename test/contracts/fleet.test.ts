import { ec2Client } from '../../src/adapters/aws/clients.ts';
import { ec2Fleet } from '../../src/adapters/aws/ec2-fleet.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { Ec2 } from '../../src/adapters/memory/ec2/ec2.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { Ssm } from '../../src/adapters/memory/ec2/ssm.ts';
import { MemoryFleet } from '../../src/adapters/memory/fleet.ts';
import { seconds } from '../../src/engine/time.ts';
import { startAws } from '../../src/sandbox/aws/server.ts';
import { fleetContract } from './fleet.contract.ts';
import { modelLevers } from './model-levers.ts';

const IMAGE = defaultPlace.images[0]?.id ?? '';
const GROUP = defaultPlace.securityGroups[0]?.id ?? '';

fleetContract('memory', async () => {
  const clock = new VirtualClock();
  const ec2 = new Ec2({ timers: clock, seed: 7 });
  const open = () => new MemoryFleet({ ec2, installation: 'test', imageId: IMAGE });
  return {
    ...modelLevers(ec2, clock),
    fleet: open(),
    reopen: open,
    async [Symbol.asyncDispose]() {},
  };
});

fleetContract('ec2-fleet over the AWS double', async () => {
  const clock = new VirtualClock();
  const ec2 = new Ec2({ timers: clock, seed: 7 });
  const log = { error: (details: object, message: string) => expectNothing(details, message) };
  const aws = await startAws({ model: ec2, ssm: new Ssm(clock, 7), timers: clock, log });
  const client = ec2Client({
    region: defaultPlace.region,
    endpoints: { ec2: aws.url },
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
  });
  const open = () =>
    ec2Fleet({
      ec2: client,
      installation: 'test',
      tags: () => ({ CostCenter: '42' }),
      pools: () => ({
        linux: {
          generation: 'g1',
          imageId: IMAGE,
          securityGroups: [GROUP],
          profile: 'runtide-instance',
          userData: '#!/bin/sh\n',
        },
      }),
      timeout: seconds(10),
      note: (message) => expectNothing({}, message),
    });
  return {
    ...modelLevers(ec2, clock),
    fleet: open(),
    reopen: open,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await aws.close();
    },
  };
});

function expectNothing(details: object, message: string): void {
  throw new Error(`unexpected: ${message} ${JSON.stringify(details)}`);
}
