import { milliseconds, minutes, seconds } from '../../../engine/time.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import { Ec2Error } from '../ec2/error.ts';
import type {
  CreateGroupRequest,
  GroupSettings,
  InstancesDistribution,
  MixedInstancesPolicy,
  MixedInstancesPolicyChange,
  Optional,
  UpdateGroupRequest,
} from './group-requests.ts';
import { validationError } from './refusals.ts';

const DAY = minutes(24 * 60);

/** The settings of a new group, with AWS's defaults; `ValidationError` where they cannot be. */
export function newSettings(
  { name, tags: _tags, lifecycleHooks: _hooks, ...request }: CreateGroupRequest,
  ec2: Ec2,
): GroupSettings {
  if (name === '' || name.length > 255) throw validationError('A group name must have 1 to 255 characters.');
  return checked(
    {
      minSize: request.minSize,
      maxSize: request.maxSize,
      desiredCapacity: request.minSize,
      subnets: [],
      defaultCooldown: seconds(300),
      healthCheckType: 'EC2',
      healthCheckGracePeriod: seconds(0),
      terminationPolicies: ['Default'],
      newInstancesProtectedFromScaleIn: false,
      capacityRebalance: false,
      ...definedOf(request),
    },
    ec2,
  );
}

/** Settings after an update: limits move the desired capacity where the update does not name it. */
export function changedSettings(
  settings: GroupSettings,
  { name: _name, mixedInstancesPolicy: change, ...request }: UpdateGroupRequest,
  ec2: Ec2,
): GroupSettings {
  if (change !== undefined && request.template !== undefined) throw oneTemplate();
  const merged: GroupSettings = { ...settings, ...definedOf(request) };
  const { minSize, maxSize } = merged;
  const desiredCapacity =
    request.desiredCapacity ?? Math.min(Math.max(settings.desiredCapacity, minSize), maxSize);
  const mixedInstancesPolicy =
    change === undefined
      ? request.template === undefined
        ? settings.mixedInstancesPolicy
        : undefined
      : changedPolicy(settings.mixedInstancesPolicy, change);
  const template = mixedInstancesPolicy === undefined ? merged.template : undefined;
  return checked({ ...merged, desiredCapacity, mixedInstancesPolicy, template }, ec2);
}

function changedPolicy(
  policy: MixedInstancesPolicy | undefined,
  change: MixedInstancesPolicyChange,
): MixedInstancesPolicy {
  const template = change.template ?? policy?.template;
  if (template === undefined) {
    throw validationError('A mixed instances policy must name a launch template.');
  }
  return {
    template,
    overrides: change.overrides ?? policy?.overrides ?? [],
    distribution: { ...policy?.distribution, ...definedShares(change.distribution ?? {}) },
  };
}

function checked(settings: GroupSettings, ec2: Ec2): GroupSettings {
  const { minSize, maxSize, desiredCapacity, subnets, template, mixedInstancesPolicy, maxInstanceLifetime } =
    settings;
  if (minSize > maxSize) {
    throw validationError(`Max bound, ${maxSize}, must be greater than or equal to min bound, ${minSize}`);
  }
  if (desiredCapacity < minSize || desiredCapacity > maxSize) {
    throw validationError(
      `Desired capacity:${desiredCapacity} must be between the specified min size:${minSize} and max size:${maxSize}`,
    );
  }
  if (subnets.length === 0)
    throw validationError('At least one Availability Zone or VPC Subnet is required.');
  const unknown = subnets.find((id) => !ec2.place.subnets.some((subnet) => subnet.id === id));
  if (unknown !== undefined) throw validationError(`The subnet ID '${unknown}' does not exist`);
  if ((template === undefined) === (mixedInstancesPolicy === undefined)) throw oneTemplate();
  checkTemplates(settings, ec2);
  if (maxInstanceLifetime === undefined || maxInstanceLifetime === 0) {
    return { ...settings, maxInstanceLifetime: undefined };
  }
  if (maxInstanceLifetime < DAY) {
    throw validationError(
      'Maximum instance lifetime must be either equal to 0 or greater than or equal to 86400.',
    );
  }
  return { ...settings, maxInstanceLifetime: milliseconds(maxInstanceLifetime) };
}

function checkTemplates({ template, mixedInstancesPolicy: policy }: GroupSettings, ec2: Ec2): void {
  const overridden = (policy?.overrides ?? []).map((one) => one.template);
  const refs = [template, policy?.template, ...overridden].filter((ref) => ref !== undefined);
  try {
    for (const ref of refs) ec2.templateVersion(ref);
  } catch (error) {
    if (!(error instanceof Ec2Error)) throw error;
    throw validationError(`You must use a valid fully-formed launch template. ${error.message}`);
  }
  checkDistribution(policy?.distribution ?? {});
}

function checkDistribution({
  onDemandPercentageAboveBaseCapacity: share = 100,
  onDemandBaseCapacity: base = 0,
}: InstancesDistribution): void {
  if (share < 0 || share > 100) {
    throw validationError(`OnDemandPercentageAboveBaseCapacity must be between 0 and 100, not ${share}.`);
  }
  if (base < 0) throw validationError(`OnDemandBaseCapacity must not be negative: ${base}.`);
}

function oneTemplate(): Ec2Error {
  return validationError(
    'Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.',
  );
}

/** What a request names, without what it leaves out. */
function definedOf(request: Optional<GroupSettings>): Partial<GroupSettings> {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}

function definedShares(distribution: InstancesDistribution): InstancesDistribution {
  return Object.fromEntries(Object.entries(distribution).filter(([, value]) => value !== undefined));
}
