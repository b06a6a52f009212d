import { expect, it } from 'vitest';
import { AutoScaling } from '../../adapters/memory/auto-scaling/auto-scaling.ts';
import { VirtualClock } from '../../adapters/memory/clock.ts';
import { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import { Ssm } from '../../adapters/memory/ec2/ssm.ts';
import { stateOf } from '../../adapters/memory/ec2/instance-record.ts';
import { seconds } from '../../engine/time.ts';
import type { Fault } from './control.ts';
import { startAws } from './server.ts';

const log = {
  error: (details: object, message: string) => expect.unreachable(`${message} ${JSON.stringify(details)}`),
};

async function sandbox() {
  const clock = new VirtualClock();
  const model = new Ec2({ timers: clock, seed: 1, pendingFor: seconds(5) });
  const groups = new AutoScaling({ timers: clock, ec2: model, seed: 1 });
  const aws = await startAws({ model, groups, ssm: new Ssm(clock, 1), timers: clock, log });
  const { id } = model.createLaunchTemplate({ name: 'pool', data: { imageId: 'ami-0a000000000000001' } });
  const launch = (count: number) =>
    model.createFleet({
      configs: [{ template: { id, version: '1' }, overrides: [{ instanceType: 'm7i.large' }] }],
      count,
      market: 'spot',
    });
  const post = async (fault: Fault | string): Promise<{ status: number; body: unknown }> => {
    const body = typeof fault === 'string' ? fault : JSON.stringify(fault);
    const answer = await fetch(`${aws.url}/sandbox/faults`, { method: 'POST', body });
    return { status: answer.status, body: await answer.json() };
  };
  return { clock, model, groups, template: id, aws, launch, post, [Symbol.asyncDispose]: () => aws.close() };
}

it('scripts every fault', async () => {
  await using world = await sandbox();
  const { clock, model, launch, post } = world;
  const done = { status: 200, body: { done: true } };
  expect(await post({ fault: 'shortage', code: 'VcpuLimitExceeded', next: 1 })).toEqual(done);
  expect(await post({ fault: 'boot', as: 'fails' })).toEqual(done);
  const answer = launch(3);
  expect(answer.errors.map((one) => one.code)).toEqual(['VcpuLimitExceeded']);
  const [first = '', second = ''] = answer.instances[0]?.ids ?? [];
  expect(model.instance(first)?.boot).toBe('fails');

  expect(await post({ fault: 'lose-answer' })).toEqual(done);
  expect(() => launch(1)).toThrow('connection ended');
  expect(await post({ fault: 'throttle', times: 1, action: 'CreateFleet' })).toEqual(done);
  expect(() => launch(1)).toThrow('Request limit exceeded');
  expect(await post({ fault: 'outage', as: 'unavailable' })).toEqual(done);
  expect(() => launch(1)).toThrow('overloaded');
  expect(await post({ fault: 'outage', as: 'none' })).toEqual(done);

  await clock.advance(seconds(5));
  expect(await post({ fault: 'rebalance', instance: second })).toEqual(done);
  expect(await post({ fault: 'interrupt', instance: first, seconds: 30 })).toEqual(done);
  expect(model.instance(second)?.rebalanceAt).toBe(clock.now());
  expect(model.instance(first)?.interruption?.at).toBe(clock.now() + 30_000);

  expect(await post({ fault: 'zone-out', zone: 'eu-central-1a' })).toEqual(done);
  expect(model.instances().map(stateOf)).not.toContain('running');
  expect(launch(1).errors.map((one) => one.code)).toEqual(['InsufficientInstanceCapacity']);

  expect(await post({ fault: 'throttle', times: 9 })).toEqual(done);
  expect(await post({ fault: 'clear' })).toEqual(done);
  expect(launch(1).errors).toEqual([]);
});

it('scripts what befalls calls of Auto Scaling, apart from those of EC2', async () => {
  await using world = await sandbox();
  const { groups, launch, post, template } = world;
  const create = (name: string) => {
    const members = { minSize: 0, maxSize: 4, desiredCapacity: 0, subnets: ['subnet-0a00000000000000a'] };
    groups.createAutoScalingGroup({ name, template: { id: template }, ...members });
  };
  const done = { status: 200, body: { done: true } };
  const service = 'auto-scaling' as const;
  expect(await post({ fault: 'throttle', service, action: 'CreateAutoScalingGroup' })).toEqual(done);
  expect(() => create('a')).toThrow('Rate exceeded');
  expect(await post({ fault: 'lose-answer', service })).toEqual(done);
  expect(() => create('a')).toThrow('connection ended');
  expect(groups.group('a')).toBeDefined();
  expect(await post({ fault: 'outage', service, as: 'unreachable' })).toEqual(done);
  expect(() => create('b')).toThrow('connection ended');
  expect(launch(1).errors).toEqual([]);
  expect(await post({ fault: 'throttle', service, times: 9 })).toEqual(done);
  expect(await post({ fault: 'clear' })).toEqual(done);
  create('b');
  expect(groups.groups().map(({ name }) => name)).toEqual(['a', 'b']);
  expect((await post('{"fault":"shortage","service":"auto-scaling"}')).status).toBe(400);
});

it('refuses what is no fault', async () => {
  await using world = await sandbox();
  const { post } = world;
  const statuses = [
    await post('{"fault":"earthquake"}'),
    await post('{"fault":"throttle","tmies":3}'),
    await post('not json'),
    await post({ fault: 'interrupt', instance: 'i-0123456789abcdef0' }),
    await post({ fault: 'zone-out', zone: 'atlantis' }),
  ].map((one) => one.status);
  expect(statuses).toEqual([400, 400, 400, 400, 400]);
});

it('shows the state behind the API', async () => {
  await using world = await sandbox();
  const { model, aws, launch } = world;
  launch(2);
  model.faults.outage = 'unreachable';
  const state: unknown = await (await fetch(`${aws.url}/sandbox/state`)).json();
  expect(state).toMatchObject({
    region: 'eu-central-1',
    calls: { CreateFleet: 1, CreateLaunchTemplate: 1 },
    throttled: {},
    instances: model.instances().map(({ id }) => ({ id, state: 'pending', market: 'spot', boot: 'normal' })),
    bills: [],
    groupCalls: {},
    groups: [],
  });
});

it('shows groups with their members', async () => {
  await using world = await sandbox();
  const { clock, groups, aws, template } = world;
  groups.createAutoScalingGroup({
    name: 'linux',
    minSize: 0,
    maxSize: 4,
    desiredCapacity: 1,
    mixedInstancesPolicy: {
      template: { id: template },
      overrides: [{ instanceType: 'm7i.large' }],
      distribution: {},
    },
    subnets: ['subnet-0a00000000000000a'],
    newInstancesProtectedFromScaleIn: true,
    tags: [{ key: 'runtide:pool', value: 'linux' }],
    lifecycleHooks: [{ name: 'in', transition: 'autoscaling:EC2_INSTANCE_LAUNCHING' }],
  });
  groups.suspendProcesses({ group: 'linux', processes: ['AZRebalance'] });
  await clock.advance(seconds(60));
  const state: unknown = await (await fetch(`${aws.url}/sandbox/state`)).json();
  expect(state).toMatchObject({
    groupCalls: { CreateAutoScalingGroup: 1, SuspendProcesses: 1 },
    groups: [
      {
        name: 'linux',
        minSize: 0,
        maxSize: 4,
        desiredCapacity: 1,
        tags: { 'runtide:pool': 'linux' },
        suspended: ['AZRebalance'],
        instances: [
          {
            id: expect.stringMatching(/^i-/),
            lifecycleState: 'Pending:Wait',
            healthStatus: 'Healthy',
            protectedFromScaleIn: true,
          },
        ],
      },
    ],
  });
});
