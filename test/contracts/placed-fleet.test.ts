import { describe, expect, it } from 'vitest';
import { ec2Client, ssmClient } from '../../src/adapters/aws/clients.ts';
import { ec2Fleet } from '../../src/adapters/aws/ec2-fleet.ts';
import { FoundImage } from '../../src/adapters/aws/machine-image.ts';
import type { Machines } from '../../src/adapters/aws/machine-parts.ts';
import { readParameter } from '../../src/adapters/aws/parameters.ts';
import { placedFleet } from '../../src/adapters/aws/placed-fleet.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { Ec2 } from '../../src/adapters/memory/ec2/ec2.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { Ssm } from '../../src/adapters/memory/ec2/ssm.ts';
import { instant, seconds } from '../../src/engine/time.ts';
import type { Exchange } from '../../src/sandbox/aws/exchange.ts';
import { startAws } from '../../src/sandbox/aws/server.ts';
import { Sts } from '../../src/sandbox/aws/sts.ts';
import { fleetContract, launchRequest } from './fleet.contract.ts';
import { modelLevers } from './model-levers.ts';

const [X86, ARM] = defaultPlace.images;
const GROUP = defaultPlace.securityGroups[0]?.id ?? '';
const HOME = defaultPlace.account;
const OTHER = '222222222222';
const ROLE = `arn:aws:iam::${OTHER}:role/runtide`;
const PARAMETER = '/acme/image';
const NEVER = new AbortController().signal;

function note(message: string): void {
  unexpected({}, message);
}

function unexpected(details: object, message: string): void {
  throw new Error(`unexpected: ${message} ${JSON.stringify(details)}`);
}

/** What one region of one account holds. */
function contentOf(account: string, region: string, seed: number, clock: VirtualClock) {
  const ssm = new Ssm(clock, seed);
  ssm.putParameter({ name: PARAMETER, value: X86?.id ?? '' });
  const place = { ...defaultPlace, account, region };
  return { model: new Ec2({ timers: clock, seed, place }), ssm };
}

interface Reach {
  readonly url: string;
  readonly region: string;
  readonly role?: string;
}

/** A fleet whose pool is `pool`, and the clients that it speaks with. */
function fleetIn({ url, region, role }: Reach, pool: string, clock: VirtualClock) {
  const access = {
    region,
    endpoints: { ec2: url, ssm: url, sts: url },
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
    ...(role !== undefined && { role: { arn: role, session: 'runtide-test' } }),
  };
  const ec2 = ec2Client(access);
  const parameters = ssmClient(access);
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
    pools: [pool],
    fleet: open(),
    open,
    close: () => {
      ec2.destroy();
      parameters.destroy();
    },
  };
}

/** Pool `other` in the home account, and pool `linux` in another region of another account, by a role. */
async function twoPlaces() {
  const clock = new VirtualClock();
  // The SDK measures the end of a session by the clock of this machine.
  const farOff = new VirtualClock(instant(Date.UTC(2100, 0, 1)));
  const near = contentOf(HOME, 'eu-central-1', 7, clock);
  const far = contentOf(OTHER, 'eu-west-1', 8, clock);
  const seen: Exchange[] = [];
  const aws = await startAws({
    ...near,
    elsewhere: [far],
    sts: new Sts({ timers: farOff, seed: 7, account: HOME, roles: [{ arn: ROLE }] }),
    timers: clock,
    log: { error: unexpected },
    observe: (exchange) => seen.push(exchange),
  });
  const { url } = aws;
  const places = [
    fleetIn({ url, region: 'eu-central-1' }, 'other', clock),
    fleetIn({ url, region: 'eu-west-1', role: ROLE }, 'linux', clock),
  ];
  return {
    ...modelLevers(far.model, clock),
    near,
    far,
    clock,
    seen,
    fleet: placedFleet(places),
    reopen: () => placedFleet(places.map((place) => ({ ...place, fleet: place.open() }))),
    async [Symbol.asyncDispose]() {
      for (const { close } of places) close();
      await aws.close();
    },
  };
}

fleetContract('ec2-fleets in two regions of two accounts over the AWS double', twoPlaces);

describe('pools in two regions of two accounts', () => {
  it('are bought each in their own, of the image that is found there, with a volume of their own', async () => {
    await using world = await twoPlaces();
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

  it('are reached each with its own credentials: the role is assumed once for all calls to EC2', async () => {
    await using world = await twoPlaces();
    const { fleet, seen } = world;
    await fleet.prepare('other', NEVER);
    const { launched } = await fleet.launch(await launchRequest(world, { count: 2 }), NEVER);
    await fleet.list(NEVER);
    await fleet.drain(
      launched.map(({ id }) => id),
      'idle',
      instant(0),
      NEVER,
    );
    const callers = (service: Exchange['service']) =>
      Object.fromEntries(
        Map.groupBy(
          seen.filter((exchange) => exchange.service === service),
          ({ caller = 'nobody' }) => caller,
        ),
      );
    const user = `arn:aws:iam::${HOME}:user/sandbox`;
    const role = `arn:aws:sts::${OTHER}:assumed-role/runtide/runtide-test`;
    expect(Object.keys(callers('ec2')).toSorted()).toEqual([user, role]);
    expect(callers('ec2')[role]?.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['CreateLaunchTemplate', 'CreateFleet', 'DescribeInstances', 'CreateTags']),
    );
    expect(callers('ec2')[user]?.map(({ action }) => action)).not.toContain('CreateFleet');
    // One for EC2, and one for the parameters of the image.
    expect(seen.filter(({ service }) => service === 'sts')).toHaveLength(2);
    expect(Object.keys(callers('sts'))).toEqual([user]);
  });

  it('drift when the image that they follow changes, an hour later and not before', async () => {
    await using world = await twoPlaces();
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
