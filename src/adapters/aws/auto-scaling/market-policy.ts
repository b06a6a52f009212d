import type {
  InstancesDistribution,
  LaunchTemplateSpecification,
  MixedInstancesPolicy,
} from '@aws-sdk/client-auto-scaling';
import type { Instance } from '../../../engine/instance.ts';
import type { Offering } from '../../../engine/pool.ts';
import type { DescribedGroup } from './described-group.ts';

/** The pinned version of a launch template. */
export interface TemplateVersion {
  readonly id: string;
  readonly version: string;
}

function typesOf(offerings: readonly Offering[]): readonly string[] {
  return [...new Set(offerings.map(({ instanceType }) => instanceType))];
}

/** Everything beyond the base is spot, or on-demand where the pool has no spot at all. */
function distribution(onDemand: number, offered: readonly Offering[]): InstancesDistribution {
  const buysSpot = offered.some(({ market }) => market === 'spot');
  return {
    OnDemandAllocationStrategy: 'lowest-price',
    OnDemandBaseCapacity: buysSpot ? onDemand : 0,
    OnDemandPercentageAboveBaseCapacity: buysSpot ? 0 : 100,
    SpotAllocationStrategy: 'price-capacity-optimized',
  };
}

/**
 * The policy by which a group launches from these offerings, with so many on-demand instances in all. `offered` is
 * everything that the pool may buy.
 */
export function marketPolicy(
  template: TemplateVersion,
  offerings: readonly Offering[],
  onDemand: number,
  offered: readonly Offering[],
): MixedInstancesPolicy {
  return {
    LaunchTemplate: {
      LaunchTemplateSpecification: { LaunchTemplateId: template.id, Version: template.version },
      Overrides: typesOf(offerings).map((InstanceType) => ({ InstanceType })),
    },
    InstancesDistribution: distribution(onDemand, offered),
  };
}

/** What a policy says, in a form in which two that say the same are equal. */
function spelled({ LaunchTemplate, InstancesDistribution: markets }: MixedInstancesPolicy): string {
  const { LaunchTemplateSpecification: template, Overrides = [] } = LaunchTemplate ?? {};
  return JSON.stringify([
    template?.LaunchTemplateId,
    template?.Version,
    // Neither strategy minds their order.
    Overrides.map((one) => `${one.InstanceType} ${one.WeightedCapacity ?? ''}`).toSorted(),
    markets?.OnDemandAllocationStrategy,
    markets?.OnDemandBaseCapacity,
    markets?.OnDemandPercentageAboveBaseCapacity,
    markets?.SpotAllocationStrategy,
  ]);
}

/** Whether the group launches by the policy already. */
export function isPolicyOf({ said }: DescribedGroup, policy: MixedInstancesPolicy): boolean {
  return said.MixedInstancesPolicy !== undefined && spelled(said.MixedInstancesPolicy) === spelled(policy);
}

/** Whether the types of the group have weights: its capacity is then no number of instances. */
export function hasWeights({ said }: DescribedGroup): boolean {
  const overrides = said.MixedInstancesPolicy?.LaunchTemplate?.Overrides ?? [];
  return overrides.some(({ WeightedCapacity }) => WeightedCapacity !== undefined);
}

/** The launch template that the group launches from now, whatever its version is called. */
export function templateOf({ said }: DescribedGroup) {
  return said.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification ?? said.LaunchTemplate;
}

/** Every launch template that the group may launch from: types may have one of their own. */
export function templatesOf(group: DescribedGroup): readonly LaunchTemplateSpecification[] {
  const overrides = group.said.MixedInstancesPolicy?.LaunchTemplate?.Overrides ?? [];
  const all = [templateOf(group), ...overrides.map((one) => one.LaunchTemplateSpecification)];
  const once = new Map(
    all.flatMap((one) => (one === undefined ? [] : [[JSON.stringify(one), one] as const])),
  );
  return [...once.values()];
}

/**
 * On-demand instances that the group has and was asked for. `ordered`: what it has not launched yet; the policy of
 * the last order says how many of those are on-demand.
 */
export function expectedOnDemand(
  { said }: DescribedGroup,
  members: readonly Instance[],
  ordered: number,
): number {
  const have = members.filter(({ offering }) => offering.market === 'on-demand').length;
  const base = said.MixedInstancesPolicy?.InstancesDistribution?.OnDemandBaseCapacity ?? 0;
  return have + Math.min(ordered, Math.max(0, base - have));
}
