import type { AutoScaling } from '../../../adapters/memory/auto-scaling/auto-scaling.ts';
import type { QueryParameters } from '../query-parameters.ts';
import { members, type XmlTree } from '../xml.ts';
import { activityXml } from './activity-xml.ts';
import { readRecordPaging } from './record-paging.ts';

export const activityActions = {
  DescribeScalingActivities(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const request = {
      group: parameters.text('AutoScalingGroupName'),
      ids: parameters.memberTexts('ActivityIds'),
      ...readRecordPaging(parameters),
    };
    parameters.finish();
    const { items, nextToken } = groups.describeScalingActivities(request);
    return { Activities: members(items.map(activityXml)), NextToken: nextToken };
  },
};
