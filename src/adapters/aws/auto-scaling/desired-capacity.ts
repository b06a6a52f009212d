import { type AutoScalingClient, SetDesiredCapacityCommand } from '@aws-sdk/client-auto-scaling';
import type { CallLimits } from '../aws-call.ts';
import { groupCall } from './group-call.ts';

/** Says how many instances the group should have; cooldowns are the engine's. Throws `PortError`. */
export async function setDesired(
  client: AutoScalingClient,
  group: string,
  desired: number,
  limits: CallLimits,
): Promise<void> {
  const input = { AutoScalingGroupName: group, DesiredCapacity: desired, HonorCooldown: false };
  await groupCall(`setting the desired capacity of group ${group} to ${desired}`, limits, (options) =>
    client.send(new SetDesiredCapacityCommand(input), options),
  );
}
