import {
  type AutoScalingClient,
  DescribeInstanceRefreshesCommand,
  type InstanceRefresh,
} from '@aws-sdk/client-auto-scaling';
import type { CallLimits } from '../aws-call.ts';
import { groupCall } from './group-call.ts';

/** The words of Auto Scaling for a refresh that still replaces instances. */
const UNDER_WAY: readonly (string | undefined)[] = [
  'Pending',
  'InProgress',
  'Baking',
  'Cancelling',
  'RollbackInProgress',
];

/** The instance refresh of the group that is under way, whoever began it. Throws `PortError`. */
export async function refreshUnderWay(
  client: AutoScalingClient,
  group: string,
  limits: CallLimits,
): Promise<InstanceRefresh | undefined> {
  const answer = await groupCall(`looking for an instance refresh of group ${group}`, limits, (options) =>
    // One at a time is under way, and the newest comes first.
    client.send(
      new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: group, MaxRecords: 1 }),
      options,
    ),
  );
  return answer.InstanceRefreshes?.find(({ Status }) => UNDER_WAY.includes(Status));
}
