import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../engine/time.ts';
import { VirtualClock } from '../clock.ts';
import { Ec2 } from './ec2.ts';
import type { Ec2Options } from './ec2-options.ts';
import { Ec2Error } from './error.ts';
import { stateOf } from './instance-record.ts';
import { EC2_LIFE_TIMES } from './life-times.ts';

async function world(options: Partial<Ec2Options> = {}) {
  const clock = new VirtualClock();
  const ec2 = new Ec2({ timers: clock, seed: 7, ...options });
  const { id: template } = ec2.createLaunchTemplate({
    name: 'pool',
    data: { imageId: 'ami-0a000000000000001' },
  });
  const launch = (count: number, market: 'spot' | 'on-demand' = 'on-demand'): readonly string[] =>
    ec2
      .createFleet({
        configs: [{ template: { id: template, version: '1' }, overrides: [{ instanceType: 'm7i.large' }] }],
        count,
        market,
      })
      .instances.flatMap(({ ids }) => ids);
  const [one = '', two = ''] = launch(2);
  await clock.advance(EC2_LIFE_TIMES.pending.longest);
  const stateNow = (id: string): string => {
    const record = ec2.instance(id);
    return record === undefined ? 'unknown' : stateOf(record);
  };
  return { clock, ec2, launch, one, two, stateNow };
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Ec2Error ? error.code : String(error);
  }
  return 'no error';
}

describe('stopping and starting', () => {
  it('takes an instance through stopping, stopped and pending back to running', async () => {
    const { clock, ec2, one, stateNow } = await world();
    expect(ec2.stopInstances([one])).toEqual([{ id: one, previous: 'running', current: 'stopping' }]);
    expect(ec2.stopInstances([one])).toEqual([{ id: one, previous: 'stopping', current: 'stopping' }]);
    await clock.advance(EC2_LIFE_TIMES.shutdown.longest);
    expect(stateNow(one)).toBe('stopped');
    expect(ec2.instance(one)?.life.at(-1)?.reason?.code).toBe('Client.UserInitiatedShutdown');
    const startedAt = clock.now();
    expect(ec2.startInstances([one])).toEqual([{ id: one, previous: 'stopped', current: 'pending' }]);
    expect(ec2.startInstances([one])).toEqual([{ id: one, previous: 'pending', current: 'pending' }]);
    await clock.advance(EC2_LIFE_TIMES.start.longest);
    expect(stateNow(one)).toBe('running');
    expect(ec2.instance(one)?.launchedAt).toBe(startedAt);
  });

  it('bills the time in running alone', async () => {
    const { clock, ec2, one } = await world({ pendingFor: seconds(5), shutdownFor: seconds(5) });
    ec2.stopInstances([one]);
    await clock.advance(minutes(60));
    ec2.startInstances([one]);
    await clock.advance(minutes(10));
    const bills = ec2.bills().filter(({ id }) => id === one);
    expect(bills.map(({ runningFrom, endedAt }) => (endedAt ?? clock.now()) - runningFrom)).toEqual([
      13_000, 595_000,
    ]);
  });

  it('refuses what is in no state for it, and then does nothing at all', async () => {
    const { clock, ec2, launch, one, two, stateNow } = await world();
    const [young = ''] = launch(1);
    expect(codeOf(() => ec2.stopInstances([one, young]))).toBe('IncorrectInstanceState');
    expect(stateNow(one)).toBe('running');
    ec2.stopInstances([two]);
    expect(codeOf(() => ec2.startInstances([two]))).toBe('IncorrectInstanceState');
    await clock.advance(EC2_LIFE_TIMES.shutdown.longest);
    ec2.terminateInstances([one]);
    expect(codeOf(() => ec2.startInstances([two, one]))).toBe('IncorrectInstanceState');
    expect(stateNow(two)).toBe('stopped');
    expect(codeOf(() => ec2.stopInstances([]))).toBe('MissingParameter');
    expect(codeOf(() => ec2.startInstances(['i-0123456789abcdef0']))).toBe('InvalidInstanceID.NotFound');
  });

  it('never stops a spot instance', async () => {
    const { ec2, launch } = await world();
    expect(codeOf(() => ec2.stopInstances(launch(1, 'spot')))).toBe('UnsupportedOperation');
  });

  it('needs capacity and quota again', async () => {
    const { clock, ec2, launch, one, two, stateNow } = await world({ quotas: { 'on-demand': 4 } });
    expect(launch(1)).toEqual([]);
    ec2.stopInstances([one, two]);
    await clock.advance(EC2_LIFE_TIMES.shutdown.longest);
    expect(launch(1)).toHaveLength(1);
    expect(codeOf(() => ec2.startInstances([one, two]))).toBe('VcpuLimitExceeded');
    expect(stateNow(one)).toBe('stopped');
    const lift = ec2.faults.shortage({ code: 'InsufficientInstanceCapacity', zone: 'eu-central-1a' });
    expect(codeOf(() => ec2.startInstances([one]))).toBe('InsufficientInstanceCapacity');
    lift();
    expect(codeOf(() => ec2.startInstances([one]))).toBe('no error');
  });

  it('boots as scripted', async () => {
    const { clock, ec2, one } = await world();
    ec2.stopInstances([one]);
    await clock.advance(EC2_LIFE_TIMES.shutdown.longest);
    ec2.faults.boot('fails');
    ec2.startInstances([one]);
    expect(ec2.instance(one)?.boot).toBe('fails');
  });

  it('is throttled by calls and by instances', async () => {
    const { clock, ec2, one } = await world();
    ec2.stopInstances([one]);
    await clock.advance(EC2_LIFE_TIMES.shutdown.longest);
    const codes = Array.from({ length: 6 }, () => codeOf(() => ec2.startInstances([one])));
    expect(codes).toEqual([...Array.from({ length: 5 }, () => 'no error'), 'RequestLimitExceeded']);
  });
});
