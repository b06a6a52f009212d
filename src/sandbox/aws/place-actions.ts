import type { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import { Ec2Error } from '../../adapters/memory/ec2/error.ts';
import { type Filter, page, type Page, type Paging, passes } from '../../adapters/memory/ec2/listing.ts';
import type { Image, SecurityGroup, Subnet } from '../../adapters/memory/ec2/place.ts';
import { readFilters, readPaging } from './paging-wire.ts';
import type { QueryParameters } from './query-parameters.ts';
import { writeTags } from './tag-wire.ts';
import type { XmlTree } from './xml.ts';

/** Actions that only read what the account holds. */
export const placeActions = {
  DescribeImages(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const question = readQuestion(parameters, 'ImageId');
    const owners = parameters.texts('Owner');
    parameters.finish();
    ec2.countCall('DescribeImages');
    const { account, images } = ec2.place;
    // All images here are the account's own.
    const own = owners.length === 0 || owners.some((owner) => owner === 'self' || owner === account);
    const { items, nextToken } = answer(question, own ? images : [], 'InvalidAMIID.NotFound', imageValues);
    return { imagesSet: items.map((image) => imageXml(image, account)), nextToken };
  },

  DeregisterImage(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const id = parameters.required('ImageId');
    parameters.finish();
    ec2.images.deregister(id);
    return { return: true };
  },

  DeleteSnapshot(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const id = parameters.required('SnapshotId');
    parameters.finish();
    ec2.images.deleteSnapshot(id);
    return { return: true };
  },

  DescribeSubnets(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const question = readQuestion(parameters, 'SubnetId');
    parameters.finish();
    ec2.countCall('DescribeSubnets');
    const { items, nextToken } = answer(
      question,
      ec2.place.subnets,
      'InvalidSubnetID.NotFound',
      (subnet) => ({
        'subnet-id': subnet.id,
        'vpc-id': subnet.vpc,
        'availability-zone': subnet.zone,
        state: 'available',
      }),
    );
    return { subnetSet: items.map((subnet) => subnetXml(subnet, ec2)), nextToken };
  },

  DescribeSecurityGroups(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const question = readQuestion(parameters, 'GroupId');
    parameters.finish();
    ec2.countCall('DescribeSecurityGroups', isNarrowed(question));
    const { items, nextToken } = answer(
      question,
      ec2.place.securityGroups,
      'InvalidGroup.NotFound',
      (one) => ({
        'group-id': one.id,
        'group-name': one.name,
        'vpc-id': one.vpc,
      }),
    );
    return { securityGroupInfo: items.map((one) => securityGroupXml(one, ec2.place.account)), nextToken };
  },
};

interface Question extends Paging {
  readonly ids: readonly string[];
  readonly filters: readonly Filter[];
}

function readQuestion(parameters: QueryParameters, idName: string): Question {
  return { ids: parameters.texts(idName), filters: readFilters(parameters), ...readPaging(parameters) };
}

function isNarrowed({ filters, maxResults, nextToken }: Question): boolean {
  return filters.length > 0 || maxResults !== undefined || nextToken !== undefined;
}

function answer<T extends { readonly id: string }>(
  { ids, filters, ...paging }: Question,
  all: readonly T[],
  missingCode: string,
  values: (one: T) => Readonly<Record<string, string | readonly string[]>>,
): Page<T> {
  const missing = ids.find((id) => !all.some((one) => one.id === id));
  if (missing !== undefined) throw new Ec2Error(missingCode, `The ID '${missing}' does not exist`);
  const named = ids.length === 0 ? all : all.filter((one) => ids.includes(one.id));
  const chosen = named.filter((one) =>
    passes(filters, (filter) => {
      const value = values(one)[filter];
      if (value === undefined) return filter.startsWith('tag:') ? [] : undefined;
      return typeof value === 'string' ? [value] : value;
    }),
  );
  return page(chosen, (one) => one.id, paging);
}

function imageValues(image: Image): Readonly<Record<string, string | readonly string[]>> {
  const { id, name, architecture, tags = [] } = image;
  return {
    'image-id': id,
    name,
    architecture,
    state: 'available',
    'tag-key': tags.map(({ key }) => key),
    ...Object.fromEntries(tags.map(({ key, value }) => [`tag:${key}`, value])),
  };
}

function imageXml(image: Image, account: string): XmlTree {
  const { createdAt, snapshot, tags = [] } = image;
  return {
    imageId: image.id,
    name: image.name,
    imageState: 'available',
    imageOwnerId: account,
    isPublic: false,
    imageType: 'machine',
    architecture: image.architecture,
    rootDeviceType: 'ebs',
    rootDeviceName: image.rootDevice,
    blockDeviceMapping:
      snapshot === undefined
        ? undefined
        : [{ deviceName: image.rootDevice, ebs: { snapshotId: snapshot, encrypted: true } }],
    creationDate: createdAt === undefined ? undefined : new Date(createdAt).toISOString(),
    tagSet: writeTags(tags.map(({ key, value }) => [key, value])),
    virtualizationType: 'hvm',
    enaSupport: true,
    imdsSupport: 'v2.0',
  };
}

function subnetXml(subnet: Subnet, ec2: Ec2): XmlTree {
  const prefix = Number(subnet.cidr.split('/')[1] ?? '24');
  const used = ec2
    .instances()
    .filter((one) => one.subnet === subnet.id && one.life.at(-1)?.state !== 'terminated');
  return {
    subnetId: subnet.id,
    state: 'available',
    vpcId: subnet.vpc,
    cidrBlock: subnet.cidr,
    availableIpAddressCount: 2 ** (32 - prefix) - 5 - used.length,
    availabilityZone: subnet.zone,
    ownerId: ec2.place.account,
    defaultForAz: false,
    mapPublicIpOnLaunch: false,
  };
}

function securityGroupXml(one: SecurityGroup, account: string): XmlTree {
  return {
    groupId: one.id,
    groupName: one.name,
    groupDescription: one.name,
    vpcId: one.vpc,
    ownerId: account,
  };
}
