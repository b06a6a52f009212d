import type { AutoScaling } from '../../../adapters/memory/auto-scaling/auto-scaling.ts';
import {
  type Process,
  PROCESSES,
  type ScalingProcessesRequest,
} from '../../../adapters/memory/auto-scaling/group-requests.ts';
import { invalidValue } from '../../../adapters/memory/ec2/error.ts';
import type { QueryParameters } from '../query-parameters.ts';

/** Actions on what a group does of its own accord. */
export const processActions = {
  SuspendProcesses(parameters: QueryParameters, groups: AutoScaling): undefined {
    groups.suspendProcesses(readProcesses(parameters));
  },

  ResumeProcesses(parameters: QueryParameters, groups: AutoScaling): undefined {
    groups.resumeProcesses(readProcesses(parameters));
  },
};

function readProcesses(parameters: QueryParameters): ScalingProcessesRequest {
  const request = {
    group: parameters.required('AutoScalingGroupName'),
    processes: parameters.memberTexts('ScalingProcesses')?.map(processNamed),
  };
  parameters.finish();
  return request;
}

function processNamed(name: string): Process {
  const process = PROCESSES.find((one) => one === name);
  if (process === undefined)
    throw invalidValue(`${name} is not a valid process: use ${PROCESSES.join(', ')}.`);
  return process;
}
