import type { AutoScaling } from '../../../adapters/memory/auto-scaling/auto-scaling.ts';
import type {
  DesiredConfiguration,
  InstanceRefresh,
  RefreshPreferences,
} from '../../../adapters/memory/auto-scaling/group-requests.ts';
import type { QueryParameters } from '../query-parameters.ts';
import { members, type XmlTree } from '../xml.ts';
import { readDuration, writeDuration } from './duration-wire.ts';
import { readPolicy, writePolicy } from './mixed-policy-wire.ts';
import { readRecordPaging } from './record-paging.ts';
import { readTemplateRef, writeTemplateRef } from './template-ref-wire.ts';

/** Actions on instance refreshes. */
export const refreshActions = {
  StartInstanceRefresh(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    parameters.oneOf('Strategy', ['Rolling']);
    const request = {
      group: parameters.required('AutoScalingGroupName'),
      preferences: readPreferences(parameters.structure('Preferences')),
      desiredConfiguration: readConfiguration(parameters.structure('DesiredConfiguration')),
    };
    parameters.finish();
    return { InstanceRefreshId: groups.startInstanceRefresh(request) };
  },

  CancelInstanceRefresh(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const group = parameters.required('AutoScalingGroupName');
    parameters.finish();
    return { InstanceRefreshId: groups.cancelInstanceRefresh(group) };
  },

  DescribeInstanceRefreshes(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const request = {
      group: parameters.required('AutoScalingGroupName'),
      ids: parameters.memberTexts('InstanceRefreshIds'),
      ...readRecordPaging(parameters),
    };
    parameters.finish();
    const { items, nextToken } = groups.describeInstanceRefreshes(request);
    return { InstanceRefreshes: members(items.map(refreshXml)), NextToken: nextToken };
  },
};

function readPreferences(preferences: QueryParameters | undefined): RefreshPreferences | undefined {
  if (preferences === undefined) return undefined;
  return {
    minHealthyPercentage: preferences.integer('MinHealthyPercentage'),
    maxHealthyPercentage: preferences.integer('MaxHealthyPercentage'),
    instanceWarmup: readDuration(preferences, 'InstanceWarmup'),
    skipMatching: preferences.boolean('SkipMatching'),
    scaleInProtectedInstances: preferences.oneOf('ScaleInProtectedInstances', ['Refresh', 'Ignore', 'Wait']),
  };
}

function readConfiguration(configuration: QueryParameters | undefined): DesiredConfiguration | undefined {
  if (configuration === undefined) return undefined;
  return {
    template: readTemplateRef(configuration.structure('LaunchTemplate')),
    mixedInstancesPolicy: readPolicy(configuration),
  };
}

function refreshXml(refresh: InstanceRefresh): XmlTree {
  const { preferences, desiredConfiguration: configuration } = refresh;
  return {
    InstanceRefreshId: refresh.id,
    AutoScalingGroupName: refresh.group,
    Status: refresh.status,
    StatusReason: refresh.statusReason,
    StartTime: new Date(refresh.startedAt),
    EndTime: refresh.endedAt === undefined ? undefined : new Date(refresh.endedAt),
    PercentageComplete: refresh.percentageComplete,
    InstancesToUpdate: refresh.instancesToUpdate,
    Preferences: {
      MinHealthyPercentage: preferences.minHealthyPercentage,
      MaxHealthyPercentage: preferences.maxHealthyPercentage,
      InstanceWarmup: writeDuration(preferences.instanceWarmup),
      SkipMatching: preferences.skipMatching,
      ScaleInProtectedInstances: preferences.scaleInProtectedInstances,
    },
    DesiredConfiguration: configuration && {
      LaunchTemplate: writeTemplateRef(configuration.template),
      MixedInstancesPolicy: writePolicy(configuration.mixedInstancesPolicy),
    },
  };
}
