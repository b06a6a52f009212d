import { GroupFleet } from '../../src/adapters/aws/auto-scaling/group-fleet.ts';
import { autoScalingClient, ec2Client } from '../../src/adapters/aws/clients.ts';
import { ec2Fleet } from '../../src/adapters/aws/ec2-fleet.ts';
import { AutoScaling } from '../../src/adapters/memory/auto-scaling/auto-scaling.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { Ec2 } from '../../src/adapters/memory/ec2/ec2.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { Ssm } from '../../src/adapters/memory/ec2/ssm.ts';
import { MemoryGroupFleet } from '../../src/adapters/memory/group-fleet/group-fleet.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { startAws } from '../../src/sandbox/aws/server.ts';
import { groupPools, linuxMachines } from '../support/group-pools.ts';
import { GROUP, groupLevers, type GroupModels, type ModelGroupWorld } from './group-levers.ts';
import { modelLevers } from './model-levers.ts';

function models(): GroupModels {
  const clock = new VirtualClock();
  const ec2 = new Ec2({ timers: clock, seed: 7 });
  return { clock, ec2, autoScaling: new AutoScaling({ timers: clock, ec2, seed: 7 }) };
}

/** `MemoryGroupFleet`, straight over the models. */
export async function memoryGroups(): Promise<ModelGroupWorld> {
  const made = models();
  const { clock, ec2, autoScaling } = made;
  const subnets = defaultPlace.subnets.map(({ id }) => id);
  const pools = { linux: { group: GROUP, subnets, most: 10, heartbeat: minutes(60) } };
  const imageId = defaultPlace.images[0]?.id ?? '';
  const open = (installation = 'test') =>
    new MemoryGroupFleet({ timers: clock, ec2, autoScaling, installation, imageId, pools: () => pools });
  const fleet = open();
  return {
    ...groupLevers(made, fleet),
    fleet,
    reopen: () => open(),
    intruder: () => open('other'),
    async [Symbol.asyncDispose]() {},
  };
}

/** `GroupFleet` by the SDK over the wire of the AWS double. */
export async function doubleGroups(): Promise<ModelGroupWorld> {
  const made = models();
  const { clock, ec2: model, autoScaling: groups } = made;
  const wrong: string[] = [];
  const log = {
    error: (details: object, message: string) => wrong.push(`${message} ${JSON.stringify(details)}`),
  };
  const aws = await startAws({ model, groups, ssm: new Ssm(clock, 7), timers: clock, log });
  const access = {
    region: defaultPlace.region,
    endpoints: { ec2: aws.url, autoScaling: aws.url },
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
  };
  const ec2 = ec2Client(access);
  const client = autoScalingClient(access);
  const { offerings } = modelLevers(model, clock);
  const open = (installation: string, attached: boolean) => {
    const shared = {
      ec2,
      installation,
      tags: () => ({ CostCenter: '42' }),
      timeout: seconds(10),
      note: () => undefined,
    };
    const fleet = ec2Fleet({ ...shared, pools: () => ({ linux: linuxMachines(defaultPlace) }) });
    const onDemand = offerings.map((one) => ({ ...one, market: 'on-demand' as const }));
    const pools = groupPools({ group: GROUP, attached, offerings: [...offerings, ...onDemand] });
    return new GroupFleet({ ...shared, client, fleet, groups: () => pools, now: () => clock.now() });
  };
  const fleet = open('test', false);
  return {
    ...groupLevers(made, fleet),
    fleet,
    reopen: () => open('test', false),
    intruder: () => open('other', true),
    async [Symbol.asyncDispose]() {
      ec2.destroy();
      client.destroy();
      await aws.close();
      if (wrong.length > 0) throw new Error(wrong.join('\n'));
    },
  };
}
