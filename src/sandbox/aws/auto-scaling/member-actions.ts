import type { AutoScaling } from '../../../adapters/memory/auto-scaling/auto-scaling.ts';
import type { TerminateInGroupRequest } from '../../../adapters/memory/auto-scaling/group-requests.ts';
import { invalidValue } from '../../../adapters/memory/ec2/error.ts';
import type { QueryParameters } from '../query-parameters.ts';
import { members, type XmlTree } from '../xml.ts';
import { activityXml } from './activity-xml.ts';
import { memberXml } from './group-xml.ts';
import { readRecordPaging } from './record-paging.ts';

/** Actions on members of groups. */
export const memberActions = {
  DescribeAutoScalingInstances(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const request = { ids: parameters.memberTexts('InstanceIds'), ...readRecordPaging(parameters) };
    parameters.finish();
    const { items, nextToken } = groups.describeAutoScalingInstances(request);
    return { AutoScalingInstances: members(items.map(memberXml)), NextToken: nextToken };
  },

  /** One instance is answered with its activity, several with a list of theirs. */
  TerminateInstanceInAutoScalingGroup(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const several = parameters.memberTexts('InstanceIds');
    const request = readTermination(parameters, several);
    parameters.finish();
    const activities = groups.terminateInstanceInAutoScalingGroup(request).map(activityXml);
    return several === undefined ? { Activity: activities[0] } : { Activities: members(activities) };
  },

  SetInstanceProtection(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const request = {
      group: parameters.required('AutoScalingGroupName'),
      ids: parameters.memberTexts('InstanceIds') ?? [],
      protectedFromScaleIn: parameters.requiredBoolean('ProtectedFromScaleIn'),
    };
    parameters.finish();
    groups.setInstanceProtection(request);
    return {};
  },

  SetInstanceHealth(parameters: QueryParameters, groups: AutoScaling): undefined {
    const request = {
      id: parameters.required('InstanceId'),
      healthStatus: parameters.requiredOneOf('HealthStatus', ['Healthy', 'Unhealthy'] as const),
      shouldRespectGracePeriod: parameters.boolean('ShouldRespectGracePeriod'),
    };
    parameters.finish();
    groups.setInstanceHealth(request);
  },

  DetachInstances(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const request = {
      group: parameters.required('AutoScalingGroupName'),
      ids: parameters.memberTexts('InstanceIds') ?? [],
      shouldDecrementDesiredCapacity: parameters.requiredBoolean('ShouldDecrementDesiredCapacity'),
    };
    parameters.finish();
    return { Activities: members(groups.detachInstances(request).map(activityXml)) };
  },

  AttachInstances(parameters: QueryParameters, groups: AutoScaling): undefined {
    const request = {
      group: parameters.required('AutoScalingGroupName'),
      ids: parameters.memberTexts('InstanceIds') ?? [],
    };
    parameters.finish();
    groups.attachInstances(request);
  },
};

function readTermination(
  parameters: QueryParameters,
  several: readonly string[] | undefined,
): TerminateInGroupRequest {
  const one = parameters.text('InstanceId');
  const group = parameters.text('AutoScalingGroupName');
  if ((one === undefined) === (several === undefined)) {
    throw invalidValue('You must specify either InstanceId or InstanceIds, and not both.');
  }
  if (several !== undefined && group === undefined) {
    throw invalidValue('AutoScalingGroupName is required when you specify InstanceIds.');
  }
  return {
    ids: several ?? [one ?? ''],
    group,
    shouldDecrementDesiredCapacity: parameters.requiredBoolean('ShouldDecrementDesiredCapacity'),
  };
}
