import * as sdk from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import {
  clientSettings,
  fleetOf,
  refusalOf,
  startAwsDouble,
  templateData,
  templateOf,
} from '../../../test/support/aws-double.ts';
import { defaultPlace } from '../../adapters/memory/ec2/place.ts';

const subnet = defaultPlace.subnets[0]?.id ?? '';

describe('launch templates', () => {
  it('come back as they were made', async () => {
    await using double = await startAwsDouble();
    const { clock, ec2 } = double;
    const created = await ec2.send(
      new sdk.CreateLaunchTemplateCommand({
        LaunchTemplateName: 'pool',
        VersionDescription: 'g1',
        LaunchTemplateData: templateData,
        TagSpecifications: [{ ResourceType: 'launch-template', Tags: [{ Key: 'a', Value: 'b' }] }],
      }),
    );
    expect(created.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(created.LaunchTemplate).toMatchObject({
      LaunchTemplateName: 'pool',
      DefaultVersionNumber: 1,
      LatestVersionNumber: 1,
      CreateTime: new Date(clock.now()),
      Tags: [{ Key: 'a', Value: 'b' }],
    });
    const { LaunchTemplateVersions } = await ec2.send(
      new sdk.DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: 'pool', Versions: ['$Latest'] }),
    );
    expect(LaunchTemplateVersions).toMatchObject([
      { VersionNumber: 1, VersionDescription: 'g1', DefaultVersion: true },
    ]);
    expect(LaunchTemplateVersions?.[0]?.LaunchTemplateData).toEqual(templateData);
  });

  it('grow, are listed in pages and go', async () => {
    await using double = await startAwsDouble();
    const { ec2 } = double;
    const id = await templateOf(ec2);
    for (let version = 2; version <= 7; version++) {
      const { LaunchTemplateVersion } = await ec2.send(
        new sdk.CreateLaunchTemplateVersionCommand({
          LaunchTemplateId: id,
          SourceVersion: '1',
          LaunchTemplateData: { KeyName: `k${version}` },
        }),
      );
      expect(LaunchTemplateVersion).toMatchObject({
        VersionNumber: version,
        LaunchTemplateData: { EbsOptimized: true },
      });
    }
    const pages = sdk.paginateDescribeLaunchTemplateVersions(
      { client: ec2, pageSize: 5 },
      { LaunchTemplateId: id },
    );
    const sizes: (number | undefined)[] = [];
    for await (const page of pages) sizes.push(page.LaunchTemplateVersions?.length);
    expect(sizes).toEqual([5, 2]);
    const { LaunchTemplates } = await ec2.send(
      new sdk.DescribeLaunchTemplatesCommand({ LaunchTemplateNames: ['pool'] }),
    );
    expect(LaunchTemplates).toMatchObject([{ LaunchTemplateId: id, LatestVersionNumber: 7 }]);
    await ec2.send(new sdk.DeleteLaunchTemplateCommand({ LaunchTemplateId: id }));
    expect(await refusalOf(ec2.send(new sdk.DeleteLaunchTemplateCommand({ LaunchTemplateId: id })))).toEqual({
      name: 'InvalidLaunchTemplateId.NotFound',
      status: 400,
      requestId: true,
    });
    const named = new sdk.DescribeLaunchTemplatesCommand({ LaunchTemplateNames: ['pool'] });
    expect(await refusalOf(ec2.send(named))).toMatchObject({
      name: 'InvalidLaunchTemplateName.NotFoundException',
    });
  });
});

describe('fleets', () => {
  it('answer what was bought and what was not', async () => {
    await using double = await startAwsDouble();
    const { ec2, model } = double;
    model.faults.shortage({ code: 'InsufficientInstanceCapacity', instanceType: 'm7i.large' });
    const id = await templateOf(ec2);
    const { FleetId, Instances, Errors } = await ec2.send(fleetOf(id));
    expect(FleetId).toMatch(/^fleet-/);
    const LaunchTemplateSpecification = { LaunchTemplateId: id, Version: '1' };
    expect(Instances).toEqual([
      {
        LaunchTemplateAndOverrides: { LaunchTemplateSpecification, Overrides: { InstanceType: 'c7i.large' } },
        Lifecycle: 'spot',
        InstanceIds: model.instances().map((one) => one.id),
        InstanceType: 'c7i.large',
      },
    ]);
    expect(Errors).toMatchObject([
      {
        LaunchTemplateAndOverrides: {
          Overrides: { InstanceType: 'm7i.large', SubnetId: subnet, Priority: 1.5 },
        },
        Lifecycle: 'spot',
        ErrorCode: 'InsufficientInstanceCapacity',
      },
    ]);
  });

  it('are the same under the same client token', async () => {
    await using double = await startAwsDouble();
    const { ec2 } = double;
    const id = await templateOf(ec2);
    const { $metadata: _first, ...first } = await ec2.send(fleetOf(id, { ClientToken: 'l1' }));
    const { $metadata: _again, ...again } = await ec2.send(fleetOf(id, { ClientToken: 'l1' }));
    expect(again).toEqual(first);
    const other = fleetOf(id, { ClientToken: 'l1', TagSpecifications: [] });
    expect(await refusalOf(ec2.send(other))).toMatchObject({
      name: 'IdempotentParameterMismatch',
      status: 400,
    });
  });

  it('may be bought without an answer', async () => {
    await using double = await startAwsDouble();
    const { ec2, model } = double;
    const id = await templateOf(ec2);
    model.faults.loseAnswers();
    await expect(ec2.send(fleetOf(id))).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(model.instances()).toHaveLength(2);
  });

  it('are refused where a parameter is unknown, missing or wrong', async () => {
    await using double = await startAwsDouble();
    const { ec2, model } = double;
    const id = await templateOf(ec2);
    const weighted = [
      {
        LaunchTemplateSpecification: { LaunchTemplateId: id, Version: '1' },
        Overrides: [{ WeightedCapacity: 2 }],
      },
    ];
    const names = await Promise.all(
      [
        fleetOf(id, { LaunchTemplateConfigs: weighted }),
        fleetOf(id, { Type: 'maintain' }),
        fleetOf(id, { TargetCapacitySpecification: { TotalTargetCapacity: 0 } }),
        fleetOf(id, { TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'a', Value: 'b' }] }] }),
        fleetOf(id, { DryRun: true }),
      ].map(async (command) => (await refusalOf(ec2.send(command))).name),
    );
    expect(names).toEqual([
      'UnknownParameter',
      'InvalidParameterValue',
      'InvalidParameterValue',
      'InvalidParameterValue',
      'DryRunOperation',
    ]);
    expect(model.instances()).toEqual([]);
  });
});

describe('a throttled account', () => {
  it('buys what its tokens pay for, and is refused when it asks too often', async () => {
    await using double = await startAwsDouble();
    const { ec2, model } = double;
    const id = await templateOf(ec2);
    const many = { TargetCapacitySpecification: { TotalTargetCapacity: 1200 } };
    const { Instances, Errors } = await ec2.send(fleetOf(id, many));
    expect((Instances ?? []).flatMap(({ InstanceIds }) => InstanceIds ?? [])).toHaveLength(1000);
    expect(Errors?.map(({ ErrorCode }) => ErrorCode)).toEqual(['RequestLimitExceeded']);
    for (let call = 2; call <= 5; call++) await ec2.send(fleetOf(id));
    expect(await refusalOf(ec2.send(fleetOf(id)))).toEqual({
      name: 'RequestLimitExceeded',
      status: 503,
      requestId: true,
    });
    expect(model.throttled()).toEqual({ RunInstances: 5, CreateFleet: 1 });
  });

  it('reads its security groups less often when it does not say which', async () => {
    await using double = await startAwsDouble();
    const { ec2 } = double;
    const refusals: string[] = [];
    for (let call = 0; call < 51; call++) {
      refusals.push((await refusalOf(ec2.send(new sdk.DescribeSecurityGroupsCommand({})))).name);
    }
    expect(refusals.filter((name) => name === 'RequestLimitExceeded')).toHaveLength(1);
    const Filters = [{ Name: 'group-name', Values: ['runner'] }];
    const narrowed = await ec2.send(new sdk.DescribeSecurityGroupsCommand({ Filters }));
    expect(narrowed.SecurityGroups).toHaveLength(1);
  });
});

describe('calls that fail', () => {
  it('are throttled, unavailable or unanswered as scripted', async () => {
    await using double = await startAwsDouble();
    const { ec2, model } = double;
    const list = async (): Promise<unknown> => ec2.send(new sdk.DescribeInstancesCommand({}));
    model.faults.throttle(1);
    expect(await refusalOf(list())).toEqual({ name: 'RequestLimitExceeded', status: 503, requestId: true });
    model.faults.outage = 'unavailable';
    expect(await refusalOf(list())).toEqual({ name: 'Unavailable', status: 503, requestId: true });
    model.faults.outage = 'unreachable';
    await expect(list()).rejects.toThrow(/socket hang up|ECONNRESET/);
  });

  it('need credentials for this region', async () => {
    await using double = await startAwsDouble();
    const { aws } = double;
    const elsewhere = new sdk.EC2Client(clientSettings(aws.url, 'us-east-1'));
    expect(await refusalOf(elsewhere.send(new sdk.DescribeInstancesCommand({})))).toMatchObject({
      name: 'AuthFailure',
      status: 401,
    });
    elsewhere.destroy();
    const plain = await fetch(aws.url, {
      method: 'POST',
      body: 'Action=DescribeInstances&Version=2016-11-15',
    });
    expect(plain.status).toBe(401);
    expect(await plain.text()).toMatch(/<Code>AuthFailure<\/Code>.*<RequestID>/);
  });
});
