import type { InstanceState } from '../../engine/instance.ts';
import type { InstanceRecord } from '../../adapters/memory/ec2/instance-record.ts';
import type { ListedInstance } from '../../adapters/memory/ec2/listing.ts';
import type { Place } from '../../adapters/memory/ec2/place.ts';
import { writeTags } from './tag-wire.ts';
import type { XmlTree } from './xml.ts';

const codes: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

/** A state with EC2's number for it. */
export function instanceStateXml(state: InstanceState): XmlTree {
  return { code: codes[state], name: state };
}

/** One instance as DescribeInstances answers it. */
export function instanceXml({ record, shown }: ListedInstance, place: Place): XmlTree {
  const { reason } = shown;
  return {
    instanceId: record.id,
    imageId: record.data.imageId,
    instanceState: instanceStateXml(shown.state),
    reason: reason?.transition ?? '',
    keyName: record.data.keyName,
    amiLaunchIndex: 0,
    instanceType: record.instanceType,
    launchTime: new Date(record.launchedAt),
    placement: { availabilityZone: record.zone, groupName: '', tenancy: 'default' },
    monitoring: { state: record.data.monitoring?.enabled === true ? 'enabled' : 'disabled' },
    ...networkXml(record, shown.state, place),
    stateReason: reason === undefined ? undefined : { code: reason.code, message: reason.message },
    architecture: imageOf(record, place)?.architecture,
    rootDeviceType: 'ebs',
    rootDeviceName: imageOf(record, place)?.rootDevice,
    virtualizationType: 'hvm',
    clientToken: record.clientToken,
    tagSet: writeTags(record.tags),
    instanceLifecycle: record.market === 'spot' ? 'spot' : undefined,
    spotInstanceRequestId: record.spotRequestId,
    iamInstanceProfile: profileXml(record, place),
    ebsOptimized: record.data.ebsOptimized ?? false,
    metadataOptions: metadataXml(record),
  };
}

/** A terminated instance has lost its place in the network. */
function networkXml(record: InstanceRecord, state: InstanceState, place: Place): XmlTree {
  if (state === 'terminated') return { privateDnsName: '', dnsName: '', groupSet: [] };
  const name = `ip-${record.privateAddress.replaceAll('.', '-')}.${place.region}.compute.internal`;
  const { securityGroupIds, networkInterfaces } = record.data;
  const groups = [
    ...(securityGroupIds ?? []),
    ...(networkInterfaces?.flatMap((one) => one.groups ?? []) ?? []),
  ];
  return {
    privateDnsName: name,
    dnsName: '',
    subnetId: record.subnet,
    vpcId: record.vpc,
    privateIpAddress: record.privateAddress,
    sourceDestCheck: true,
    groupSet: place.securityGroups
      .filter((group) => groups.includes(group.id))
      .map((group) => ({ groupId: group.id, groupName: group.name })),
  };
}

function imageOf(record: InstanceRecord, place: Place): Place['images'][number] | undefined {
  return place.images.find((image) => image.id === record.data.imageId);
}

function profileXml({ data }: InstanceRecord, { account }: Place): XmlTree | undefined {
  const profile = data.iamInstanceProfile;
  if (profile === undefined) return undefined;
  return { arn: profile.arn ?? `arn:aws:iam::${account}:instance-profile/${profile.name}` };
}

function metadataXml({ data }: InstanceRecord): XmlTree {
  const options = data.metadataOptions;
  return {
    state: 'applied',
    httpTokens: options?.httpTokens ?? 'required',
    httpPutResponseHopLimit: options?.httpPutResponseHopLimit ?? 1,
    httpEndpoint: options?.httpEndpoint ?? 'enabled',
    httpProtocolIpv6: options?.httpProtocolIpv6 ?? 'disabled',
    instanceMetadataTags: options?.instanceMetadataTags ?? 'disabled',
  };
}
