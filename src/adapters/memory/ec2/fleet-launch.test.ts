import { describe, expect, it } from 'vitest';
import { minutes } from '../../../engine/time.ts';
import { VirtualClock } from '../clock.ts';
import { Ec2 } from './ec2.ts';
import { Ec2Error, LostAnswer } from './error.ts';
import type { FleetAnswer, FleetOverride, FleetRequest } from './fleet-request.ts';
import type { LaunchTemplateData } from './launch-template.ts';
import { defaultPlace } from './place.ts';

const [a = '', b = '', c = ''] = defaultPlace.subnets.map((subnet) => subnet.id);
const offers: readonly FleetOverride[] = [
  { instanceType: 'm7i.xlarge', subnet: a, priority: 2 },
  { instanceType: 'm7i.large', subnet: b, priority: 3 },
  { instanceType: 'm7i.2xlarge', subnet: c, priority: 1 },
];

function world(data: LaunchTemplateData = {}) {
  const clock = new VirtualClock();
  const ec2 = new Ec2({
    timers: clock,
    seed: 3,
    parameter: (name) => (name === '/image' ? 'ami-0a000000000000001' : undefined),
  });
  const { id } = ec2.createLaunchTemplate({
    name: 'pool',
    data: { imageId: 'ami-0a000000000000001', ...data },
  });
  const request = (change: Partial<FleetRequest> = {}, overrides = offers): FleetRequest => ({
    configs: [{ template: { id, version: '$Latest' }, overrides }],
    count: 3,
    market: 'on-demand',
    ...change,
  });
  return { clock, ec2, request };
}

/** How many instances of which type were bought. */
function bought(answer: FleetAnswer): Record<string, number> {
  return Object.fromEntries(answer.instances.map(({ pool, ids }) => [pool.instanceType, ids.length]));
}

function codesOf(answer: FleetAnswer): string[] {
  return answer.errors.map(({ pool, code }) => `${pool.instanceType} ${code}`);
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Ec2Error ? error.code : String(error);
  }
  return 'no error';
}

describe('choosing offerings', () => {
  it('takes the cheapest', () => {
    const { ec2, request } = world();
    expect(bought(ec2.createFleet(request({ onDemandStrategy: 'lowest-price' })))).toEqual({
      'm7i.large': 3,
    });
  });

  it('takes the first in priority', () => {
    const { ec2, request } = world();
    expect(bought(ec2.createFleet(request({ onDemandStrategy: 'prioritized' })))).toEqual({
      'm7i.2xlarge': 3,
    });
    const spot = request({ market: 'spot', spotStrategy: 'capacity-optimized-prioritized' });
    expect(bought(ec2.createFleet(spot))).toEqual({ 'm7i.2xlarge': 3 });
  });

  it('spreads over all', () => {
    const { ec2, request } = world();
    const answer = ec2.createFleet(request({ market: 'spot', spotStrategy: 'diversified' }));
    expect(bought(answer)).toEqual({ 'm7i.xlarge': 1, 'm7i.large': 1, 'm7i.2xlarge': 1 });
  });

  it('takes the one with the most capacity, whatever the order of the request', () => {
    const { ec2, request } = world();
    const change = { market: 'spot', spotStrategy: 'capacity-optimized' } as const;
    const answer = ec2.createFleet(request(change));
    expect(Object.values(bought(answer))).toEqual([3]);
    expect(bought(ec2.createFleet(request(change, offers.toReversed())))).toEqual(bought(answer));
  });

  it("uses the template's own type and the first subnet without overrides", () => {
    const { ec2, request } = world({ instanceType: 'c7i.large' });
    const answer = ec2.createFleet(request({}, []));
    expect(answer.instances.map(({ pool }) => [pool.instanceType, pool.subnet])).toEqual([['c7i.large', a]]);
  });
});

describe('shortages', () => {
  it('fall back to the next offering and are told', () => {
    const { ec2, request } = world();
    const lift = ec2.faults.shortage({ code: 'InsufficientInstanceCapacity', instanceType: 'm7i.large' });
    const short = ec2.createFleet(request());
    expect(bought(short)).toEqual({ 'm7i.xlarge': 3 });
    expect(codesOf(short)).toEqual(['m7i.large InsufficientInstanceCapacity']);
    lift();
    expect(codesOf(ec2.createFleet(request()))).toEqual([]);
  });

  it('of the next instances make a partial success', () => {
    const { ec2, request } = world();
    ec2.faults.shortage({ code: 'VcpuLimitExceeded', next: 2 });
    const answer = ec2.createFleet(request());
    expect(bought(answer)).toEqual({ 'm7i.large': 1 });
    expect(codesOf(answer)).toEqual(['m7i.large VcpuLimitExceeded']);
  });

  it('of one market leave the other alone', () => {
    const { ec2, request } = world();
    ec2.faults.shortage({ code: 'MaxSpotInstanceCountExceeded', market: 'spot' });
    expect(bought(ec2.createFleet(request()))).toEqual({ 'm7i.large': 3 });
    const spot = ec2.createFleet(request({ market: 'spot' }));
    expect(bought(spot)).toEqual({});
    expect(codesOf(spot)).toHaveLength(3);
  });
});

describe('client tokens', () => {
  it('give the same answer to the same request, and refuse another one', () => {
    const { ec2, request } = world();
    const answer = ec2.createFleet(request({ clientToken: 'launch-1' }));
    expect(ec2.createFleet(request({ clientToken: 'launch-1' }))).toEqual(answer);
    expect(ec2.instances()).toHaveLength(3);
    expect(codeOf(() => ec2.createFleet(request({ clientToken: 'launch-1', count: 4 })))).toBe(
      'IdempotentParameterMismatch',
    );
    expect(codeOf(() => ec2.createFleet(request({ clientToken: 'x'.repeat(65) })))).toBe(
      'InvalidParameterValue',
    );
  });

  it('are forgotten after a day', async () => {
    const { clock, ec2, request } = world();
    ec2.createFleet(request({ clientToken: 'launch-1' }));
    await clock.advance(minutes(24 * 60 + 1));
    ec2.createFleet(request({ clientToken: 'launch-1' }));
    expect(ec2.instances()).toHaveLength(6);
  });

  it('find a launch again whose answer was lost', () => {
    const { ec2, request } = world();
    ec2.faults.loseAnswers();
    expect(() => ec2.createFleet(request({ clientToken: 'launch-1' }))).toThrow(LostAnswer);
    expect(ec2.instances()).toHaveLength(3);
    const answer = ec2.createFleet(request({ clientToken: 'launch-1' }));
    expect(answer.instances.flatMap((one) => one.ids)).toEqual(ec2.instances().map((one) => one.id));
  });

  it('do not remember a refused request', () => {
    const { ec2, request } = world();
    expect(codeOf(() => ec2.createFleet(request({ clientToken: 'launch-1', count: 0 })))).toBe(
      'InvalidParameterValue',
    );
    expect(bought(ec2.createFleet(request({ clientToken: 'launch-1' })))).toEqual({ 'm7i.large': 3 });
  });
});

/** Why an offering of a template with this data cannot be bought. */
function codes(data: LaunchTemplateData): readonly string[] {
  const { ec2, request } = world(data);
  return ec2.createFleet(request({}, offers.slice(0, 1))).errors.map((one) => one.code);
}

describe('requests that cannot work', () => {
  it('are refused as a whole', () => {
    const { ec2, request } = world();
    const tagSpecifications = [{ resourceType: 'volume', tags: [] }];
    expect(codeOf(() => ec2.createFleet(request({ tagSpecifications })))).toBe('InvalidParameterValue');
    expect(codeOf(() => ec2.createFleet(request({ configs: [] })))).toBe('InvalidParameterValue');
    const unknown = { template: { id: 'lt-0123456789abcdef0', version: '1' }, overrides: offers };
    expect(codeOf(() => ec2.createFleet(request({ configs: [unknown] })))).toBe(
      'InvalidLaunchTemplateId.NotFound',
    );
    expect(codeOf(() => ec2.createFleet(request({}, [])))).toBe('MissingParameter');
  });

  it('are refused offering by offering', () => {
    const { ec2, request } = world();
    const answer = ec2.createFleet(
      request({}, [
        { instanceType: 'mytype', subnet: a },
        { instanceType: 'm7i.large', subnet: 'subnet-00000000' },
        { instanceType: 'm7g.large', subnet: a },
        { instanceType: 'm7i.large', subnet: a },
      ]),
    );
    expect(bought(answer)).toEqual({ 'm7i.large': 3 });
    expect(codesOf(answer)).toEqual([
      'mytype InvalidFleetConfiguration',
      'm7i.large InvalidSubnetID.NotFound',
      'm7g.large InvalidParameterValue',
    ]);
  });

  it('name an image and security groups that exist', () => {
    expect(codes({ imageId: 'ami-0123456789abcdef0' })).toEqual(['InvalidAMIID.NotFound']);
    expect(codes({ imageId: 'resolve:ssm:/image' })).toEqual([]);
    expect(codes({ imageId: 'resolve:ssm:/other' })).toEqual(['InvalidAMIID.NotFound']);
    expect(codes({ imageId: undefined })).toEqual(['MissingParameter']);
    expect(codes({ securityGroupIds: ['sg-00000000'] })).toEqual(['InvalidGroup.NotFound']);
  });
});
