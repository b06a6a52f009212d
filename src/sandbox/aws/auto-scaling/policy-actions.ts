import type { AutoScaling } from '../../../adapters/memory/auto-scaling/auto-scaling.ts';
import type { ScalingPolicy } from '../../../adapters/memory/auto-scaling/group-requests.ts';
import type { QueryParameters } from '../query-parameters.ts';
import { members, type XmlTree } from '../xml.ts';
import { readRecordPaging } from './record-paging.ts';

/** Actions on scaling policies. */
export const policyActions = {
  PutScalingPolicy(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const request = {
      group: parameters.required('AutoScalingGroupName'),
      name: parameters.required('PolicyName'),
      policyType: parameters.oneOf('PolicyType', POLICY_TYPES),
    };
    readReaction(parameters);
    parameters.finish();
    return { PolicyARN: groups.putScalingPolicy(request).arn, Alarms: members([]) };
  },

  DescribePolicies(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const request = {
      group: parameters.text('AutoScalingGroupName'),
      names: parameters.memberTexts('PolicyNames'),
      ...readRecordPaging(parameters),
    };
    parameters.finish();
    const { items, nextToken } = groups.describePolicies(request);
    return { ScalingPolicies: members(items.map(policyXml)), NextToken: nextToken };
  },
};

const POLICY_TYPES = ['SimpleScaling', 'StepScaling', 'TargetTrackingScaling', 'PredictiveScaling'] as const;

/** What a policy would do is read and forgotten: nothing here measures. */
function readReaction(parameters: QueryParameters): void {
  parameters.text('AdjustmentType');
  parameters.integer('ScalingAdjustment');
  parameters.integer('Cooldown');
  const tracking = parameters.structure('TargetTrackingConfiguration');
  tracking?.decimal('TargetValue');
  tracking?.boolean('DisableScaleIn');
  tracking?.structure('PredefinedMetricSpecification')?.text('PredefinedMetricType');
}

function policyXml({ group, name, arn, policyType, enabled }: ScalingPolicy): XmlTree {
  return {
    AutoScalingGroupName: group,
    PolicyName: name,
    PolicyARN: arn,
    PolicyType: policyType,
    StepAdjustments: members([]),
    Alarms: members([]),
    Enabled: enabled,
  };
}
