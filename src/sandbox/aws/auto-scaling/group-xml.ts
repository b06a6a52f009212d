import type {
  GroupDescription,
  GroupInstance,
  GroupTag,
} from '../../../adapters/memory/auto-scaling/group-requests.ts';
import { members, type XmlTree } from '../xml.ts';
import { writeDuration } from './duration-wire.ts';
import { writePolicy } from './mixed-policy-wire.ts';
import { writeTemplateRef } from './template-ref-wire.ts';

/** One group as DescribeAutoScalingGroups answers it. */
export function groupXml(group: GroupDescription): XmlTree {
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    ...settingsXml(group),
    AvailabilityZones: members(group.zones),
    LoadBalancerNames: members([]),
    TargetGroupARNs: members([]),
    Instances: members(group.instances.map(instanceXml)),
    CreatedTime: new Date(group.createdAt),
    SuspendedProcesses: members(
      group.suspendedProcesses.map(({ name, reason }) => ({ ProcessName: name, SuspensionReason: reason })),
    ),
    EnabledMetrics: members([]),
    Status: group.status,
    Tags: members(group.tags.map((tag) => tagXml(group.name, tag))),
    ServiceLinkedRoleARN: group.serviceLinkedRoleArn,
    TrafficSources: members([]),
  };
}

function settingsXml(group: GroupDescription): XmlTree {
  const { instanceLifecyclePolicy: lifecycle, instanceMaintenancePolicy: maintenance } = group;
  return {
    LaunchTemplate: writeTemplateRef(group.template),
    MixedInstancesPolicy: writePolicy(group.mixedInstancesPolicy),
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desiredCapacity,
    DefaultCooldown: writeDuration(group.defaultCooldown),
    HealthCheckType: group.healthCheckType,
    HealthCheckGracePeriod: writeDuration(group.healthCheckGracePeriod),
    VPCZoneIdentifier: group.subnets.join(','),
    TerminationPolicies: members(group.terminationPolicies),
    NewInstancesProtectedFromScaleIn: group.newInstancesProtectedFromScaleIn,
    MaxInstanceLifetime: writeDuration(group.maxInstanceLifetime),
    CapacityRebalance: group.capacityRebalance,
    Context: group.context,
    DefaultInstanceWarmup: writeDuration(group.defaultInstanceWarmup),
    InstanceMaintenancePolicy: maintenance && {
      MinHealthyPercentage: maintenance.minHealthyPercentage,
      MaxHealthyPercentage: maintenance.maxHealthyPercentage,
    },
    InstanceLifecyclePolicy: lifecycle && {
      RetentionTriggers: { TerminateHookAbandon: lifecycle.terminateHookAbandon },
    },
  };
}

/** One member as DescribeAutoScalingGroups answers it, within its group. */
function instanceXml(instance: GroupInstance): XmlTree {
  return {
    InstanceId: instance.id,
    InstanceType: instance.instanceType,
    AvailabilityZone: instance.zone,
    LifecycleState: instance.lifecycleState,
    HealthStatus: instance.healthStatus,
    LaunchTemplate: writeTemplateRef(instance.template),
    ProtectedFromScaleIn: instance.protectedFromScaleIn,
    WeightedCapacity: instance.weightedCapacity,
  };
}

/** One member as DescribeAutoScalingInstances answers it, which writes its health in capitals. */
export function memberXml(instance: GroupInstance): XmlTree {
  return {
    ...instanceXml(instance),
    AutoScalingGroupName: instance.group,
    HealthStatus: instance.healthStatus.toUpperCase(),
  };
}

function tagXml(group: string, { key, value, propagateAtLaunch }: GroupTag): XmlTree {
  return {
    ResourceId: group,
    ResourceType: 'auto-scaling-group',
    Key: key,
    Value: value,
    PropagateAtLaunch: propagateAtLaunch,
  };
}
