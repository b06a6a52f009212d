import { describe, expect, it } from 'vitest';
import { ec2Client, ssmClient } from '../../src/adapters/aws/clients.ts';
import { ec2Fleet } from '../../src/adapters/aws/ec2-fleet.ts';
import { FoundImage } from '../../src/adapters/aws/machine-image.ts';
import type { Machines } from '../../src/adapters/aws/machine-parts.ts';
import { readParameter } from '../../src/adapters/aws/parameters.ts';
import { placedFleet } from '../../src/adapters/aws/placed-fleet.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { Ec2 } from '../../src/adapters/memory/ec2/ec2.ts';
import { stateOf } from '../../src/adapters/memory/ec2/instance-record.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { Ssm } from '../../src/adapters/memory/ec2/ssm.ts';
import { seconds } from '../../src/engine/time.ts';
import { startAws } from '../../src/sandbox/aws/server.ts';
import { fleetContract, launchRequest } from './fleet.contract.ts';

const [X86, ARM] = defaultPlace.images;
const GROUP = defaultPlace.securityGroups[0]?.id ?? '';
const PARAMETER = '/acme/image';
const NEVER = new AbortController().signal;

function unexpected(details: object, message: string): void {
  throw new Error(`unexpected: ${message} ${JSON.stringify(details)}`);
}

/** One region of the double and a fleet for it whose pool is `pool`. */
async function region(name: string, pool: string, seed: number, clock: VirtualClock) {
  const place = { ...defaultPlace, region: name };
  const model = new Ec2({ timers: clock, seed, place });
  const ssm = new Ssm(clock, seed);
  ssm.putParameter({ name: PARAMETER, value: X86?.id ?? '' });
  const aws = await startAws({ model, ssm, timers: clock, log: { error: unexpected } });
  const access = {
    region: name,
    endpoints: { ec2: aws.url, ssm: aws.url },
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
  };
  const ec2 = ec2Client(access);
  const parameters = ssmClient(access);
  const note = (message: string): void => unexpected({}, message);
  const machines: Machines = {
    generation: 'g1',
    image: new FoundImage({
      query: { parameter: PARAMETER },
      follow: true,
      ec2,
      readParameter: (parameter, signal) => readParameter(parameters, parameter, signal, seconds(10)),
      now: () => clock.now(),
      note,
    }),
    securityGroups: [GROUP],
    profile: 'runtide-instance',
    userData: '#!/bin/sh\n',
    volume: { size: 50, throughput: 250 },
    architecture: 'amd64',
  };
  const options = { ec2, installation: 'test', tags: () => ({}), timeout: seconds(10), note };
  const open = () => ec2Fleet({ ...options, pools: () => ({ [pool]: machines }) });
  return {
    model,
    ssm,
    pools: [pool],
    fleet: open(),
    open,
    async [Symbol.asyncDispose]() {
      ec2.destroy();
      parameters.destroy();
      await aws.close();
    },
  };
}

async function twoRegions() {
  const clock = new VirtualClock();
  const near = await region('eu-central-1', 'other', 7, clock);
  const far = await region('eu-west-1', 'linux', 8, clock);
  const { model } = far;
  return {
    near,
    far,
    clock,
    fleet: placedFleet([near, far]),
    reopen: () => placedFleet([near, far].map((place) => ({ ...place, fleet: place.open() }))),
    offerings: defaultPlace.subnets.map(({ id }) => ({
      instanceType: 'm7i.large',
      subnet: id,
      market: 'spot' as const,
    })),
    async reach(id: string, state: string) {
      for (let second = 0; second < 600; second++) {
        const record = model.instance(id);
        if (record !== undefined && stateOf(record) === state) return;
        await clock.advance(seconds(1));
      }
      throw new Error(`${id} never became ${state}`);
    },
    runShort: (count: number) =>
      void model.faults.shortage({ code: 'InsufficientInstanceCapacity', next: count }),
    loseAnswer: () => model.faults.loseAnswers(1),
    throttle: () => model.faults.throttle(1),
    async say(id: string, text: string) {
      model.appendConsole(id, text);
    },
    async [Symbol.asyncDispose]() {
      await near[Symbol.asyncDispose]();
      await far[Symbol.asyncDispose]();
    },
  };
}

fleetContract('ec2-fleets in two regions over the AWS double', twoRegions);

describe('pools in two regions', () => {
  it('are bought each in their own, of the image that is found there, with a volume of their own', async () => {
    await using world = await twoRegions();
    const near = await world.fleet.launch(
      await launchRequest(world, {
        pool: 'other',
        count: 1,
        template: await world.fleet.prepare('other', NEVER),
      }),
      NEVER,
    );
    const far = await world.fleet.launch(await launchRequest(world, { count: 2 }), NEVER);
    expect(world.near.model.instances().map(({ id }) => id)).toEqual(near.launched.map(({ id }) => id));
    expect(world.far.model.instances().map(({ id }) => id)).toEqual(far.launched.map(({ id }) => id));
    expect(await world.fleet.list(NEVER)).toHaveLength(3);
    const [template] = world.far.model.describeLaunchTemplateVersions({ name: 'runtide-test-linux' }).items;
    expect(template?.data).toMatchObject({
      imageId: X86?.id,
      blockDevices: [
        {
          deviceName: X86?.rootDevice,
          ebs: { volumeType: 'gp3', volumeSize: 50, throughput: 250, encrypted: true },
        },
      ],
    });
  });

  it('drift when the image that they follow changes, an hour later and not before', async () => {
    await using world = await twoRegions();
    const request = await launchRequest(world, { count: 1 });
    await world.fleet.launch(request, NEVER);
    world.far.ssm.putParameter({ name: PARAMETER, value: ARM?.id ?? '', overwrite: true });
    const generations = async (): Promise<readonly string[]> =>
      (await world.fleet.list(NEVER)).map(({ generation }) => generation);
    expect(await generations()).toEqual(['g1']);
    await world.clock.advance(seconds(3600));
    expect(await generations()).toEqual([`g1 of ${X86?.id}`]);
    await expect(world.fleet.prepare('linux', NEVER)).rejects.toThrow(
      'is for arm64, and the instance types are amd64',
    );
  });
});
