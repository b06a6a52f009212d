import type { AutoScaling } from '../../../adapters/memory/auto-scaling/auto-scaling.ts';
import type { Filter } from '../../../adapters/memory/ec2/listing.ts';
import type { QueryParameters } from '../query-parameters.ts';
import { members, type XmlTree } from '../xml.ts';
import { readSettings } from './group-settings-wire.ts';
import { readTags } from './group-tag-wire.ts';
import { groupXml } from './group-xml.ts';
import { readHookSettings } from './hook-wire.ts';
import { readPolicy, readPolicyChange } from './mixed-policy-wire.ts';
import { readRecordPaging } from './record-paging.ts';

/** Actions on whole groups. */
export const groupActions = {
  CreateAutoScalingGroup(parameters: QueryParameters, groups: AutoScaling): undefined {
    const name = parameters.required('AutoScalingGroupName');
    const request = {
      ...readSettings(parameters),
      name,
      minSize: parameters.requiredInteger('MinSize'),
      maxSize: parameters.requiredInteger('MaxSize'),
      mixedInstancesPolicy: readPolicy(parameters),
      tags: readTags(parameters, name),
      lifecycleHooks: parameters.members('LifecycleHookSpecificationList')?.map(readHookSettings),
    };
    parameters.finish();
    groups.createAutoScalingGroup(request);
  },

  UpdateAutoScalingGroup(parameters: QueryParameters, groups: AutoScaling): undefined {
    const request = {
      ...readSettings(parameters),
      name: parameters.required('AutoScalingGroupName'),
      mixedInstancesPolicy: readPolicyChange(parameters),
    };
    parameters.finish();
    groups.updateAutoScalingGroup(request);
  },

  DeleteAutoScalingGroup(parameters: QueryParameters, groups: AutoScaling): undefined {
    const group = parameters.required('AutoScalingGroupName');
    const force = parameters.boolean('ForceDelete');
    parameters.finish();
    groups.deleteAutoScalingGroup(group, force);
  },

  DescribeAutoScalingGroups(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const request = {
      names: parameters.memberTexts('AutoScalingGroupNames'),
      filters: parameters.members('Filters')?.map(readFilter),
      ...readRecordPaging(parameters),
    };
    const withInstances = parameters.boolean('IncludeInstances') ?? true;
    parameters.finish();
    const { items, nextToken } = groups.describeAutoScalingGroups(request);
    const shown = items.map((group) => groupXml(withInstances ? group : { ...group, instances: [] }));
    return { AutoScalingGroups: members(shown), NextToken: nextToken };
  },

  SetDesiredCapacity(parameters: QueryParameters, groups: AutoScaling): undefined {
    const request = {
      group: parameters.required('AutoScalingGroupName'),
      desiredCapacity: parameters.requiredInteger('DesiredCapacity'),
      honorCooldown: parameters.boolean('HonorCooldown'),
    };
    parameters.finish();
    groups.setDesiredCapacity(request);
  },
};

function readFilter(filter: QueryParameters): Filter {
  return { name: filter.required('Name'), values: filter.memberTexts('Values') ?? [] };
}
