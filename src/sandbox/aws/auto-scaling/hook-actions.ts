import type { AutoScaling } from '../../../adapters/memory/auto-scaling/auto-scaling.ts';
import {
  LIFECYCLE_RESULTS,
  type LifecycleActionRequest,
} from '../../../adapters/memory/auto-scaling/group-requests.ts';
import type { QueryParameters } from '../query-parameters.ts';
import { members, type XmlTree } from '../xml.ts';
import { readHookSettings, writeHook } from './hook-wire.ts';

/** Actions on lifecycle hooks and on instances that wait for them. */
export const hookActions = {
  PutLifecycleHook(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const request = {
      group: parameters.required('AutoScalingGroupName'),
      ...readHookSettings(parameters),
    };
    parameters.finish();
    groups.putLifecycleHook(request);
    return {};
  },

  DeleteLifecycleHook(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const group = parameters.required('AutoScalingGroupName');
    const hook = parameters.required('LifecycleHookName');
    parameters.finish();
    groups.deleteLifecycleHook(group, hook);
    return {};
  },

  DescribeLifecycleHooks(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const group = parameters.required('AutoScalingGroupName');
    const names = parameters.memberTexts('LifecycleHookNames');
    parameters.finish();
    return { LifecycleHooks: members(groups.describeLifecycleHooks(group, names).map(writeHook)) };
  },

  CompleteLifecycleAction(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const request = {
      ...readAction(parameters),
      result: parameters.requiredOneOf('LifecycleActionResult', LIFECYCLE_RESULTS),
    };
    parameters.finish();
    groups.completeLifecycleAction(request);
    return {};
  },

  RecordLifecycleActionHeartbeat(parameters: QueryParameters, groups: AutoScaling): XmlTree {
    const request = readAction(parameters);
    parameters.finish();
    groups.recordLifecycleActionHeartbeat(request);
    return {};
  },
};

function readAction(parameters: QueryParameters): LifecycleActionRequest {
  return {
    group: parameters.required('AutoScalingGroupName'),
    hook: parameters.required('LifecycleHookName'),
    token: parameters.text('LifecycleActionToken'),
    id: parameters.text('InstanceId'),
  };
}
