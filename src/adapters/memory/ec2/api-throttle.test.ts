import { describe, expect, it } from 'vitest';
import { milliseconds, minutes, seconds } from '../../../engine/time.ts';
import { VirtualClock } from '../clock.ts';
import { categoryOf, EC2_API_LIMITS } from './api-limits.ts';
import { ApiThrottle } from './api-throttle.ts';
import { Ec2 } from './ec2.ts';
import { Ec2Error } from './error.ts';
import type { Ec2Options } from './ec2-options.ts';
import type { FleetAnswer } from './fleet-request.ts';

/** How many of `tries` calls are let in. */
function letIn(tries: number, call: () => boolean): number {
  return Array.from({ length: tries }, call).filter(Boolean).length;
}

describe('the categories of actions', () => {
  it.each([
    ['DescribeSubnets', false, 'non-mutating'],
    ['GetConsoleOutput', false, 'non-mutating'],
    ['DescribeInstances', true, 'non-mutating'],
    ['DescribeInstances', false, 'unnarrowed'],
    ['CreateLaunchTemplate', true, 'mutating'],
    ['RequestSpotInstances', true, 'resource-intensive'],
  ] as const)('%s, narrowed: %s, is %s', (action, narrowed, category) => {
    expect(categoryOf(action, narrowed)).toBe(category);
  });
});

describe('the buckets', () => {
  it.each([
    ['CreateFleet', true, 5],
    ['CreateTags', true, 100],
    ['DescribeInstances', true, 100],
    ['DescribeInstances', false, 50],
    ['DeleteLaunchTemplate', true, 50],
    ['TerminateInstances', true, 100],
  ] as const)('let so many calls of %s (narrowed: %s) in at once: %i', (action, narrowed, capacity) => {
    const throttle = new ApiThrottle(EC2_API_LIMITS, new VirtualClock());
    expect(letIn(capacity + 10, () => throttle.takeRequest(action, narrowed))).toBe(capacity);
  });

  it('refill steadily, up to their capacity', async () => {
    const clock = new VirtualClock();
    const throttle = new ApiThrottle(EC2_API_LIMITS, clock);
    const burst = (): number => letIn(20, () => throttle.takeRequest('CreateFleet', true));
    expect(burst()).toBe(5);
    await clock.advance(milliseconds(499));
    expect(burst()).toBe(0);
    await clock.advance(milliseconds(1));
    expect(burst()).toBe(1);
    await clock.advance(seconds(2));
    expect(burst()).toBe(4);
    await clock.advance(minutes(60));
    expect(burst()).toBe(5);
  });

  it('are apart for every action, and for requests that nothing narrows', () => {
    const throttle = new ApiThrottle(EC2_API_LIMITS, new VirtualClock());
    letIn(60, () => throttle.takeRequest('DescribeInstances', false));
    expect(throttle.takeRequest('DescribeInstances', false)).toBe(false);
    expect(throttle.takeRequest('DescribeInstances', true)).toBe(true);
    expect(throttle.takeRequest('DescribeSubnets', true)).toBe(true);
  });

  it('of resources give all that a call needs, or nothing', () => {
    const throttle = new ApiThrottle(EC2_API_LIMITS, new VirtualClock());
    expect(throttle.takeResources('TerminateInstances', 600)).toBe(true);
    expect(throttle.takeResources('TerminateInstances', 401)).toBe(false);
    expect(throttle.takeResources('TerminateInstances', 400)).toBe(true);
    expect(throttle.takeResources('CreateTags', 1_000_000)).toBe(true);
  });

  it('never run dry where there are none', () => {
    const throttle = new ApiThrottle('none', new VirtualClock());
    expect(letIn(1000, () => throttle.takeRequest('CreateFleet', true))).toBe(1000);
    expect(throttle.takeResources('RunInstances', 1_000_000)).toBe(true);
  });
});

function world(options: Partial<Ec2Options> = {}) {
  const clock = new VirtualClock();
  const ec2 = new Ec2({ timers: clock, seed: 7, ...options });
  const { id } = ec2.createLaunchTemplate({ name: 'pool', data: { imageId: 'ami-0a000000000000001' } });
  const launch = (count: number, clientToken?: string): FleetAnswer =>
    ec2.createFleet({
      configs: [{ template: { id, version: '1' }, overrides: [{ instanceType: 'm7i.large' }] }],
      count,
      market: 'spot',
      clientToken,
    });
  return { clock, ec2, launch };
}

function idsOf(answer: FleetAnswer): readonly string[] {
  return answer.instances.flatMap(({ ids }) => ids);
}

function refusalOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Ec2Error ? `${error.code}: ${error.message}` : String(error);
  }
  return 'no error';
}

describe('a throttled account', () => {
  it('is refused by the call and by the account, and counted', () => {
    const { ec2, launch } = world();
    for (let call = 0; call < 5; call++) launch(1);
    expect(refusalOf(() => launch(1))).toBe(
      'RequestLimitExceeded: Request limit exceeded. Account 123456789012 has been throttled on ec2:CreateFleet because it exceeded its request rate limit.',
    );
    expect(ec2.calls()['CreateFleet']).toBe(6);
    expect(ec2.throttled()).toEqual({ CreateFleet: 1 });
    expect(ec2.instances()).toHaveLength(5);
  });

  it('gets as many instances of a fleet as its tokens pay for, and is told of the rest', async () => {
    const { clock, ec2, launch } = world();
    const first = launch(1500);
    expect(idsOf(first)).toHaveLength(1000);
    expect(first.errors.map(({ code }) => code)).toEqual(['RequestLimitExceeded']);
    expect(launch(10)).toMatchObject({ instances: [], errors: [{ code: 'RequestLimitExceeded' }] });
    await clock.advance(seconds(30));
    expect(idsOf(launch(100))).toHaveLength(60);
    expect(ec2.throttled()).toEqual({ RunInstances: 3 });
  });

  it('pays for a launch once, however often its token comes', async () => {
    const { clock, launch } = world();
    const answer = launch(600, 'l1');
    await clock.advance(seconds(1));
    expect(launch(600, 'l1')).toEqual(answer);
    expect(idsOf(launch(500, 'l2'))).toHaveLength(402);
  });

  it('pays nothing for what could not be had', () => {
    const { ec2, launch } = world();
    const lift = ec2.faults.shortage({ code: 'InsufficientInstanceCapacity' });
    launch(900);
    lift();
    expect(idsOf(launch(1000))).toHaveLength(1000);
  });

  it('ends all that a call names, or none', () => {
    const { ec2, launch } = world();
    const ids = idsOf(launch(1000));
    ec2.terminateInstances(ids.slice(0, 900));
    expect(refusalOf(() => ec2.terminateInstances(ids.slice(800)))).toMatch(
      /TerminateInstances.*resource rate/,
    );
    expect(ec2.throttled()).toEqual({ TerminateInstances: 1 });
    expect(
      ec2.describeInstances({ filters: [{ name: 'instance-state-name', values: ['pending'] }] }).items,
    ).toHaveLength(100);
  });

  it('reads less often when nothing narrows the question', () => {
    const { ec2 } = world();
    const narrowed = { filters: [{ name: 'instance-state-name', values: ['running'] }] };
    expect(letIn(60, () => refusalOf(() => ec2.describeInstances()) === 'no error')).toBe(50);
    expect(letIn(60, () => refusalOf(() => ec2.describeInstances({ maxResults: 5 })) === 'no error')).toBe(
      60,
    );
    expect(letIn(60, () => refusalOf(() => ec2.describeInstances(narrowed)) === 'no error')).toBe(40);
  });

  it('is as free as its limits say', () => {
    const { ec2, launch } = world({ apiLimits: 'none' });
    for (let call = 0; call < 20; call++) launch(100);
    expect(ec2.instances()).toHaveLength(2000);
    expect(ec2.throttled()).toEqual({});
  });
});
