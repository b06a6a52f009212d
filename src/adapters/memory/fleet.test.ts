import { describe, expect, it } from 'vitest';
import { isPortError } from '../../controller/errors.ts';
import type { LaunchRequest } from '../../controller/ports.ts';
import { instant, minutes, seconds } from '../../engine/time.ts';
import { VirtualClock } from './clock.ts';
import { Ec2 } from './ec2/ec2.ts';
import { defaultPlace } from './ec2/place.ts';
import { FLEET_TAG, MemoryFleet } from './fleet.ts';

const START = instant(Date.UTC(2026, 0, 5, 8));
const SUBNET = defaultPlace.subnets[0]?.id ?? '';
const OFFERING = { instanceType: 'm7i.large', subnet: SUBNET, market: 'spot' } as const;

/** A fleet over a model of EC2, and a launch of two instances by it. */
function scene(listingLag = seconds(0)) {
  const clock = new VirtualClock(START);
  const ec2 = new Ec2({
    timers: clock,
    seed: 3,
    listingLag,
    pendingFor: seconds(5),
    shutdownFor: seconds(5),
  });
  const of = (installation: string) =>
    new MemoryFleet({ ec2, installation, imageId: defaultPlace.images[0]?.id ?? '' });
  const fleet = of('test');
  const request = async (over: Partial<LaunchRequest> = {}): Promise<LaunchRequest> => ({
    launchId: 'l-1',
    pool: 'linux',
    count: 2,
    offerings: [OFFERING],
    slots: 3,
    generation: 'g7',
    template: await fleet.prepare('linux'),
    ...over,
  });
  const launch = async (over: Partial<LaunchRequest> = {}) => {
    const { launched } = await fleet.launch(await request(over));
    return launched.map(({ id }) => id);
  };
  return { clock, ec2, fleet, of, request, launch };
}

describe('an instance of the memory fleet', () => {
  it('is read back from its tags and from EC2', async () => {
    const { fleet, launch } = scene();
    const ids = await launch();
    const expected = ids.map((id) => ({
      id,
      pool: 'linux',
      launchId: 'l-1',
      state: 'pending',
      launchedAt: START,
      slots: 3,
      generation: 'g7',
      offering: OFFERING,
    }));
    expect(await fleet.list()).toEqual(expected);
    expect(await fleet.find(ids)).toEqual(expected);
  });

  it('carries the drain that it was asked for', async () => {
    const { fleet, launch, ec2 } = scene();
    const [id = ''] = await launch({ count: 1 });
    await fleet.drain([id], 'drifted', instant(START + 5));
    expect(ec2.instance(id)?.tags.get(FLEET_TAG.drain)).toBe(`drifted@${START + 5}`);
    expect((await fleet.list())[0]?.drain).toEqual({ because: 'drifted', at: START + 5 });
  });

  it('carries a drain that somebody else wrote as asked for', async () => {
    const { fleet, launch, ec2 } = scene();
    const [id = ''] = await launch({ count: 1 });
    ec2.createTags([id], [{ key: FLEET_TAG.drain, value: 'please' }]);
    expect((await fleet.list())[0]?.drain).toEqual({ because: 'asked', at: 0 });
  });

  it('carries its interruption, from the notice until it is gone', async () => {
    const { fleet, launch, ec2, clock } = scene();
    const [id = ''] = await launch({ count: 1 });
    await clock.advance(seconds(30));
    ec2.interrupt(id, minutes(2));
    expect((await fleet.list())[0]?.interruption).toEqual({ kind: 'interruption', at: START + 30_000 });
    await clock.advance(seconds(121));
    expect((await fleet.find([id]))[0]).toMatchObject({
      state: 'shutting-down',
      interruption: { kind: 'interruption', at: START + 150_000 },
    });
  });

  it('is listed also while nobody says which are taken', async () => {
    const { fleet, launch, ec2, clock } = scene();
    const [id = ''] = await launch({ count: 1 });
    await clock.advance(seconds(30));
    ec2.interrupt(id, minutes(2));
    ec2.faults.throttle(1, 'DescribeSpotInstanceRequests');
    expect((await fleet.list()).map(({ interruption }) => interruption)).toEqual([undefined]);
    expect((await fleet.list()).map(({ interruption }) => interruption?.at)).toEqual([START + 30_000]);
  });
});

describe('listing', () => {
  it('shows this installation alone, and no terminated instance', async () => {
    const { fleet, of, launch, clock } = scene();
    const [first = '', second = ''] = await launch();
    expect(await of('other').list()).toEqual([]);
    await clock.advance(seconds(10));
    await fleet.terminate([first]);
    const states = async () => (await fleet.list()).map(({ id, state }) => [id, state]);
    expect(await states()).toEqual([
      [first, 'shutting-down'],
      [second, 'running'],
    ]);
    await clock.advance(seconds(10));
    expect(await states()).toEqual([[second, 'running']]);
    expect((await fleet.find([first])).map(({ state }) => state)).toEqual(['terminated']);
  });

  it('lags as EC2 does, and looking up leaves out what EC2 does not know yet', async () => {
    const { fleet, launch, clock } = scene(seconds(30));
    const ids = await launch();
    expect([await fleet.list(), await fleet.find(ids)]).toEqual([[], []]);
    await clock.advance(seconds(30));
    expect((await fleet.list()).map(({ id }) => id)).toEqual(ids);
    expect((await fleet.find([...ids, 'i-00000000000000000'])).map(({ id }) => id)).toEqual(ids);
  });
});

describe('launching', () => {
  it('prepares one template a pool, which ends machines that power off', async () => {
    const { fleet, ec2 } = scene();
    const linux = await fleet.prepare('linux');
    expect(await fleet.prepare('linux')).toEqual(linux);
    expect((await fleet.prepare('arm')).id).not.toBe(linux.id);
    expect(ec2.calls()['CreateLaunchTemplate']).toBe(2);
    const [version] = ec2.describeLaunchTemplateVersions({ id: linux.id }).items;
    expect(version?.data.instanceInitiatedShutdownBehavior).toBe('terminate');
  });

  it('tells what each shortfall was about', async () => {
    const { fleet, ec2, request } = scene();
    ec2.faults.shortage({ code: 'InsufficientInstanceCapacity', subnet: SUBNET });
    const { launched, shortfalls } = await fleet.launch(await request());
    expect(launched).toEqual([]);
    expect(shortfalls.map(({ code, offering }) => ({ code, offering }))).toEqual([
      { code: 'InsufficientInstanceCapacity', offering: OFFERING },
    ]);
  });

  it('buys on demand where the offering says so', async () => {
    const { launch, ec2 } = scene();
    const [id = ''] = await launch({ count: 1, offerings: [{ ...OFFERING, market: 'on-demand' }] });
    expect(ec2.instance(id)?.market).toBe('on-demand');
  });
});

/** The kind and the beginning of what a call fails with. */
async function thrown(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(() => undefined).catch((refusal: unknown) => refusal);
  return isPortError(error)
    ? `${error.kind}: ${error.message.split(': ').slice(0, 2).join(': ')}`
    : String(error);
}

describe('what EC2 refuses', () => {
  it('comes as a failure of the port, with its code', async () => {
    const { fleet, ec2, request } = scene();
    const asked = await request();
    ec2.faults.throttle(1, 'CreateFleet');
    expect(await thrown(fleet.launch(asked))).toBe('throttled: launching instances: RequestLimitExceeded');
    ec2.faults.loseAnswers(1);
    expect(await thrown(fleet.launch(asked))).toBe('unreachable: launching instances: CreateFleet');
    expect(await thrown(fleet.launch({ ...asked, launchId: 'l-2', count: 0 }))).toBe(
      'refused: launching instances: InvalidParameterValue',
    );
    ec2.faults.outage = 'unavailable';
    expect(await thrown(fleet.list())).toBe('unavailable: listing instances: Unavailable');
    ec2.faults.outage = 'unreachable';
    expect(await thrown(fleet.list())).toBe('unreachable: listing instances: DescribeInstances');
  });

  it('is no failure where the instance is gone', async () => {
    const { fleet, clock, launch } = scene();
    const gone = 'i-00000000000000000';
    const [id = ''] = await launch({ count: 1 });
    await clock.advance(seconds(10));
    await fleet.drain([gone], 'idle', START);
    await fleet.terminate([gone, id]);
    expect((await fleet.list()).map(({ state }) => state)).toEqual(['shutting-down']);
    await fleet.terminate([id]);
    expect(await thrown(fleet.console(gone))).toBe(
      'refused: reading the console: InvalidInstanceID.NotFound',
    );
  });

  it('is a failure where only the call was refused', async () => {
    const { fleet, ec2, launch } = scene();
    const [id = ''] = await launch({ count: 1 });
    ec2.faults.throttle(1, 'CreateTags');
    expect(await thrown(fleet.drain([id], 'idle', START))).toBe(
      'throttled: asking instances to drain: RequestLimitExceeded',
    );
    expect((await fleet.list())[0]?.drain).toBeUndefined();
  });
});

it('the console is what the machine wrote', async () => {
  const { fleet, ec2, clock, launch } = scene();
  const [id = ''] = await launch({ count: 1 });
  await clock.advance(seconds(10));
  expect(await fleet.console(id)).toBe('');
  ec2.appendConsole(id, 'runtide: ready\n');
  expect(await fleet.console(id)).toBe('runtide: ready\n');
});
