import type {
  GroupOverride,
  InstancesDistribution,
  MixedInstancesPolicy,
  MixedInstancesPolicyChange,
} from '../../../adapters/memory/auto-scaling/group-requests.ts';
import { invalidValue } from '../../../adapters/memory/ec2/error.ts';
import type { QueryParameters } from '../query-parameters.ts';
import { members, type XmlTree } from '../xml.ts';
import { readTemplateRef, writeTemplateRef } from './template-ref-wire.ts';

/** Reads `MixedInstancesPolicy` of a group that exists: of what is absent nothing is said. */
export function readPolicyChange(parameters: QueryParameters): MixedInstancesPolicyChange | undefined {
  const policy = parameters.structure('MixedInstancesPolicy');
  if (policy === undefined) return undefined;
  const launch = policy.structure('LaunchTemplate');
  const template = readTemplateRef(launch?.structure('LaunchTemplateSpecification'));
  const overrides = launch?.members('Overrides')?.map(readOverride);
  const distribution = readDistribution(policy.structure('InstancesDistribution'));
  return {
    ...(template !== undefined && { template }),
    ...(overrides !== undefined && { overrides }),
    ...(distribution !== undefined && { distribution }),
  };
}

/** Reads `MixedInstancesPolicy` as a whole, which needs its template. */
export function readPolicy(parameters: QueryParameters): MixedInstancesPolicy | undefined {
  const change = readPolicyChange(parameters);
  if (change === undefined) return undefined;
  const { template, overrides = [], distribution = {} } = change;
  if (template === undefined) throw invalidValue('A mixed instances policy must specify a launch template.');
  return { template, overrides, distribution };
}

function readOverride(override: QueryParameters): GroupOverride {
  const template = readTemplateRef(override.structure('LaunchTemplateSpecification'));
  return {
    instanceType: override.required('InstanceType'),
    weightedCapacity: override.integer('WeightedCapacity'),
    ...(template !== undefined && { template }),
  };
}

function readDistribution(distribution: QueryParameters | undefined): InstancesDistribution | undefined {
  if (distribution === undefined) return undefined;
  return {
    onDemandAllocationStrategy: distribution.text('OnDemandAllocationStrategy'),
    onDemandBaseCapacity: distribution.integer('OnDemandBaseCapacity'),
    onDemandPercentageAboveBaseCapacity: distribution.integer('OnDemandPercentageAboveBaseCapacity'),
    spotAllocationStrategy: distribution.text('SpotAllocationStrategy'),
    spotInstancePools: distribution.integer('SpotInstancePools'),
    spotMaxPrice: distribution.text('SpotMaxPrice'),
  };
}

export function writePolicy(policy: MixedInstancesPolicy | undefined): XmlTree | undefined {
  if (policy === undefined) return undefined;
  const { template, overrides, distribution } = policy;
  return {
    LaunchTemplate: {
      LaunchTemplateSpecification: writeTemplateRef(template),
      Overrides: members(overrides.map(writeOverride)),
    },
    InstancesDistribution: {
      OnDemandAllocationStrategy: distribution.onDemandAllocationStrategy,
      OnDemandBaseCapacity: distribution.onDemandBaseCapacity,
      OnDemandPercentageAboveBaseCapacity: distribution.onDemandPercentageAboveBaseCapacity,
      SpotAllocationStrategy: distribution.spotAllocationStrategy,
      SpotInstancePools: distribution.spotInstancePools,
      SpotMaxPrice: distribution.spotMaxPrice,
    },
  };
}

function writeOverride({ instanceType, weightedCapacity, template }: GroupOverride): XmlTree {
  return {
    InstanceType: instanceType,
    WeightedCapacity: weightedCapacity,
    LaunchTemplateSpecification: writeTemplateRef(template),
  };
}
