import * as sdk from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import {
  fleetOf,
  refusalOf,
  startAwsDouble,
  templateData,
  templateOf,
} from '../../../test/support/aws-double.ts';
import { defaultPlace, type Place } from '../../adapters/memory/ec2/place.ts';

const [SUBNET] = defaultPlace.subnets;
const DRY: sdk.RunInstancesCommandInput = {
  DryRun: true,
  MinCount: 1,
  MaxCount: 1,
  InstanceType: 'm7i.large',
  ImageId: defaultPlace.images[0]?.id,
  SubnetId: SUBNET?.id,
  SecurityGroupIds: defaultPlace.securityGroups.map(({ id }) => id),
  IamInstanceProfile: { Name: 'runner' },
  MetadataOptions: { HttpTokens: 'required', InstanceMetadataTags: 'enabled' },
  InstanceMarketOptions: { MarketType: 'spot' },
  TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'pool', Value: 'linux' }] }],
};

async function offerings(
  filters: Readonly<Record<string, readonly string[]>>,
  place: Partial<Place> = {},
): Promise<readonly string[]> {
  await using double = await startAwsDouble({ ...defaultPlace, ...place });
  const answer = await double.ec2.send(
    new sdk.DescribeInstanceTypeOfferingsCommand({
      LocationType: 'availability-zone',
      Filters: Object.entries(filters).map(([Name, values]) => ({ Name, Values: [...values] })),
    }),
  );
  return (answer.InstanceTypeOfferings ?? []).map(
    ({ InstanceType, Location }) => `${InstanceType} ${Location}`,
  );
}

describe('offerings of instance types', () => {
  it('are every type in every zone, but for what a zone lacks and what is no type', async () => {
    expect(await offerings({ 'instance-type': ['m7i.large', 'nonsense'] })).toEqual([
      'm7i.large eu-central-1a',
      'm7i.large eu-central-1b',
      'm7i.large eu-central-1c',
    ]);
    const lacking = [{ instanceType: 'm7i.large', zone: 'eu-central-1b' }];
    expect(
      await offerings(
        { 'instance-type': ['m7i.large'], location: ['eu-central-1a', 'eu-central-1b'] },
        { lacking },
      ),
    ).toEqual(['m7i.large eu-central-1a']);
  });

  it('are not told without a type, or by another filter', async () => {
    await expect(offerings({})).rejects.toMatchObject({ name: 'UnsupportedOperation' });
    await expect(offerings({ 'vcpu-info': ['2'] })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  it('are what fleets launch', async () => {
    const lacking = defaultPlace.subnets.map(({ zone }) => ({ instanceType: 'm7i.large', zone }));
    await using double = await startAwsDouble({ ...defaultPlace, lacking });
    const { Instances, Errors } = await double.ec2.send(fleetOf(await templateOf(double.ec2)));
    expect(Instances?.map(({ InstanceType }) => InstanceType)).toEqual(['c7i.large']);
    expect(Errors?.map(({ ErrorCode }) => ErrorCode)).toEqual(['InvalidFleetConfiguration']);
  });
});

describe('a dry run of RunInstances', () => {
  it.each<[what: string, change: Partial<sdk.RunInstancesCommandInput>, code: string]>([
    ['all that is there', {}, 'DryRunOperation'],
    ['an unknown image', { ImageId: 'ami-0f' }, 'InvalidAMIID.NotFound'],
    ['an image of another architecture', { InstanceType: 'm7g.large' }, 'InvalidParameterValue'],
    ['an unknown subnet', { SubnetId: 'subnet-0f' }, 'InvalidSubnetID.NotFound'],
    ['an unknown security group', { SecurityGroupIds: ['sg-0f'] }, 'InvalidGroup.NotFound'],
    ['an unknown instance profile', { IamInstanceProfile: { Name: 'other' } }, 'InvalidParameterValue'],
    [
      'a tag that metadata cannot show',
      { TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'a/b', Value: '' }] }] },
      'InvalidParameterValue',
    ],
    ['no dry run', { DryRun: false }, 'UnsupportedOperation'],
  ])('with %s', async (_what, change, code) => {
    await using double = await startAwsDouble({ ...defaultPlace, instanceProfiles: ['runner'] });
    const sent = double.ec2.send(new sdk.RunInstancesCommand({ ...DRY, ...change }));
    expect(await refusalOf(sent)).toMatchObject({ name: code, requestId: true });
    expect(double.model.instances()).toEqual([]);
  });

  it('takes from a launch template what it does not say itself', async () => {
    await using double = await startAwsDouble();
    const LaunchTemplate = { LaunchTemplateId: await templateOf(double.ec2), Version: '1' };
    const { ImageId: _image, SecurityGroupIds: _groups, ...rest } = DRY;
    const dry = (change: Partial<sdk.RunInstancesCommandInput>) =>
      refusalOf(double.ec2.send(new sdk.RunInstancesCommand({ ...rest, LaunchTemplate, ...change })));
    expect(templateData.ImageId).toBeDefined();
    expect(await dry({})).toMatchObject({ name: 'DryRunOperation', status: 412 });
    expect(await dry({ ImageId: 'ami-0f' })).toMatchObject({ name: 'InvalidAMIID.NotFound' });
    expect(await dry({ LaunchTemplate: { ...LaunchTemplate, Version: '9' } })).toMatchObject({
      name: 'InvalidLaunchTemplateId.VersionNotFound',
    });
  });
});
