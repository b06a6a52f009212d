import type { Market } from '../../../engine/pool.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import {
  ON_DEMAND_STRATEGIES,
  type FleetConfig,
  type FleetRequest,
  SPOT_STRATEGIES,
} from '../ec2/fleet-request.ts';
import type { TemplateVersionRef } from '../ec2/launch-template.ts';
import type { Group } from './group.ts';
import type { GroupOverride, GroupSettings, InstancesDistribution } from './group-requests.ts';
import { type Member, unitsOf } from './member.ts';

/** What a group launches now. */
export interface CapacitySource {
  readonly template: TemplateVersionRef;
  readonly overrides: readonly GroupOverride[];
  /** Absent where the group has a template alone: then everything is on-demand. */
  readonly distribution: InstancesDistribution | undefined;
}

/** What the settings say, or what a refresh that goes on says in their place. */
export function sourceOf(group: Group): CapacitySource {
  const refresh = group.refreshes.findLast(({ status }) => status === 'InProgress');
  return sourceIn(refresh?.desiredConfiguration ?? group.settings);
}

function sourceIn({
  template,
  mixedInstancesPolicy: policy,
}: Pick<GroupSettings, 'template' | 'mixedInstancesPolicy'>): CapacitySource {
  return policy === undefined
    ? { template: template ?? {}, overrides: [], distribution: undefined }
    : { template: policy.template, overrides: policy.overrides, distribution: policy.distribution };
}

/** How much of so many units is bought on which market, so that all members together are as the policy says. */
export function marketsFor(
  { distribution }: CapacitySource,
  units: number,
  capacity: number,
  active: readonly Member[],
): readonly { readonly market: Market; readonly units: number }[] {
  if (distribution === undefined) return [{ market: 'on-demand', units }];
  const onDemand = Math.min(units, Math.max(0, onDemandLacking(distribution, capacity, active)));
  return [
    { market: 'on-demand' as const, units: onDemand },
    { market: 'spot' as const, units: units - onDemand },
  ].filter((one) => one.units > 0);
}

/** By how much the on-demand part of so many units is more than there is; negative where there is too much. */
export function onDemandLacking(
  distribution: InstancesDistribution,
  capacity: number,
  active: readonly Member[],
): number {
  const { onDemandBaseCapacity: base = 0, onDemandPercentageAboveBaseCapacity: share = 100 } = distribution;
  const wanted = Math.min(capacity, base) + Math.ceil((Math.max(0, capacity - base) * share) / 100);
  return wanted - unitsOf(active.filter(({ market }) => market === 'on-demand'));
}

/** How many units an instance of the type is, and whether the policy weighs types at all. */
export function weightOf({ overrides }: CapacitySource, instanceType: string): number | undefined {
  if (overrides.every(({ weightedCapacity }) => weightedCapacity === undefined)) return undefined;
  return overrides.find((one) => one.instanceType === instanceType)?.weightedCapacity ?? 1;
}

/** The fleet that buys `count` instances in one subnet. */
export function fleetOf(
  { template, overrides, distribution }: CapacitySource,
  where: { readonly subnet: string; readonly market: Market; readonly count: number },
  tagSpecifications: FleetRequest['tagSpecifications'],
): FleetRequest {
  const { subnet, market, count } = where;
  const own = overrides.map((override, priority) => ({
    ...override,
    priority,
    template: override.template ?? template,
  }));
  const configs: FleetConfig[] =
    own.length === 0
      ? [{ template, overrides: [{ subnet }] }]
      : own.map(({ template: from, instanceType, priority }) => ({
          template: from,
          overrides: [{ instanceType, subnet, priority }],
        }));
  return {
    configs,
    count,
    market,
    spotStrategy: SPOT_STRATEGIES.find((one) => one === distribution?.spotAllocationStrategy),
    onDemandStrategy:
      ON_DEMAND_STRATEGIES.find((one) => one === distribution?.onDemandAllocationStrategy) ?? 'prioritized',
    tagSpecifications,
  };
}

/** What a member that is launched now would be made of. */
export function versionOf(ec2: Ec2, ref: TemplateVersionRef): { id: string; name: string; version: string } {
  const { templateId, templateName, version } = ec2.templateVersion(ref);
  return { id: templateId, name: templateName, version: String(version) };
}
