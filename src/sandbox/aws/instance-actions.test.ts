import * as sdk from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { launch, refusalOf, startAwsDouble } from '../../../test/support/aws-double.ts';
import { EC2_LIFE_TIMES } from '../../adapters/memory/ec2/life-times.ts';
import { defaultPlace } from '../../adapters/memory/ec2/place.ts';

const subnet = defaultPlace.subnets[0]?.id ?? '';

describe('instances', () => {
  it('are described in full', async () => {
    await using double = await startAwsDouble();
    const { clock, ec2 } = double;
    const launchedAt = new Date(clock.now());
    const [id = ''] = await launch(ec2);
    await clock.advance(EC2_LIFE_TIMES.pending.longest);
    const { Reservations } = await ec2.send(new sdk.DescribeInstancesCommand({ InstanceIds: [id] }));
    expect(Reservations).toHaveLength(1);
    expect(Reservations?.[0]).toMatchObject({ OwnerId: '123456789012' });
    expect(Reservations?.[0]?.Instances?.[0]).toMatchObject({
      InstanceId: id,
      ImageId: 'ami-0a000000000000001',
      InstanceType: 'm7i.large',
      InstanceLifecycle: 'spot',
      State: { Code: 16, Name: 'running' },
      LaunchTime: launchedAt,
      Placement: { AvailabilityZone: 'eu-central-1a' },
      SubnetId: subnet,
      PrivateIpAddress: expect.stringMatching(/^10\.0\./),
      SecurityGroups: [{ GroupId: 'sg-0a000000000000001', GroupName: 'runner' }],
      MetadataOptions: {
        HttpTokens: 'required',
        InstanceMetadataTags: 'enabled',
        HttpPutResponseHopLimit: 1,
      },
      IamInstanceProfile: { Arn: 'arn:aws:iam::123456789012:instance-profile/runner' },
      Tags: expect.arrayContaining([
        { Key: 'pool', Value: 'small & <fast>' },
        { Key: 'launchId', Value: 'l1' },
      ]),
    });
  });

  it('lose their place in the network when terminated, and say why', async () => {
    await using double = await startAwsDouble();
    const { clock, ec2 } = double;
    const [id = ''] = await launch(ec2);
    const ended = await ec2.send(new sdk.TerminateInstancesCommand({ InstanceIds: [id] }));
    expect(ended.TerminatingInstances).toEqual([
      {
        InstanceId: id,
        PreviousState: { Code: 0, Name: 'pending' },
        CurrentState: { Code: 32, Name: 'shutting-down' },
      },
    ]);
    await clock.advance(EC2_LIFE_TIMES.shutdown.longest);
    const { Reservations } = await ec2.send(new sdk.DescribeInstancesCommand({ InstanceIds: [id] }));
    const [instance] = Reservations?.[0]?.Instances ?? [];
    expect(instance).toMatchObject({
      State: { Code: 48, Name: 'terminated' },
      StateReason: { Code: 'Client.UserInitiatedShutdown' },
      StateTransitionReason: 'User initiated (2026-01-05 08:00:00 GMT)',
    });
    expect(instance?.SubnetId).toBeUndefined();
    expect(instance?.PrivateIpAddress).toBeUndefined();
  });

  it('are stopped and started', async () => {
    await using double = await startAwsDouble();
    const { clock, ec2 } = double;
    const [id = ''] = await launch(ec2, {
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'on-demand' },
      SpotOptions: undefined,
    });
    const InstanceIds = [id];
    expect(await refusalOf(ec2.send(new sdk.StopInstancesCommand({ InstanceIds })))).toMatchObject({
      name: 'IncorrectInstanceState',
      status: 400,
    });
    await clock.advance(EC2_LIFE_TIMES.pending.longest);
    const stopped = await ec2.send(new sdk.StopInstancesCommand({ InstanceIds, Force: true }));
    expect(stopped.StoppingInstances).toEqual([
      {
        InstanceId: id,
        PreviousState: { Code: 16, Name: 'running' },
        CurrentState: { Code: 64, Name: 'stopping' },
      },
    ]);
    await clock.advance(EC2_LIFE_TIMES.shutdown.longest);
    const started = await ec2.send(new sdk.StartInstancesCommand({ InstanceIds }));
    expect(started.StartingInstances).toEqual([
      {
        InstanceId: id,
        PreviousState: { Code: 80, Name: 'stopped' },
        CurrentState: { Code: 0, Name: 'pending' },
      },
    ]);
    const { Reservations } = await ec2.send(new sdk.DescribeInstancesCommand({ InstanceIds }));
    expect(Reservations?.[0]?.Instances?.[0]).toMatchObject({
      State: { Name: 'pending' },
      LaunchTime: new Date(clock.now()),
      SubnetId: subnet,
    });
  });

  it('that cannot be started for want of capacity say so with a 500', async () => {
    await using double = await startAwsDouble();
    const { clock, ec2, model } = double;
    const [id = ''] = await launch(ec2, {
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'on-demand' },
    });
    await clock.advance(EC2_LIFE_TIMES.pending.longest);
    model.stopInstances([id]);
    await clock.advance(EC2_LIFE_TIMES.shutdown.longest);
    model.faults.shortage({ code: 'InsufficientInstanceCapacity' });
    const start = new sdk.StartInstancesCommand({ InstanceIds: [id] });
    expect(await refusalOf(ec2.send(start))).toMatchObject({
      name: 'InsufficientInstanceCapacity',
      status: 500,
    });
  });

  it('are listed in pages and by filter', async () => {
    await using double = await startAwsDouble();
    const { ec2, model } = double;
    await launch(ec2, { TargetCapacitySpecification: { TotalTargetCapacity: 12 } });
    const pages = sdk.paginateDescribeInstances(
      { client: ec2, pageSize: 5 },
      { Filters: [{ Name: 'tag:launchId', Values: ['l1', 'l2'] }] },
    );
    const ids: (string | undefined)[][] = [];
    for await (const { Reservations } of pages) {
      ids.push(
        (Reservations ?? []).flatMap((one) => (one.Instances ?? []).map((instance) => instance.InstanceId)),
      );
    }
    expect(ids.map((page) => page.length)).toEqual([5, 5, 2]);
    expect(ids.flat()).toEqual(model.instances().map((one) => one.id));
    const none = await ec2.send(
      new sdk.DescribeInstancesCommand({ Filters: [{ Name: 'tag-key', Values: ['none'] }] }),
    );
    expect(none.Reservations ?? []).toEqual([]);
  });

  it('are tagged and untagged', async () => {
    await using double = await startAwsDouble();
    const { ec2, model } = double;
    const [id = ''] = await launch(ec2);
    await ec2.send(
      new sdk.CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'runtide:drain', Value: 'idle' }] }),
    );
    expect(model.instance(id)?.tags.get('runtide:drain')).toBe('idle');
    await ec2.send(new sdk.DeleteTagsCommand({ Resources: [id], Tags: [{ Key: 'runtide:drain' }] }));
    expect(model.instance(id)?.tags.has('runtide:drain')).toBe(false);
  });

  it('show their console', async () => {
    await using double = await startAwsDouble();
    const { clock, ec2, model } = double;
    const [id = ''] = await launch(ec2);
    const get = new sdk.GetConsoleOutputCommand({ InstanceId: id, Latest: true });
    expect((await ec2.send(get)).Output).toBeUndefined();
    model.appendConsole(id, 'booting…\n');
    const { Output, Timestamp } = await ec2.send(get);
    expect(Buffer.from(Output ?? '', 'base64').toString('utf8')).toBe('booting…\n');
    expect(Timestamp).toEqual(new Date(clock.now()));
  });

  it('are refused by name', async () => {
    await using double = await startAwsDouble();
    const { ec2 } = double;
    const refused = async (InstanceIds: string[]) =>
      (await refusalOf(ec2.send(new sdk.DescribeInstancesCommand({ InstanceIds })))).name;
    expect(await refused(['i-0123456789abcdef0'])).toBe('InvalidInstanceID.NotFound');
    expect(await refused(['i-nonsense'])).toBe('InvalidInstanceID.Malformed');
  });
});

describe('the place', () => {
  it('is described by id and by filter', async () => {
    await using double = await startAwsDouble();
    const { ec2 } = double;
    const images = await ec2.send(
      new sdk.DescribeImagesCommand({ Owners: ['self'], ImageIds: ['ami-0a000000000000002'] }),
    );
    expect(images.Images).toMatchObject([{ Architecture: 'arm64', State: 'available', Public: false }]);
    const Filters = [{ Name: 'availability-zone', Values: ['eu-central-1a'] }];
    const subnets = await ec2.send(new sdk.DescribeSubnetsCommand({ Filters }));
    expect(subnets.Subnets).toMatchObject([{ SubnetId: subnet, AvailableIpAddressCount: 16_379 }]);
    const sets = await ec2.send(new sdk.DescribeSecurityGroupsCommand({}));
    expect(sets.SecurityGroups).toMatchObject([{ GroupId: 'sg-0a000000000000001', GroupName: 'runner' }]);
  });

  it('has nothing else', async () => {
    await using double = await startAwsDouble();
    const { ec2 } = double;
    const names = await Promise.all([
      refusalOf(ec2.send(new sdk.DescribeImagesCommand({ ImageIds: ['ami-00000000'] }))),
      refusalOf(ec2.send(new sdk.DescribeSubnetsCommand({ SubnetIds: ['subnet-00000000'] }))),
      refusalOf(ec2.send(new sdk.DescribeSecurityGroupsCommand({ GroupIds: ['sg-00000000'] }))),
      refusalOf(ec2.send(new sdk.DescribeVpcsCommand({}))),
    ]);
    expect(names.map((one) => one.name)).toEqual([
      'InvalidAMIID.NotFound',
      'InvalidSubnetID.NotFound',
      'InvalidGroup.NotFound',
      'InvalidAction',
    ]);
  });
});
