import type { AutoScaling } from '../../../adapters/memory/auto-scaling/auto-scaling.ts';
import type { LifecycleState } from '../../../adapters/memory/auto-scaling/group-requests.ts';
import type { InstanceRecord } from '../../../adapters/memory/ec2/instance-record.ts';

/** The tag that AWS gives to members. */
const GROUP_TAG = 'aws:autoscaling:groupName';

const targets: Readonly<Record<LifecycleState, 'InService' | 'Terminated' | 'Detached'>> = {
  Pending: 'InService',
  'Pending:Wait': 'InService',
  'Pending:Proceed': 'InService',
  InService: 'InService',
  Terminating: 'Terminated',
  'Terminating:Wait': 'Terminated',
  'Terminating:Proceed': 'Terminated',
  'Terminating:Retained': 'Terminated',
  Terminated: 'Terminated',
  Detaching: 'Detached',
  Detached: 'Detached',
};

/** What an instance's group makes of it; undefined where it is in none. */
export function targetLifecycleState(groups: AutoScaling, { id, tags }: InstanceRecord): string | undefined {
  const group = tags.get(GROUP_TAG);
  const found = group === undefined ? undefined : groups.group(group);
  const member = found?.instances.find((one) => one.id === id);
  return member && targets[member.lifecycleState];
}
