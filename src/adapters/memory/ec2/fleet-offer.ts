import { isInstanceType } from './allocation.ts';
import { Ec2Error, invalidValue } from './error.ts';
import type { FleetPool, FleetRequest } from './fleet-request.ts';
import { seesOwnTags } from './instance-record.ts';
import type { LaunchTemplateData } from './launch-template.ts';
import type { LaunchTemplates } from './launch-templates.ts';
import type { Place, Subnet } from './place.ts';
import { checkMetadataKeys, tagsFor } from './tags.ts';

/** One thing that a fleet may buy, with all that the launch template says about it. */
export interface FleetOffer {
  readonly pool: FleetPool;
  readonly data: LaunchTemplateData;
  /** Absent where the account has no such subnet. */
  readonly subnet: Subnet | undefined;
  /** Tags that the request wants on every instance. */
  readonly requestTags: FleetRequest['tagSpecifications'];
}

/** All offerings of a request, in its order. */
export function offersOf(
  request: FleetRequest,
  templates: LaunchTemplates,
  place: Place,
): readonly FleetOffer[] {
  return request.configs.flatMap((config) => {
    const { templateId, version, data } = templates.version(config.template);
    const overrides = config.overrides.length === 0 ? [{}] : config.overrides;
    return overrides.map((override: (typeof config.overrides)[number]) => {
      const instanceType = override.instanceType ?? data.instanceType;
      if (instanceType === undefined) {
        throw new Ec2Error(
          'MissingParameter',
          'Neither the launch template nor an override names an instance type.',
        );
      }
      const wanted = override.subnet ?? data.networkInterfaces?.[0]?.subnetId ?? place.subnets[0]?.id ?? '';
      const subnet = place.subnets.find((one) => one.id === wanted);
      const zone = subnet?.zone ?? '';
      return {
        pool: { template: { id: templateId, version }, override, instanceType, subnet: wanted, zone },
        data,
        subnet,
        requestTags: request.tagSpecifications,
      };
    });
  });
}

/** Refuses an offering that could not be launched with any capacity. */
export function checkOffer(
  { pool, data, subnet, requestTags }: FleetOffer,
  place: Place,
  parameter: (name: string) => string | undefined,
): void {
  if (subnet === undefined) {
    throw new Ec2Error('InvalidSubnetID.NotFound', `The subnet ID '${pool.subnet}' does not exist.`);
  }
  if (!isOffered(place, pool.instanceType, pool.zone)) {
    throw new Ec2Error(
      'InvalidFleetConfiguration',
      `Your requested instance type (${pool.instanceType}) is not supported in your requested Availability Zone (${pool.zone}).`,
    );
  }
  checkImage(pool.instanceType, data.imageId, place, parameter);
  checkSecurityGroups(data, place);
  checkProfile(data, place);
  if (seesOwnTags(data)) {
    checkMetadataKeys(tagsFor('instance', [...(data.tagSpecifications ?? []), ...(requestTags ?? [])]));
  }
}

/** Whether the zone has machines of the type at all, whatever their capacity. */
export function isOffered({ lacking = [] }: Place, instanceType: string, zone: string): boolean {
  return (
    isInstanceType(instanceType) &&
    !lacking.some((one) => one.instanceType === instanceType && one.zone === zone)
  );
}

function checkProfile({ iamInstanceProfile }: LaunchTemplateData, { instanceProfiles }: Place): void {
  const { arn, name = arn?.split('/').at(-1) } = iamInstanceProfile ?? {};
  if (name === undefined || instanceProfiles === undefined || instanceProfiles.includes(name)) return;
  throw invalidValue(
    `Value (${arn ?? name}) for parameter iamInstanceProfile.${arn === undefined ? 'name' : 'arn'} is invalid. Invalid IAM Instance Profile ${arn === undefined ? 'name' : 'ARN'}`,
  );
}

function checkImage(
  instanceType: string,
  named: string | undefined,
  place: Place,
  parameter: (name: string) => string | undefined,
): void {
  if (named === undefined) throw new Ec2Error('MissingParameter', 'The launch template names no image.');
  const indirect = 'resolve:ssm:';
  const id = named.startsWith(indirect) ? parameter(named.slice(indirect.length)) : named;
  const image = place.images.find((one) => one.id === id);
  if (image === undefined)
    throw new Ec2Error('InvalidAMIID.NotFound', `The image id '[${named}]' does not exist`);
  const needed = isArm(instanceType) ? 'arm64' : 'x86_64';
  if (image.architecture !== needed) {
    throw invalidValue(
      `The architecture '${needed}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI.`,
    );
  }
}

function checkSecurityGroups(data: LaunchTemplateData, place: Place): void {
  const wanted = [
    ...(data.securityGroupIds ?? []),
    ...(data.networkInterfaces?.flatMap((one) => one.groups ?? []) ?? []),
  ];
  const missing = wanted.find((id) => !place.securityGroups.some((group) => group.id === id));
  if (missing !== undefined) {
    throw new Ec2Error('InvalidGroup.NotFound', `The security group '${missing}' does not exist.`);
  }
}

function isArm(instanceType: string): boolean {
  return /^(a1|[a-z]+[0-9]+g[a-z]*)\./.test(instanceType);
}
