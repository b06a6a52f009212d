import { describe, expect, it } from 'vitest';
import { answer, failure, type Reply, type Script } from '../../../test/support/scripted-aws.ts';
import { described, listing, withFleet } from '../../../test/support/scripted-fleet.ts';
import type { LaunchRequest } from '../../controller/ports.ts';
import type { Offering } from '../../engine/pool.ts';
import { awsTags, launchTags } from './instance-tags.ts';

const A: Offering = { instanceType: 'm7i.large', subnet: 'subnet-a', market: 'spot' };
const B: Offering = { instanceType: 'm7i.large', subnet: 'subnet-b', market: 'spot' };
const C: Offering = { instanceType: 'c7i.large', subnet: 'subnet-a', market: 'spot' };
const REQUEST: LaunchRequest = {
  launchId: 'linux-1-abc-0',
  pool: 'linux',
  count: 3,
  offerings: [A, B, C],
  slots: 2,
  generation: 'g1',
  template: { id: 'lt-1', version: '7' },
};
const TAGS = launchTags({ ...REQUEST, installation: 'acme' }, { CostCenter: '42' });

function overrides({ instanceType, subnet = '' }: Offering): string {
  return `<launchTemplateAndOverrides><launchTemplateSpecification><launchTemplateId>lt-1</launchTemplateId><version>7</version></launchTemplateSpecification><overrides><instanceType>${instanceType}</instanceType><subnetId>${subnet}</subnetId></overrides></launchTemplateAndOverrides>`;
}

function given(offering: Offering, ...ids: string[]): string {
  const items = ids.map((id) => `<item>${id}</item>`).join('');
  return `<item>${overrides(offering)}<lifecycle>spot</lifecycle><instanceIds>${items}</instanceIds><instanceType>${offering.instanceType}</instanceType></item>`;
}

function missing(offering: Offering, code: string): string {
  return `<item>${overrides(offering)}<lifecycle>spot</lifecycle><errorCode>${code}</errorCode><errorMessage>about ${code}</errorMessage></item>`;
}

function fleetAnswer(instances: string, errors = ''): Reply {
  return answer(
    'CreateFleet',
    `<fleetId>fleet-1</fleetId><fleetInstanceSet>${instances}</fleetInstanceSet><errorSet>${errors}</errorSet>`,
  );
}

function tagged(id: string): Reply {
  return listing(described(id, { tags: TAGS, state: 'pending', subnet: 'subnet-b', lifecycle: 'spot' }));
}

const NOBODY = listing('');

async function launch(script: Script, request = REQUEST, signal = new AbortController().signal) {
  const { value, aws } = await withFleet(script, (fleet) => fleet.launch(request, signal));
  return { result: value, aws };
}

describe('the request of a launch', () => {
  it('is an instant fleet of one market over the pinned template', async () => {
    const { aws } = await launch({ CreateFleet: () => fleetAnswer(given(A, 'i-1', 'i-2', 'i-3')) });
    const form = Object.fromEntries(aws.of('CreateFleet')[0] ?? []);
    expect(form).toMatchObject({
      Type: 'instant',
      ClientToken: 'linux-1-abc-0',
      'TargetCapacitySpecification.TotalTargetCapacity': '3',
      'TargetCapacitySpecification.DefaultTargetCapacityType': 'spot',
      'SpotOptions.AllocationStrategy': 'price-capacity-optimized',
      'SpotOptions.InstanceInterruptionBehavior': 'terminate',
      'LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateId': 'lt-1',
      'LaunchTemplateConfigs.1.LaunchTemplateSpecification.Version': '7',
      'LaunchTemplateConfigs.1.Overrides.1.InstanceType': 'm7i.large',
      'LaunchTemplateConfigs.1.Overrides.1.SubnetId': 'subnet-a',
      'LaunchTemplateConfigs.1.Overrides.3.InstanceType': 'c7i.large',
      'TagSpecification.1.ResourceType': 'fleet',
      'TagSpecification.2.ResourceType': 'instance',
    });
    for (const [index, { Key, Value }] of awsTags(TAGS).entries()) {
      expect(form[`TagSpecification.2.Tag.${index + 1}.Key`]).toBe(Key);
      expect(form[`TagSpecification.2.Tag.${index + 1}.Value`]).toBe(Value);
    }
  });

  it('asks for the lowest price on demand, and leaves the subnet to the template where none is named', async () => {
    const offerings: Offering[] = [{ instanceType: 'm7i.large', market: 'on-demand' }];
    const { aws } = await launch(
      { CreateFleet: () => fleetAnswer(given(A, 'i-1')) },
      { ...REQUEST, offerings },
    );
    const form = Object.fromEntries(aws.of('CreateFleet')[0] ?? []);
    expect(form['OnDemandOptions.AllocationStrategy']).toBe('lowest-price');
    expect(form['TargetCapacitySpecification.DefaultTargetCapacityType']).toBe('on-demand');
    expect(Object.keys(form).filter((key) => /SpotOptions|SubnetId/.test(key))).toEqual([]);
  });

  it.each([
    ['mixed markets', [A, { ...B, market: 'on-demand' as const }], 'mix spot and on-demand'],
    ['no offering', [], 'names no offering'],
    ['a type that cannot be one', [{ ...A, instanceType: 'two words' }], 'no instance type'],
  ])('is refused with %s before any call', async (_what, offerings, why) => {
    await expect(launch({}, { ...REQUEST, offerings })).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(why),
    });
  });

  it('does not start once the caller has aborted', async () => {
    let called = false;
    const script: Script = {
      CreateFleet: () => {
        called = true;
        return 'hang-up';
      },
    };
    await expect(launch(script, REQUEST, AbortSignal.abort())).rejects.toMatchObject({ kind: 'unreachable' });
    expect(called).toBe(false);
  });
});

describe('what a launch gives', () => {
  it('names the offering of each instance and each shortfall', async () => {
    const { result } = await launch({
      CreateFleet: () =>
        fleetAnswer(
          given(B, 'i-1', 'i-2'),
          missing(A, 'InsufficientInstanceCapacity') + missing(C, 'Unsupported'),
        ),
    });
    expect(result).toEqual({
      launched: [
        { id: 'i-1', offering: B },
        { id: 'i-2', offering: B },
      ],
      shortfalls: [
        { offering: A, code: 'InsufficientInstanceCapacity', message: 'about InsufficientInstanceCapacity' },
        { offering: C, code: 'Unsupported', message: 'about Unsupported' },
      ],
    });
  });

  it('is nobody’s shortfall when it is throttling', async () => {
    const code = 'RequestLimitExceeded';
    const { result } = await launch({ CreateFleet: () => fleetAnswer('', missing(A, code)) });
    expect(result).toEqual({ launched: [], shortfalls: [{ code, message: `about ${code}` }] });
  });

  it.each(['InsufficientInstanceCapacity', 'VcpuLimitExceeded', 'NeverHeardOf'])(
    'is a shortfall when all it gives is %s',
    async (code) => {
      const { result } = await launch({ CreateFleet: () => fleetAnswer('', missing(A, code)) });
      expect(result).toEqual({
        launched: [],
        shortfalls: [{ offering: A, code, message: `about ${code}` }],
      });
    },
  );

  it('is a shortfall when only some of the errors are mistakes', async () => {
    const errors = missing(A, 'InvalidFleetConfiguration') + missing(B, 'InsufficientInstanceCapacity');
    const { result } = await launch({ CreateFleet: () => fleetAnswer('', errors) });
    expect(result.shortfalls.map(({ code }) => code)).toEqual([
      'InvalidFleetConfiguration',
      'InsufficientInstanceCapacity',
    ]);
  });

  it.each([
    ['InvalidAMIID.NotFound', 'instances.image'],
    ['UnauthorizedOperation', 'IAM policy'],
    ['InvalidParameterValue', 'instances of the pool'],
    ['InvalidFleetConfiguration', 'instances.types'],
  ])('is refused when every error is %s', async (code, next) => {
    const errors = missing(A, code) + missing(B, code);
    await expect(launch({ CreateFleet: () => fleetAnswer('', errors) })).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(
        new RegExp(
          `^launching 3 instances of pool linux \\(launch linux-1-abc-0\\): ${code}: .*request-1.*${next}`,
        ),
      ),
    });
  });

  it('is a shortfall when the whole call meets a limit', async () => {
    const { result } = await launch({
      CreateFleet: () => failure('MaxSpotInstanceCountExceeded', 'too many'),
    });
    expect(result).toEqual({
      launched: [],
      shortfalls: [{ code: 'MaxSpotInstanceCountExceeded', message: 'too many' }],
    });
  });

  it.each([
    ['RequestLimitExceeded', 503, 'throttled'],
    ['UnauthorizedOperation', 403, 'unauthorized'],
    ['InternalError', 500, 'unavailable'],
    ['InvalidLaunchTemplateId.NotFound', 400, 'refused'],
    ['InvalidParameterValue', 400, 'refused'],
  ])('fails when the whole call meets %s', async (code, status, kind) => {
    await expect(launch({ CreateFleet: () => failure(code, 'no', status) })).rejects.toMatchObject({ kind });
  });

  it.each([
    ['a broken connection', 'hang-up', 'unreachable'],
    ['an empty body', { status: 200, body: '' }, 'invalid-answer'],
    ['a page of a proxy', { status: 200, body: '<p>hello' }, 'invalid-answer'],
  ] as const)('is not known after %s', async (_what, reply, kind) => {
    await expect(launch({ CreateFleet: () => reply })).rejects.toMatchObject({ kind });
  });
});

describe('the same launch again', () => {
  it('answers what EC2 answers to the token', async () => {
    const reply = fleetAnswer(given(A, 'i-1', 'i-2', 'i-3'));
    const first = await launch({ CreateFleet: () => reply });
    const again = await launch({ CreateFleet: () => reply });
    expect(again.result).toEqual(first.result);
    expect(again.aws.calls.map(({ body }) => body)).toEqual(first.aws.calls.map(({ body }) => body));
  });

  it.each([
    ['the answer lists nothing', fleetAnswer('')],
    ['the token was spent under other settings', failure('IdempotentParameterMismatch')],
  ])('finds its instances by their tag when %s', async (_when, reply) => {
    const { result, aws } = await launch({
      CreateFleet: () => reply,
      DescribeInstances: () => tagged('i-9'),
    });
    expect(result).toEqual({ launched: [{ id: 'i-9', offering: B }], shortfalls: [] });
    const form = Object.fromEntries(aws.of('DescribeInstances')[0] ?? []);
    expect(form).toMatchObject({
      'Filter.2.Name': 'tag:runtide:launch',
      'Filter.2.Value.1': 'linux-1-abc-0',
    });
    expect(Object.values(form)).not.toContain('instance-state-name');
  });

  it('is refused when the token was spent and nothing carries its tag', async () => {
    const script = {
      CreateFleet: () => failure('IdempotentParameterMismatch'),
      DescribeInstances: () => NOBODY,
    };
    await expect(launch(script)).rejects.toMatchObject({ kind: 'refused' });
  });

  it('is a shortfall when the answer lists nothing and nothing carries its tag', async () => {
    const { result } = await launch({ CreateFleet: () => fleetAnswer(''), DescribeInstances: () => NOBODY });
    expect(result).toMatchObject({ launched: [], shortfalls: [{ code: 'EmptyAnswer' }] });
  });

  it.each([
    ['RequestLimitExceeded', 503],
    ['UnauthorizedOperation', 403],
  ])('stays unknown when the look-up meets %s: the launch may have bought', async (code, status) => {
    const script = {
      CreateFleet: () => failure('IdempotentParameterMismatch'),
      DescribeInstances: () => failure(code, 'no', status),
    };
    await expect(launch(script)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
