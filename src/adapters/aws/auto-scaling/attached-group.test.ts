import * as sdk from '@aws-sdk/client-auto-scaling';
import { describe, expect, it } from 'vitest';
import { type AwsDouble, startAwsDouble } from '../../../../test/support/aws-double.ts';
import { createGroup, describeGroup, GROUP } from '../../../../test/support/aws-group.ts';
import { groupPools, linuxMachines } from '../../../../test/support/group-pools.ts';
import { seconds } from '../../../engine/time.ts';
import { defaultPlace } from '../../memory/ec2/place.ts';
import { ec2Fleet } from '../ec2-fleet.ts';
import { GroupFleet } from './group-fleet.ts';

const signal = new AbortController().signal;
/** By this the operator gives the group to the installation. */
const GIVEN = [
  {
    Key: 'runtide:installation',
    Value: 'test',
    ResourceId: GROUP,
    ResourceType: 'auto-scaling-group',
    PropagateAtLaunch: true,
  },
];
const OFFERINGS = [{ instanceType: 'm7i.large', market: 'spot' as const }];

function attachedTo(double: AwsDouble): GroupFleet {
  const shared = {
    ec2: double.ec2,
    installation: 'test',
    tags: () => ({ CostCenter: '42' }),
    timeout: seconds(10),
    note: () => undefined,
  };
  return new GroupFleet({
    ...shared,
    client: double.autoScaling,
    fleet: ec2Fleet({ ...shared, pools: () => ({ linux: linuxMachines(defaultPlace) }) }),
    groups: () => groupPools({ group: GROUP, attached: true, offerings: OFFERINGS }),
    now: () => double.clock.now(),
  });
}

const request = (template: { id: string; version: string }, count: number) => ({
  launchId: 'linux-1-a',
  pool: 'linux',
  count,
  offerings: OFFERINGS,
  slots: 2,
  generation: 'g1',
  template,
});

describe("a group of the operator's", () => {
  it('gets tags and orders, and nothing else', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, { Tags: GIVEN });
    const before = await describeGroup(double);
    const fleet = attachedTo(double);
    await fleet.launch(request(await fleet.prepare('linux', signal), 2), signal);
    const { Tags = [], ...after } = await describeGroup(double);
    const { Tags: _given, ...untouched } = before;
    expect(after).toEqual({ ...untouched, DesiredCapacity: 2 });
    const keys = Tags.map(({ Key }) => Key);
    expect(keys).toContain('runtide:installation');
    expect(keys).not.toContain('CostCenter');
  });

  it('is refused while nobody has given it', async () => {
    await using double = await startAwsDouble();
    await createGroup(double);
    const before = await describeGroup(double);
    await expect(attachedTo(double).prepare('linux', signal)).rejects.toMatchObject({
      message: expect.stringContaining('no installation has been given it'),
    });
    expect(await describeGroup(double)).toEqual(before);
  });

  it('is refused what is more than it may have, with the command that helps', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, { MaxSize: 1, Tags: GIVEN });
    const fleet = attachedTo(double);
    const template = await fleet.prepare('linux', signal);
    await expect(fleet.launch(request(template, 2), signal)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('--max-size 2'),
    });
    expect((await describeGroup(double)).DesiredCapacity).toBe(0);
  });

  it('is refused where it scales by itself', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, { Tags: GIVEN });
    const policy = { AutoScalingGroupName: GROUP, PolicyName: 'busy', PolicyType: 'SimpleScaling' };
    await double.autoScaling.send(
      new sdk.PutScalingPolicyCommand({
        ...policy,
        AdjustmentType: 'ChangeInCapacity',
        ScalingAdjustment: 1,
      }),
    );
    await expect(attachedTo(double).prepare('linux', signal)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('delete-policy'),
    });
  });
});
