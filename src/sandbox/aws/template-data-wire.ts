import type {
  BlockDevice,
  LaunchTemplateData,
  MetadataOptions,
  NetworkInterface,
} from '../../adapters/memory/ec2/launch-template.ts';
import type { QueryParameters } from './query-parameters.ts';
import { readTagSpecifications, writeTags } from './tag-wire.ts';
import { XmlItems, type XmlTree } from './xml.ts';

/** Reads the members of `LaunchTemplateData`. */
export function readTemplateData(data: QueryParameters): LaunchTemplateData {
  const profile = data.structure('IamInstanceProfile');
  const monitoring = data.structure('Monitoring');
  const credit = data.structure('CreditSpecification');
  return {
    imageId: data.text('ImageId'),
    instanceType: data.text('InstanceType'),
    keyName: data.text('KeyName'),
    userData: data.text('UserData'),
    ebsOptimized: data.boolean('EbsOptimized'),
    instanceInitiatedShutdownBehavior: data.text('InstanceInitiatedShutdownBehavior'),
    iamInstanceProfile: profile && { arn: profile.text('Arn'), name: profile.text('Name') },
    metadataOptions: readMetadataOptions(data.structure('MetadataOptions')),
    monitoring: monitoring && { enabled: monitoring.boolean('Enabled') },
    creditSpecification: credit && { cpuCredits: credit.text('CpuCredits') },
    securityGroupIds: presentList(data.texts('SecurityGroupId')),
    blockDevices: presentList(data.list('BlockDeviceMapping').map(readBlockDevice)),
    networkInterfaces: presentList(data.list('NetworkInterface').map(readNetworkInterface)),
    tagSpecifications: presentList(readTagSpecifications(data)),
  };
}

/** Writes `launchTemplateData`. */
export function writeTemplateData(data: LaunchTemplateData): XmlTree {
  const { securityGroupIds, blockDevices, networkInterfaces, tagSpecifications, ...plain } = data;
  return {
    ...plain,
    iamInstanceProfile: plain.iamInstanceProfile && { ...plain.iamInstanceProfile },
    metadataOptions: plain.metadataOptions && { ...plain.metadataOptions },
    monitoring: plain.monitoring && { ...plain.monitoring },
    creditSpecification: plain.creditSpecification && { ...plain.creditSpecification },
    securityGroupIdSet: securityGroupIds,
    blockDeviceMappingSet: blockDevices?.map(({ deviceName, ebs }) => ({
      deviceName,
      ebs: ebs && { ...ebs },
    })),
    networkInterfaceSet: networkInterfaces?.map(({ groups, ...rest }) => ({
      ...rest,
      groupSet: groups && new XmlItems('groupId', groups),
    })),
    tagSpecificationSet: tagSpecifications?.map(({ resourceType, tags }) => ({
      resourceType,
      tagSet: writeTags(tags.map(({ key, value }) => [key, value])),
    })),
  };
}

function readMetadataOptions(options: QueryParameters | undefined): MetadataOptions | undefined {
  return (
    options && {
      httpEndpoint: options.oneOf('HttpEndpoint', ['enabled', 'disabled']),
      httpTokens: options.oneOf('HttpTokens', ['optional', 'required']),
      httpPutResponseHopLimit: options.integer('HttpPutResponseHopLimit'),
      httpProtocolIpv6: options.oneOf('HttpProtocolIpv6', ['enabled', 'disabled']),
      instanceMetadataTags: options.oneOf('InstanceMetadataTags', ['enabled', 'disabled']),
    }
  );
}

function readBlockDevice(device: QueryParameters): BlockDevice {
  const ebs = device.structure('Ebs');
  return {
    deviceName: device.text('DeviceName'),
    ebs: ebs && {
      volumeSize: ebs.integer('VolumeSize'),
      volumeType: ebs.text('VolumeType'),
      iops: ebs.integer('Iops'),
      throughput: ebs.integer('Throughput'),
      encrypted: ebs.boolean('Encrypted'),
      kmsKeyId: ebs.text('KmsKeyId'),
      snapshotId: ebs.text('SnapshotId'),
      deleteOnTermination: ebs.boolean('DeleteOnTermination'),
    },
  };
}

function readNetworkInterface(card: QueryParameters): NetworkInterface {
  return {
    deviceIndex: card.integer('DeviceIndex'),
    subnetId: card.text('SubnetId'),
    associatePublicIpAddress: card.boolean('AssociatePublicIpAddress'),
    deleteOnTermination: card.boolean('DeleteOnTermination'),
    groups: presentList(card.texts('SecurityGroupId')),
  };
}

function presentList<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
