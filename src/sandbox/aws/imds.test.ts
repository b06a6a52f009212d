import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { platform } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AutoScaling } from '../../adapters/memory/auto-scaling/auto-scaling.ts';
import { VirtualClock } from '../../adapters/memory/clock.ts';
import { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import { stateOf } from '../../adapters/memory/ec2/instance-record.ts';
import type { LaunchTemplateData } from '../../adapters/memory/ec2/launch-template.ts';
import { Ssm } from '../../adapters/memory/ec2/ssm.ts';
import { minutes, seconds } from '../../engine/time.ts';
import { type Aws, startAws } from './server.ts';

const log = {
  error: (details: object, message: string) => expect.unreachable(`${message} ${JSON.stringify(details)}`),
};
let clock: VirtualClock;
let model: Ec2;
let groups: AutoScaling;
let aws: Aws;

beforeEach(async () => {
  clock = new VirtualClock();
  model = new Ec2({ timers: clock, seed: 1, pendingFor: seconds(5), shutdownFor: seconds(5) });
  groups = new AutoScaling({ timers: clock, ec2: model, seed: 1 });
  aws = await startAws({ model, groups, ssm: new Ssm(clock, 1), timers: clock, log });
});

afterEach(() => aws.close());

function templateOf(data: LaunchTemplateData = {}): string {
  const { id } = model.createLaunchTemplate({
    name: `pool-${model.instances().length}`,
    data: {
      imageId: 'ami-0a000000000000001',
      metadataOptions: { instanceMetadataTags: 'enabled' },
      userData: btoa('#!/bin/sh\necho hello\n'),
      ...data,
    },
  });
  return id;
}

async function launch(data: LaunchTemplateData = {}): Promise<string> {
  const id = templateOf(data);
  const answer = model.createFleet({
    configs: [{ template: { id, version: '1' }, overrides: [{ instanceType: 'm7i.large' }] }],
    count: 1,
    market: 'spot',
  });
  await clock.advance(seconds(5));
  return answer.instances[0]?.ids[0] ?? '';
}

function askToken(id: string, ttl?: string, more: Record<string, string> = {}): Promise<Response> {
  const headers = { ...(ttl === undefined ? {} : { 'X-aws-ec2-metadata-token-ttl-seconds': ttl }), ...more };
  return fetch(`${aws.imdsUrl(id)}/latest/api/token`, { method: 'PUT', headers });
}

/** Reads metadata as an instance does: the status, or the text when that is 200. */
async function reader(id: string, ttl = '60'): Promise<(path: string) => Promise<string | number>> {
  const token = await (await askToken(id, ttl)).text();
  return async (path) => {
    const answer = await fetch(`${aws.imdsUrl(id)}/latest/${path}`, {
      headers: { 'X-aws-ec2-metadata-token': token },
    });
    return answer.status === 200 ? answer.text() : answer.status;
  };
}

describe('the metadata service', () => {
  it('tells an instance who it is', async () => {
    const id = await launch();
    const read = await reader(id);
    expect(await read('meta-data/instance-id')).toBe(id);
    expect(await read('meta-data/placement/region')).toBe('eu-central-1');
    expect(await read('meta-data/placement/availability-zone')).toBe('eu-central-1a');
    expect(await read('meta-data/instance-type')).toBe('m7i.large');
    expect(await read('meta-data/instance-life-cycle')).toBe('spot');
    expect(await read('user-data')).toBe('#!/bin/sh\necho hello\n');
    expect(await read('meta-data/nothing')).toBe(404);
    expect(await read('other')).toBe(404);
  });

  it('shows tags as they are now, where that is on', async () => {
    const id = await launch();
    const read = await reader(id);
    expect(await read('meta-data/tags/instance/runtide:drain')).toBe(404);
    model.createTags([id], [{ key: 'runtide:drain', value: 'idle' }]);
    expect(await read('meta-data/tags/instance/runtide:drain')).toBe('idle');
    expect(String(await read('meta-data/tags/instance/')).split('\n')).toContain('runtide:drain');
    expect(await read('meta-data/tags/instance')).toBe(await read('meta-data/tags/instance/'));

    const blind = await launch({ metadataOptions: {} });
    expect(await (await reader(blind))('meta-data/tags/instance/')).toBe(404);
  });

  it('gives the credentials of the role of its profile, where it has one', async () => {
    const id = await launch({
      iamInstanceProfile: { arn: 'arn:aws:iam::111122223333:instance-profile/ci/runner' },
    });
    const read = await reader(id);
    expect(await read('meta-data/iam/security-credentials/')).toBe('runner');
    const given: unknown = JSON.parse(String(await read('meta-data/iam/security-credentials/runner')));
    expect(given).toMatchObject({
      Code: 'Success',
      AccessKeyId: `role-of-${id}`,
      LastUpdated: '2026-01-05T08:00:05.000Z',
      Expiration: '2026-01-05T14:00:05.000Z',
    });
    expect(await read('meta-data/iam/security-credentials/other')).toBe(404);
    const bare = await launch();
    expect(await (await reader(bare))('meta-data/iam/security-credentials/')).toBe(404);
  });

  it('tells a member what its group makes of it', async () => {
    const alone = await launch();
    expect(await (await reader(alone))('meta-data/autoscaling/target-lifecycle-state')).toBe(404);
    groups.createAutoScalingGroup({
      name: 'linux',
      minSize: 0,
      maxSize: 4,
      desiredCapacity: 1,
      template: { id: templateOf({ instanceType: 'm7i.large' }) },
      subnets: ['subnet-0a00000000000000a'],
      tags: [
        { key: 'runtide:group', value: 'linux', propagateAtLaunch: true },
        { key: 'cost', value: '42', propagateAtLaunch: false },
      ],
      lifecycleHooks: [
        { name: 'in', transition: 'autoscaling:EC2_INSTANCE_LAUNCHING' },
        { name: 'out', transition: 'autoscaling:EC2_INSTANCE_TERMINATING' },
      ],
    });
    await clock.advance(minutes(1));
    const [member] = groups.group('linux')?.instances ?? [];
    const id = member?.id ?? '';
    const read = await reader(id, '3600');
    const target = () => read('meta-data/autoscaling/target-lifecycle-state');
    const states: unknown[] = [[member?.lifecycleState, await target()]];
    expect(await read('meta-data/tags/instance/runtide:group')).toBe('linux');
    expect(await read('meta-data/tags/instance/aws:autoscaling:groupName')).toBe('linux');
    expect(await read('meta-data/tags/instance/cost')).toBe(404);
    const go = async (act: () => void) => {
      act();
      await clock.advance(minutes(1));
      states.push([groups.group('linux')?.instances[0]?.lifecycleState, await target()]);
    };
    await go(() => groups.completeLifecycleAction({ group: 'linux', hook: 'in', id, result: 'CONTINUE' }));
    const ending = { ids: [id], shouldDecrementDesiredCapacity: true };
    await go(() => groups.terminateInstanceInAutoScalingGroup(ending));
    await go(() => groups.completeLifecycleAction({ group: 'linux', hook: 'out', id, result: 'CONTINUE' }));
    expect(states).toEqual([
      ['Pending:Wait', 'InService'],
      ['InService', 'InService'],
      ['Terminating:Wait', 'Terminated'],
      [undefined, 404],
    ]);
  });

  it('announces an interruption and a rebalance recommendation', async () => {
    const id = await launch();
    const read = await reader(id);
    expect(await read('meta-data/spot/instance-action')).toBe(404);
    expect(await read('meta-data/events/recommendations/rebalance')).toBe(404);
    model.recommendRebalance(id);
    model.interrupt(id, minutes(2));
    expect(await read('meta-data/events/recommendations/rebalance')).toBe(
      '{"noticeTime":"2026-01-05T08:00:05Z"}',
    );
    expect(await read('meta-data/spot/instance-action')).toBe(
      '{"action":"terminate","time":"2026-01-05T08:02:05Z"}',
    );
    expect(await read('meta-data/spot/termination-time')).toBe('2026-01-05T08:02:05Z');
  });

  it('wants a token that is valid and its own', async () => {
    const id = await launch();
    const other = await launch();
    const read = await reader(id, '10');
    expect(await read('meta-data/instance-id')).toBe(id);
    const bare = await fetch(`${aws.imdsUrl(id)}/latest/meta-data/instance-id`);
    expect(bare.status).toBe(401);
    const token = await (await askToken(other, '60')).text();
    const foreign = await fetch(`${aws.imdsUrl(id)}/latest/meta-data/instance-id`, {
      headers: { 'X-aws-ec2-metadata-token': token },
    });
    expect(foreign.status).toBe(401);
    await clock.advance(seconds(10));
    expect(await read('meta-data/instance-id')).toBe(401);
  });

  it('issues tokens for 1 to 21,600 seconds, and to nobody behind a proxy', async () => {
    const id = await launch();
    const statuses = await Promise.all(
      [undefined, '', '0', '21601', 'x', '1', '21600'].map(async (ttl) => (await askToken(id, ttl)).status),
    );
    expect(statuses).toEqual([400, 400, 400, 400, 400, 200, 200]);
    expect((await askToken(id, '60', { 'X-Forwarded-For': '10.0.0.1' })).status).toBe(403);
    expect((await fetch(`${aws.imdsUrl(id)}/latest/api/token`)).status).toBe(405);
  });

  it('is there for running instances only, and can be off', async () => {
    expect((await askToken('i-0123456789abcdef0', '60')).status).toBe(404);
    const off = await launch({ metadataOptions: { httpEndpoint: 'disabled' } });
    expect((await askToken(off, '60')).status).toBe(403);
    const id = await launch();
    const read = await reader(id);
    model.terminateInstances([id]);
    expect(await read('meta-data/instance-id')).toBe(id);
    await clock.advance(seconds(5));
    expect(await read('meta-data/instance-id')).toBe(404);
  });
});

/** The exit code of a request by a user: 0 for an answer, 52 where the connection ends without one. */
async function exitCodeOf(uid: number | undefined, ...words: string[]): Promise<unknown> {
  const child = spawn('curl', ['-s', '-f', '-o', '/dev/null', '--max-time', '5', ...words], {
    uid,
    stdio: 'ignore',
  });
  return (await once(child, 'exit'))[0];
}

const IS_ROOT = platform() === 'linux' && process.getuid?.() === 0;

describe('the metadata service behind a firewall', () => {
  it('answers root alone, over its data and its switch', async () => {
    await using stack = new AsyncDisposableStack();
    const closed = await startAws({ model, ssm: new Ssm(clock, 1), timers: clock, log, metadataFor: 'root' });
    stack.defer(() => closed.close());
    const id = await launch();
    const ask = ['-X', 'PUT', '-H', 'X-aws-ec2-metadata-token-ttl-seconds: 60'];
    const token = [...ask, `${closed.imdsUrl(id)}/latest/api/token`];
    const off = ['-X', 'POST', `${closed.imdsUrl(id)}/sandbox/poweroff`];
    // Who is not root here has no other user to ask as: it is the one that is refused.
    const other = IS_ROOT ? 4711 : undefined;
    expect(await exitCodeOf(other, ...token)).toBe(52);
    expect(await exitCodeOf(other, ...off)).toBe(52);
    expect(await exitCodeOf(undefined, ...token)).toBe(IS_ROOT ? 0 : 52);
    expect(model.instances().map(stateOf)).toEqual(['running']);
  });
});
