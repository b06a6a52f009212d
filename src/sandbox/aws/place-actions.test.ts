import * as sdk from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import {
  fleetOf,
  refusalOf,
  startAwsDouble,
  templateData,
  templateOf,
} from '../../../test/support/aws-double.ts';
import { defaultPlace } from '../../adapters/memory/ec2/place.ts';

describe('images', () => {
  it('are found by owner, name and tag, and go with their snapshots', async () => {
    await using double = await startAwsDouble();
    const { ec2, model, clock } = double;
    const [first] = defaultPlace.images;
    model.images.add({
      id: 'ami-0a0000000000000ff',
      name: 'golden',
      architecture: 'arm64',
      rootDevice: '/dev/xvda',
      createdAt: clock.now(),
      snapshot: 'snap-1',
      tags: [{ key: 'runtide:image', value: 'packer' }],
    });
    const found = async (input: sdk.DescribeImagesCommandInput) =>
      (await ec2.send(new sdk.DescribeImagesCommand(input))).Images ?? [];
    const tagged = [{ Name: 'tag-key', Values: ['runtide:image'] }];
    const [golden, ...others] = await found({ Owners: ['self'], Filters: tagged });
    expect(others).toEqual([]);
    expect(golden).toMatchObject({
      ImageId: 'ami-0a0000000000000ff',
      CreationDate: new Date(clock.now()).toISOString(),
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: 'snap-1' } }],
      Tags: [{ Key: 'runtide:image', Value: 'packer' }],
    });
    expect(await found({ Owners: ['amazon'] })).toEqual([]);
    expect(await found({ Filters: [{ Name: 'tag:runtide:image', Values: ['x'] }] })).toEqual([]);
    const snapshot = new sdk.DeleteSnapshotCommand({ SnapshotId: 'snap-1' });
    expect(await refusalOf(ec2.send(snapshot))).toMatchObject({ name: 'InvalidSnapshot.InUse' });
    const deregister = new sdk.DeregisterImageCommand({ ImageId: 'ami-0a0000000000000ff' });
    await ec2.send(deregister);
    expect(await refusalOf(ec2.send(deregister))).toMatchObject({ name: 'InvalidAMIID.Unavailable' });
    await ec2.send(snapshot);
    expect(await refusalOf(ec2.send(snapshot))).toMatchObject({ name: 'InvalidSnapshot.NotFound' });
    expect(model.images.snapshots()).toEqual([]);
    expect(model.place.images.map(({ id }) => id)).toContain(first?.id);
  });

  it('that are gone launch nothing', async () => {
    await using double = await startAwsDouble();
    const { ec2, model } = double;
    model.images.deregister(templateData.ImageId ?? '');
    const { Instances, Errors } = await ec2.send(fleetOf(await templateOf(ec2)));
    expect(Instances ?? []).toEqual([]);
    expect(Errors?.map(({ ErrorCode }) => ErrorCode)).toContain('InvalidAMIID.NotFound');
  });
});
