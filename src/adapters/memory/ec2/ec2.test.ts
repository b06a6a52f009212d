import { describe, expect, it } from 'vitest';
import { milliseconds, minutes, seconds } from '../../../engine/time.ts';
import { VirtualClock } from '../clock.ts';
import { seededRandom } from '../random.ts';
import { Ec2 } from './ec2.ts';
import type { Ec2Options } from './ec2-options.ts';
import { Ec2Error, LostAnswer } from './error.ts';
import type { FleetRequest } from './fleet-request.ts';
import type { LaunchTemplateData } from './launch-template.ts';
import { defaultPlace } from './place.ts';

const image = 'ami-0a000000000000001';
const [first = '', second = ''] = defaultPlace.subnets.map((subnet) => subnet.id);

function world(options: Partial<Ec2Options> = {}, data: LaunchTemplateData = {}) {
  const clock = new VirtualClock();
  const times = { pendingFor: seconds(5), shutdownFor: seconds(5) };
  const ec2 = new Ec2({ timers: clock, seed: 7, ...times, ...options });
  const template = ec2.createLaunchTemplate({
    name: 'pool',
    data: { imageId: image, instanceInitiatedShutdownBehavior: 'terminate', ...data },
  });
  const request = (change: Partial<FleetRequest> = {}): FleetRequest => ({
    configs: [
      {
        template: { id: template.id, version: '1' },
        overrides: [
          { instanceType: 'm7i.large', subnet: first, priority: 1 },
          { instanceType: 'c7i.large', subnet: second, priority: 2 },
        ],
      },
    ],
    count: 1,
    market: 'spot',
    spotStrategy: 'capacity-optimized-prioritized',
    ...change,
  });
  const launch = (change: Partial<FleetRequest> = {}): string[] =>
    ec2.createFleet(request(change)).instances.flatMap((one) => one.ids);
  return { clock, ec2, template, request, launch };
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Ec2Error ? error.code : String(error);
  }
  return 'no error';
}

function statesOf(ec2: Ec2): string[] {
  return ec2.describeInstances().items.map((one) => one.shown.state);
}

describe('the life of an instance', () => {
  it('goes from pending to running, and when ended through shutting-down to terminated', async () => {
    const { clock, ec2, launch } = world();
    const seen: string[] = [];
    ec2.onStateChange(({ from, to }) => seen.push(`${from} > ${to}`));
    const [id = ''] = launch();
    expect(id).toMatch(/^i-[0-9a-f]{17}$/);
    await clock.advance(milliseconds(4999));
    expect(statesOf(ec2)).toEqual(['pending']);
    await clock.advance(milliseconds(1));
    expect(ec2.terminateInstances([id])).toEqual([{ id, previous: 'running', current: 'shutting-down' }]);
    await clock.advance(seconds(5));
    expect(ec2.terminateInstances([id])).toEqual([{ id, previous: 'terminated', current: 'terminated' }]);
    expect(seen).toEqual([
      'undefined > pending',
      'pending > running',
      'running > shutting-down',
      'shutting-down > terminated',
    ]);
    const [shown] = ec2.describeInstances({ ids: [id] }).items;
    expect(shown?.shown.reason).toEqual({
      code: 'Client.UserInitiatedShutdown',
      message: 'Client.UserInitiatedShutdown: User initiated shutdown',
      transition: 'User initiated (2026-01-05 08:00:05 GMT)',
    });
  });

  it('never runs when it is ended while pending, and is not billed', async () => {
    const { clock, ec2, launch } = world();
    ec2.terminateInstances(launch());
    await clock.advance(minutes(1));
    expect(statesOf(ec2)).toEqual(['terminated']);
    expect(ec2.bills()).toEqual([]);
  });

  it('is billed from running to the end of running, also after it is forgotten', async () => {
    const { clock, ec2, launch } = world();
    const [id = ''] = launch();
    const start = clock.now();
    await clock.advance(minutes(10));
    ec2.terminateInstances([id]);
    await clock.advance(minutes(61));
    expect(codeOf(() => ec2.describeInstances({ ids: [id] }))).toBe('InvalidInstanceID.NotFound');
    expect(ec2.bills()).toEqual([
      {
        id,
        instanceType: 'm7i.large',
        market: 'spot',
        zone: 'eu-central-1a',
        runningFrom: start + 5000,
        endedAt: start + 600_000,
      },
    ]);
  });

  it('ends itself by power-off, or stops, as the template says', async () => {
    const ending = world();
    const [id = ''] = ending.launch();
    await ending.clock.advance(seconds(5));
    ending.ec2.powerOff(id);
    await ending.clock.advance(seconds(5));
    expect(statesOf(ending.ec2)).toEqual(['terminated']);
    expect(ending.ec2.instance(id)?.life.at(-1)?.reason?.code).toBe('Client.InstanceInitiatedShutdown');

    const stopping = world({}, { instanceInitiatedShutdownBehavior: 'stop' });
    const [other = ''] = stopping.launch();
    await stopping.clock.advance(seconds(5));
    stopping.ec2.powerOff(other);
    expect(statesOf(stopping.ec2)).toEqual(['stopping']);
    await stopping.clock.advance(seconds(5));
    expect(statesOf(stopping.ec2)).toEqual(['stopped']);
    stopping.ec2.terminateInstances([other]);
    await stopping.clock.advance(seconds(5));
    expect(statesOf(stopping.ec2)).toEqual(['terminated']);
  });

  it('stays shutting down while somebody holds it', async () => {
    const { clock, ec2, launch } = world();
    const [id = ''] = launch();
    const release = ec2.holdShutdown(id);
    ec2.terminateInstances([id]);
    await clock.advance(minutes(3));
    expect(statesOf(ec2)).toEqual(['shutting-down']);
    release();
    expect(statesOf(ec2)).toEqual(['terminated']);
  });

  it('is taken back after the notice of an interruption', async () => {
    const { clock, ec2, launch } = world();
    const notices: string[] = [];
    ec2.onNotice(({ id, notice }) => notices.push(`${id} ${notice}`));
    const [id = ''] = launch();
    await clock.advance(seconds(5));
    ec2.recommendRebalance(id);
    ec2.interrupt(id, minutes(2));
    expect(notices).toEqual([`${id} rebalance`, `${id} interruption`]);
    expect(ec2.instance(id)?.interruption?.at).toBe(clock.now() + 120_000);
    await clock.advance(minutes(2));
    expect(statesOf(ec2)).toEqual(['shutting-down']);
    expect(ec2.instance(id)?.life.at(-1)?.reason?.code).toBe('Server.SpotInstanceTermination');
  });

  it('is never interrupted on demand', () => {
    const { ec2, launch } = world();
    const [id = ''] = launch({ market: 'on-demand' });
    expect(codeOf(() => ec2.interrupt(id))).toBe('Unsupported');
  });
});

describe('naming instances', () => {
  it('refuses unknown and malformed ids, and then does nothing at all', () => {
    const { ec2, launch } = world();
    const [id = ''] = launch();
    expect(codeOf(() => ec2.terminateInstances([id, 'i-0123456789abcdef0']))).toBe(
      'InvalidInstanceID.NotFound',
    );
    expect(codeOf(() => ec2.terminateInstances([id, 'i-nonsense']))).toBe('InvalidInstanceID.Malformed');
    expect(codeOf(() => ec2.createTags(['i-0123456789abcdef0'], []))).toBe('InvalidInstanceID.NotFound');
    expect(codeOf(() => ec2.terminateInstances([]))).toBe('MissingParameter');
    expect(statesOf(ec2)).toEqual(['pending']);
  });

  it('does not know a new instance while the listing lags, and shows an ended one as running', async () => {
    const { clock, ec2, launch } = world({ listingLag: seconds(3) });
    const [id = ''] = launch();
    expect(ec2.describeInstances().items).toEqual([]);
    expect(codeOf(() => ec2.describeInstances({ ids: [id] }))).toBe('InvalidInstanceID.NotFound');
    expect(codeOf(() => ec2.terminateInstances([id]))).toBe('InvalidInstanceID.NotFound');
    await clock.advance(seconds(10));
    ec2.terminateInstances([id]);
    expect(statesOf(ec2)).toEqual(['running']);
    await clock.advance(seconds(3));
    expect(statesOf(ec2)).toEqual(['shutting-down']);
  });
});

describe('describing instances', () => {
  it('filters by tag, tag key, state and id, with wildcards and alternatives', async () => {
    const { clock, ec2, launch } = world();
    const [a = '', b = ''] = launch({
      count: 2,
      tagSpecifications: [{ resourceType: 'instance', tags: [{ key: 'pool', value: 'small' }] }],
    });
    await clock.advance(seconds(5));
    const [c = ''] = launch();
    ec2.createTags([b], [{ key: 'drain', value: 'idle' }]);
    const found = (name: string, ...values: string[]): string[] =>
      ec2.describeInstances({ filters: [{ name, values }] }).items.map((one) => one.record.id);
    expect(found('tag:pool', 'sm*')).toEqual([a, b]);
    expect(found('tag:pool', 'sma')).toEqual([]);
    expect(found('tag-key', 'drain')).toEqual([b]);
    expect(found('instance-state-name', 'pending')).toEqual([c]);
    expect(found('instance-state-name', 'pending', 'running')).toEqual([a, b, c]);
    expect(found('instance-id', a, c)).toEqual([a, c]);
    expect(codeOf(() => found('colour', 'red'))).toBe('InvalidParameterValue');
  });

  it('pages', () => {
    const { ec2, launch } = world();
    const ids = launch({ count: 12 });
    const seen: string[] = [];
    let nextToken: string | undefined;
    do {
      const answer = ec2.describeInstances({ maxResults: 5, nextToken });
      seen.push(...answer.items.map((one) => one.record.id));
      nextToken = answer.nextToken;
    } while (nextToken !== undefined);
    expect(seen).toEqual(ids);
    expect(codeOf(() => ec2.describeInstances({ maxResults: 4 }))).toBe('InvalidParameterValue');
    expect(codeOf(() => ec2.describeInstances({ maxResults: 5, ids }))).toBe('InvalidParameterCombination');
    expect(codeOf(() => ec2.describeInstances({ nextToken: 'what?' }))).toBe('InvalidNextToken');
  });
});

describe('the console', () => {
  it('keeps the last 64 KiB, in whole characters', () => {
    const { ec2, launch } = world();
    const [id = ''] = launch();
    expect(ec2.getConsoleOutput(id).text).toBe('');
    ec2.appendConsole(id, 'x');
    ec2.appendConsole(id, 'é'.repeat(32_768));
    expect(ec2.getConsoleOutput(id).text).toBe('é'.repeat(32_768));
    ec2.appendConsole(id, 'y');
    expect(ec2.getConsoleOutput(id).text).toBe(`${'é'.repeat(32_767)}y`);
  });

  it('takes what a source has whenever it is read, and at the end', async () => {
    const { clock, ec2, launch } = world();
    const [id = ''] = launch();
    const lines = ['one\n', 'two\n', 'three\n'];
    ec2.followConsole(id, () => lines.shift() ?? '');
    expect(ec2.getConsoleOutput(id).text).toBe('one\n');
    expect(ec2.getConsoleOutput(id).text).toBe('one\ntwo\n');
    ec2.terminateInstances([id]);
    await clock.advance(seconds(5));
    lines.push('never read\n');
    expect(ec2.getConsoleOutput(id).text).toBe('one\ntwo\nthree\n');
  });
});

/** How a hundred instances boot of which the first is to fail, and such a share of the others is to hang. */
function bootsOf(share: number): readonly (string | undefined)[] {
  const { ec2, launch } = world();
  ec2.faults.boot('fails');
  ec2.faults.hangAtRandom(share, seededRandom(1));
  return launch({ count: 100 }).map((id) => ec2.instance(id)?.boot);
}

describe('scripted faults', () => {
  it('throttles the next calls, of one action or of any', () => {
    const { ec2, launch } = world();
    ec2.faults.throttle(1, 'CreateFleet');
    expect(codeOf(() => ec2.describeInstances())).toBe('no error');
    expect(codeOf(() => launch())).toBe('RequestLimitExceeded');
    expect(codeOf(() => launch())).toBe('no error');
    ec2.faults.throttle(2);
    expect(codeOf(() => ec2.describeInstances())).toBe('RequestLimitExceeded');
    ec2.faults.clear();
    expect(codeOf(() => ec2.describeInstances())).toBe('no error');
  });

  it('is out until the outage ends', () => {
    const { ec2 } = world();
    ec2.faults.outage = 'unavailable';
    expect(codeOf(() => ec2.describeInstances())).toBe('Unavailable');
    ec2.faults.outage = 'unreachable';
    expect(() => ec2.describeInstances()).toThrow(LostAnswer);
    ec2.faults.outage = undefined;
    expect(statesOf(ec2)).toEqual([]);
  });

  it('counts calls, refused ones included', () => {
    const { ec2 } = world();
    ec2.faults.throttle(1);
    expect(codeOf(() => ec2.describeInstances())).toBe('RequestLimitExceeded');
    ec2.describeInstances();
    expect(ec2.calls()).toEqual({ CreateLaunchTemplate: 1, DescribeInstances: 2 });
  });

  it('marks how the next instances boot', () => {
    const { ec2, launch } = world();
    ec2.faults.boot('fails');
    ec2.faults.boot('never');
    const boots = launch({ count: 3 }).map((id) => ec2.instance(id)?.boot);
    expect(boots).toEqual(['fails', 'never', 'normal']);
  });

  it('has a share of all instances hang while they boot, by the seed', () => {
    const [scripted, ...others] = bootsOf(0.2);
    const never = others.filter((boot) => boot === 'never').length;
    expect([scripted, never > 10, never < 30]).toEqual(['fails', true, true]);
    expect(bootsOf(0.2)).toEqual([scripted, ...others]);
    expect(
      bootsOf(0)
        .slice(1)
        .every((boot) => boot === 'normal'),
    ).toBe(true);
    expect(
      bootsOf(1)
        .slice(1)
        .every((boot) => boot === 'never'),
    ).toBe(true);
  });
});

it('is the same world for the same seed', () => {
  const one = world().launch({ count: 3 });
  expect(world().launch({ count: 3 })).toEqual(one);
  expect(world({ seed: 8 }).launch({ count: 3 })).not.toEqual(one);
});
